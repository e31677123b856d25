-- What hangs on the records that a sharing rule opens. Rules of before open no more than they did.
ALTER TABLE sharing_rules ADD COLUMN children text NOT NULL DEFAULT 'none';
