-- Fields of a deal that must be filled in before it enters the stage.
ALTER TABLE stages ADD COLUMN requires text[];
