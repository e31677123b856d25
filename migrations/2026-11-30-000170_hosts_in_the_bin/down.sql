CREATE OR REPLACE FUNCTION host_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT 1 FROM %s WHERE tenant_id = $1 AND id = $2 FOR UPDATE', TG_RELID::regclass) USING NEW.tenant_id, NEW.id;
    DELETE FROM inherited_members i USING record_members m
        WHERE m.tenant_id = NEW.tenant_id AND m.object = TG_ARGV[0] AND m.record = NEW.id::text
        AND i.tenant_id = m.tenant_id AND i.member = m.id;
    PERFORM spread_member(m) FROM record_members m
        WHERE m.tenant_id = NEW.tenant_id AND m.object = TG_ARGV[0] AND m.record = NEW.id::text;
    RETURN NULL;
END $$;
