-- Search goes by numbers that the program makes, beside the text: an index of them costs a quarter of one over an
-- expression in PL/pgSQL, which every write of a record paid for. See `search::keys::pairs`. Whose a record is stands
-- in the same index, for which uuids need an operator class.

CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE OR REPLACE FUNCTION pg_temp.pairs(words text) RETURNS integer[] LANGUAGE sql IMMUTABLE STRICT AS $$
    WITH halves AS (
        SELECT at, c, ((ascii(c) # (ascii(c) >> 16)) & 65535)::bigint AS half
        FROM unnest(string_to_array(words, NULL)) WITH ORDINALITY AS chars(c, at)
    ), pairs AS (
        -- Two halves of 16 bits, read as a signed number.
        SELECT DISTINCT ((a.half << 16 | b.half) << 32 >> 32)::integer AS pair
        FROM halves a JOIN halves b ON b.at = a.at + 1
        WHERE a.c !~ '\s' AND b.c !~ '\s'
    )
    SELECT coalesce(array_agg(pair ORDER BY pair), '{}') FROM pairs
$$;

DO $$
DECLARE
    name text;
    owned boolean;
BEGIN
    FOR name IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'search_text' ORDER BY 1
    LOOP
        EXECUTE format('DROP INDEX %I', name || '_search_idx');
        EXECUTE format('ALTER TABLE %I ADD COLUMN search_pairs integer[] NOT NULL DEFAULT ''{}''', name);
        EXECUTE format('UPDATE %I SET search_pairs = pg_temp.pairs(search_text)', name);
        owned := EXISTS (
            SELECT 1 FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = name AND column_name = 'department_id');
        EXECUTE format(
            'CREATE INDEX %I ON %I USING gin (%s) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL',
            name || '_search_idx', name,
            CASE WHEN owned THEN 'search_pairs, department_id, owner_id' ELSE 'search_pairs' END);
    END LOOP;
END
$$;

DROP FUNCTION bigrams(text);
