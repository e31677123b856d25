ALTER TABLE record_members DROP COLUMN host_created_at;
