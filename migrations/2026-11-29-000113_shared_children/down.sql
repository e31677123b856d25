ALTER TABLE sharing_rules DROP COLUMN children;
