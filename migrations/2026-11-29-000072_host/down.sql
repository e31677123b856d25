DROP TABLE host_trail;
DROP TABLE host_sessions;
DROP TABLE host_administrators;
UPDATE tenants SET status = 'suspended' WHERE status = 'erasing';
ALTER TABLE tenants
    DROP COLUMN erase_after,
    DROP CONSTRAINT tenants_status_check,
    ADD CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended'));
