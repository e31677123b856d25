-- What is open to whom because it hangs on a record that they are a member of, in the order of lists: of many only a page is
-- read. Follows from `record_members` and from the links of what hangs on records, and is kept right here, whoever writes.
CREATE TABLE inherited_members (
    tenant_id uuid NOT NULL,
    member uuid NOT NULL,
    record uuid NOT NULL,
    object text NOT NULL,
    created_at timestamptz NOT NULL,
    principal text NOT NULL,
    children text NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, member, record)
);
CREATE INDEX inherited_members_order_idx ON inherited_members (tenant_id, principal, object, created_at, record, children, expires_at);
CREATE INDEX inherited_members_record_idx ON inherited_members (tenant_id, record);

-- Which objects hang on which: the column `link` of `child` names the record of `host`.
CREATE TABLE hanging_objects (
    child regclass NOT NULL,
    child_object text NOT NULL,
    link name NOT NULL,
    host regclass NOT NULL,
    host_object text NOT NULL,
    PRIMARY KEY (child_object)
);

-- Gives a member what hangs on the record. Locks that record, as its foreign keys do the other way round: of two who add a
-- member and a child at the same time, the later one sees the other's.
CREATE FUNCTION spread_member(m record_members) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    h hanging_objects;
BEGIN
    IF m.deleted_at IS NOT NULL OR m.children NOT IN ('read', 'write') THEN
        RETURN;
    END IF;
    FOR h IN SELECT * FROM hanging_objects WHERE host_object = m.object LOOP
        EXECUTE format('SELECT 1 FROM %s WHERE tenant_id = $1 AND id = $2 FOR UPDATE', h.host) USING m.tenant_id, m.record::uuid;
        EXECUTE format(
            'INSERT INTO inherited_members SELECT c.tenant_id, $1, c.id, $2, c.created_at, $3, $4, $5 FROM %s c JOIN %s h '
            'ON h.tenant_id = c.tenant_id AND h.id = c.%I AND h.deleted_at IS NULL WHERE c.tenant_id = $6 AND c.%I = $7',
            h.child, h.host, h.link, h.link
        ) USING m.id, h.child_object, m.principal, m.children, m.expires_at, m.tenant_id, m.record::uuid;
    END LOOP;
END $$;

CREATE FUNCTION member_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM inherited_members WHERE tenant_id = OLD.tenant_id AND member = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM spread_member(NEW);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER spread_new AFTER INSERT OR DELETE ON record_members FOR EACH ROW EXECUTE FUNCTION member_changed();
CREATE TRIGGER spread_changed AFTER UPDATE ON record_members FOR EACH ROW
    WHEN ((OLD.object, OLD.record, OLD.principal, OLD.children, OLD.expires_at, OLD.deleted_at)
        IS DISTINCT FROM (NEW.object, NEW.record, NEW.principal, NEW.children, NEW.expires_at, NEW.deleted_at))
    EXECUTE FUNCTION member_changed();

-- A record in the recycle bin opens nothing.
CREATE FUNCTION host_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT 1 FROM %s WHERE tenant_id = $1 AND id = $2 FOR UPDATE', TG_RELID::regclass) USING NEW.tenant_id, NEW.id;
    DELETE FROM inherited_members i USING record_members m
        WHERE m.tenant_id = NEW.tenant_id AND m.object = TG_ARGV[0] AND m.record = NEW.id::text
        AND i.tenant_id = m.tenant_id AND i.member = m.id;
    PERFORM spread_member(m) FROM record_members m
        WHERE m.tenant_id = NEW.tenant_id AND m.object = TG_ARGV[0] AND m.record = NEW.id::text;
    RETURN NULL;
END $$;

-- Records of an object hang on those of another from now on. The names of the triggers come after those of foreign keys,
-- which have the host locked by then.
CREATE FUNCTION hang(child regclass, child_object text, link name, host regclass, host_object text) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    inherit text := 'inherit_by_' || link;
BEGIN
    INSERT INTO hanging_objects VALUES (child, child_object, link, host, host_object);
    EXECUTE format($$
        CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                DELETE FROM inherited_members WHERE tenant_id = OLD.tenant_id AND record = OLD.id AND object = %L;
            END IF;
            IF TG_OP <> 'DELETE' THEN
                INSERT INTO inherited_members
                    SELECT NEW.tenant_id, m.id, NEW.id, %L, NEW.created_at, m.principal, m.children, m.expires_at
                    FROM record_members m JOIN %s h ON h.tenant_id = NEW.tenant_id AND h.id = NEW.%I AND h.deleted_at IS NULL
                    WHERE m.tenant_id = NEW.tenant_id AND m.object = %L AND m.record = NEW.%I::text
                    AND m.deleted_at IS NULL AND m.children IN ('read', 'write');
            END IF;
            RETURN NULL;
        END $f$ $$, child_object || '_' || inherit, child_object, child_object, host, link, host_object, link);
    EXECUTE format('CREATE TRIGGER inherit_new AFTER INSERT ON %s FOR EACH ROW WHEN (NEW.%I IS NOT NULL) EXECUTE FUNCTION %I()',
        child, link, child_object || '_' || inherit);
    EXECUTE format('CREATE TRIGGER inherit_moved AFTER UPDATE OF %I, created_at ON %s FOR EACH ROW '
        'WHEN (OLD.%I IS DISTINCT FROM NEW.%I OR OLD.created_at <> NEW.created_at) EXECUTE FUNCTION %I()',
        link, child, link, link, child_object || '_' || inherit);
    EXECUTE format('CREATE TRIGGER inherit_gone AFTER DELETE ON %s FOR EACH ROW WHEN (OLD.%I IS NOT NULL) EXECUTE FUNCTION %I()',
        child, link, child_object || '_' || inherit);
    EXECUTE format('CREATE OR REPLACE TRIGGER spread_life AFTER UPDATE OF deleted_at ON %s FOR EACH ROW '
        'WHEN ((OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)) EXECUTE FUNCTION host_changed(%L)', host, host_object);
END $body$;

SELECT hang('contacts', 'contact', 'account_id', 'accounts', 'account');
SELECT hang('opportunities', 'opportunity', 'account_id', 'accounts', 'account');
SELECT hang('follow_ups', 'follow_up', 'account_id', 'accounts', 'account');
SELECT spread_member(m) FROM record_members m;
