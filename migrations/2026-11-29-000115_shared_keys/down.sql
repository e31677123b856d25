DROP INDEX record_members_host_created_at_idx;
CREATE INDEX record_members_host_created_at_idx ON record_members (tenant_id, principal, object, host_created_at, record, level, children, expires_at) WHERE deleted_at IS NULL;
