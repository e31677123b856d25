ALTER TABLE roles DROP COLUMN limits;
DROP TABLE sharing_rules;
