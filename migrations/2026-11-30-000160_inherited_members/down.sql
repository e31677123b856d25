DO $$
DECLARE
    h hanging_objects;
BEGIN
    FOR h IN SELECT * FROM hanging_objects LOOP
        EXECUTE format('DROP TRIGGER inherit_new ON %s', h.child);
        EXECUTE format('DROP TRIGGER inherit_moved ON %s', h.child);
        EXECUTE format('DROP TRIGGER inherit_gone ON %s', h.child);
        EXECUTE format('DROP TRIGGER IF EXISTS spread_life ON %s', h.host);
        EXECUTE format('DROP FUNCTION %I()', h.child_object || '_inherit_by_' || h.link);
    END LOOP;
END $$;
DROP FUNCTION hang(regclass, text, name, regclass, text);
DROP FUNCTION host_changed();
DROP TRIGGER spread_new ON record_members;
DROP TRIGGER spread_changed ON record_members;
DROP FUNCTION member_changed();
DROP FUNCTION spread_member(record_members);
DROP TABLE hanging_objects;
DROP TABLE inherited_members;
