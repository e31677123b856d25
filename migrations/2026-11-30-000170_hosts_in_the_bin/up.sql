-- A record in the recycle bin opens nothing: neither to its members nor to its owner.
CREATE OR REPLACE FUNCTION host_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    h hanging_objects;
    owner uuid := CASE WHEN NEW.deleted_at IS NULL THEN NEW.owner_id END;
BEGIN
    EXECUTE format('SELECT 1 FROM %s WHERE tenant_id = $1 AND id = $2 FOR UPDATE', TG_RELID::regclass) USING NEW.tenant_id, NEW.id;
    DELETE FROM inherited_members i USING record_members m
        WHERE m.tenant_id = NEW.tenant_id AND m.object = TG_ARGV[0] AND m.record = NEW.id::text
        AND i.tenant_id = m.tenant_id AND i.member = m.id;
    PERFORM spread_member(m) FROM record_members m
        WHERE m.tenant_id = NEW.tenant_id AND m.object = TG_ARGV[0] AND m.record = NEW.id::text;
    FOR h IN SELECT * FROM hanging_objects WHERE host_object = TG_ARGV[0] LOOP
        EXECUTE format(
            'UPDATE %s SET host_owner_id = NULLIF($1, owner_id) WHERE tenant_id = $2 AND %I = $3 '
            'AND host_owner_id IS DISTINCT FROM NULLIF($1, owner_id)', h.child, h.link
        ) USING owner, NEW.tenant_id, NEW.id;
    END LOOP;
    RETURN NULL;
END $$;

UPDATE contacts t SET host_owner_id = NULL FROM accounts h
    WHERE t.host_owner_id IS NOT NULL AND h.tenant_id = t.tenant_id AND h.id = t.account_id AND h.deleted_at IS NOT NULL;
UPDATE opportunities t SET host_owner_id = NULL FROM accounts h
    WHERE t.host_owner_id IS NOT NULL AND h.tenant_id = t.tenant_id AND h.id = t.account_id AND h.deleted_at IS NOT NULL;
UPDATE follow_ups t SET host_owner_id = NULL FROM accounts h
    WHERE t.host_owner_id IS NOT NULL AND h.tenant_id = t.tenant_id AND h.id = t.account_id AND h.deleted_at IS NOT NULL;
