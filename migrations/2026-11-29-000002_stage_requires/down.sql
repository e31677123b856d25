ALTER TABLE stages DROP COLUMN requires;
