-- When the record was made to which a team member belongs: what was shared with somebody is listed in that order.
ALTER TABLE record_members ADD COLUMN host_created_at timestamptz;

-- The table of a record is not known here, its id is unique.
DO $$
DECLARE host text;
BEGIN
    FOR host IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name IN ('tenant_id', 'id', 'owner_id', 'created_at')
        GROUP BY table_name HAVING count(*) = 4
    LOOP
        EXECUTE format(
            'UPDATE record_members m SET host_created_at = h.created_at FROM %I h '
            'WHERE h.tenant_id = m.tenant_id AND h.id = m.record::uuid', host);
    END LOOP;
END $$;

CREATE INDEX record_members_host_created_at_idx ON record_members (tenant_id, principal, object, host_created_at, record, level, children, expires_at) WHERE deleted_at IS NULL;
