-- What every object stands on. Every primary, unique and foreign key starts with the tenant, so that the schema can
-- be distributed by tenant without change.

-- The pairs of neighbouring characters of a text, for substring search from two characters on. Pairs across a space
-- or a line break are left out: nobody searches for them. PL/pgSQL because it is compiled once per connection, where
-- an SQL function in an index is planned anew by every statement.
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

-- Dates and instants out of JSON in their canonical form (`2026-11-24`, `2026-11-24T08:00:00Z`). The casts that
-- PostgreSQL has depend on the session's settings, so an index may not use them.
CREATE FUNCTION iso_date(canonical text) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT make_date(substr(canonical, 1, 4)::int, substr(canonical, 6, 2)::int, substr(canonical, 9, 2)::int)
$$;

CREATE FUNCTION iso_time(canonical text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT timezone('UTC', make_timestamp(
        substr(canonical, 1, 4)::int, substr(canonical, 6, 2)::int, substr(canonical, 9, 2)::int,
        substr(canonical, 12, 2)::int, substr(canonical, 15, 2)::int, rtrim(substr(canonical, 18), 'Z')::float8))
$$;

-- A company that uses this installation.
CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    key text NOT NULL UNIQUE,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    locale text NOT NULL DEFAULT 'zh-CN',
    time_zone text NOT NULL DEFAULT 'Asia/Shanghai',
    settings jsonb NOT NULL DEFAULT '{}',
    -- Raised by every change to the tenant's own objects and fields, and to its people and their rights: what a
    -- process has cached is good while the number stands.
    catalog_epoch bigint NOT NULL DEFAULT 0,
    access_epoch bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Everything that happened to records: history, outbox and change feed in one. Neither this nor a table of records
-- refers to `tenants`: every write would have to lock the tenant's one row.
CREATE TABLE changes (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    -- Numbers are handed out before commits: a reader goes no further than the oldest transaction still running.
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    object text NOT NULL,
    record_id uuid NOT NULL,
    action text NOT NULL CHECK (action IN ('create', 'update', 'delete', 'restore')),
    version integer NOT NULL,
    actor_id uuid,
    channel text NOT NULL,
    request_id text NOT NULL DEFAULT '',
    -- {"field": {"from": …, "to": …}}
    changes jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX changes_record_idx ON changes (tenant_id, object, record_id, seq);
-- The feed reads in the order in which transactions began.
CREATE INDEX changes_feed_idx ON changes (tenant_id, txid, seq);

-- The last number given out by each auto-number, by period (`2026-11` for one that starts again each month).
CREATE TABLE sequences (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    period text NOT NULL DEFAULT '',
    value bigint NOT NULL,
    PRIMARY KEY (tenant_id, name, period)
);

-- Answers to writes that named an Idempotency-Key. Without a status, the first call is still at work.
CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);

-- The durable queue. Workers take what is due with FOR UPDATE SKIP LOCKED and keep `heartbeat_at` fresh; a job whose
-- heart has stopped is due again.
CREATE TABLE jobs (
    tenant_id uuid NOT NULL REFERENCES tenants,
    id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    progress jsonb NOT NULL DEFAULT '{}',
    cancel_requested boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0,
    run_at timestamptz NOT NULL DEFAULT now(),
    locked_by text,
    locked_at timestamptz,
    heartbeat_at timestamptz,
    error text,
    created_by_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX jobs_due_idx ON jobs (run_at) WHERE state = 'queued';
CREATE INDEX jobs_running_idx ON jobs (heartbeat_at) WHERE state = 'running';
CREATE INDEX jobs_created_at_idx ON jobs (tenant_id, created_at, id);

-- What became of each row of an import, and what undoing it needs.
CREATE TABLE import_rows (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    row_no bigint NOT NULL,
    -- 0 is the row's own record; others were made on its way, such as a missing parent.
    part smallint NOT NULL DEFAULT 0,
    outcome text NOT NULL,
    object text,
    record_id uuid,
    -- The fields that an update changed, as they were.
    before jsonb,
    error jsonb,
    raw jsonb,
    PRIMARY KEY (tenant_id, job_id, row_no, part),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX import_rows_outcome_idx ON import_rows (tenant_id, job_id, outcome, row_no);

-- Which column became which field, by the headings of the sheet.
CREATE TABLE import_mappings (
    tenant_id uuid NOT NULL REFERENCES tenants,
    object text NOT NULL,
    signature text NOT NULL,
    mapping jsonb NOT NULL,
    updated_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, object, signature)
);
