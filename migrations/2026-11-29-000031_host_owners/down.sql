ALTER TABLE contacts DROP COLUMN host_owner_id;
ALTER TABLE opportunities DROP COLUMN host_owner_id;
ALTER TABLE follow_ups DROP COLUMN host_owner_id;
