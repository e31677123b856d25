DROP TABLE record_members;
ALTER TABLE users DROP COLUMN more_roles_ids;
ALTER TABLE custom_records DROP COLUMN confidential;
ALTER TABLE tasks DROP COLUMN confidential;
ALTER TABLE follow_ups DROP COLUMN confidential;
ALTER TABLE opportunities DROP COLUMN confidential;
ALTER TABLE leads DROP COLUMN confidential;
ALTER TABLE contacts DROP COLUMN confidential;
ALTER TABLE accounts DROP COLUMN confidential;
