CREATE FUNCTION bigrams(words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := '{}';
    before text := ' ';
    this text;
BEGIN
    FOREACH this IN ARRAY string_to_array(words, NULL) LOOP
        IF this = E'\n' THEN
            this := ' ';
        END IF;
        IF before <> ' ' AND this <> ' ' THEN
            found := found || (before || this);
        END IF;
        before := this;
    END LOOP;
    RETURN found;
END
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'search_pairs' ORDER BY 1
    LOOP
        EXECUTE format('DROP INDEX %I', name || '_search_idx');
        EXECUTE format('ALTER TABLE %I DROP COLUMN search_pairs', name);
        EXECUTE format(
            'CREATE INDEX %I ON %I USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL',
            name || '_search_idx', name);
    END LOOP;
END
$$;

DROP EXTENSION btree_gin;
