-- From where and through what a change was made: the address, and the session, API key or job.
ALTER TABLE changes ADD COLUMN ip text, ADD COLUMN via uuid;
-- Dates are asked for in ranges; entries lie in their order.
CREATE INDEX changes_at_idx ON changes USING brin (at);

-- What happened besides changes to records: sign-ins, exports, keys, passwords, looks at what is guarded. Takes its
-- numbers from the sequence of `changes`, so that both together are one trail in one order.
CREATE TABLE audit_events (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    object text,
    record_id uuid,
    actor_id uuid,
    channel text NOT NULL,
    request_id text NOT NULL DEFAULT '',
    ip text,
    via uuid,
    agent text,
    detail jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX audit_events_txid_idx ON audit_events (tenant_id, txid, seq);
CREATE INDEX audit_events_actor_idx ON audit_events (tenant_id, actor_id, seq);
CREATE INDEX audit_events_at_idx ON audit_events USING brin (at);

-- Each seal names the entries that it covers, holds the digest of each in the order of their numbers, and is chained to
-- the seal before it. Transaction numbers are no part of it: a restored backup has others.
CREATE TABLE audit_seals (
    tenant_id uuid NOT NULL,
    no bigint NOT NULL,
    at timestamptz NOT NULL,
    covers int8multirange NOT NULL,
    digests bytea NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, no)
);

-- How far sealing has come; the last seal, so that its absence shows.
CREATE TABLE audit_heads (
    tenant_id uuid NOT NULL,
    trail text NOT NULL DEFAULT 'audit',
    txid xid8 NOT NULL DEFAULT '0',
    seq bigint NOT NULL DEFAULT 0,
    no bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, trail)
);

-- Nothing of the trail is changed or taken away, but by who says what for: `SET LOCAL kezhan.maintenance = '…'`.
CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('kezhan.maintenance', true), '') = '' THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER changes_append_only BEFORE UPDATE OR DELETE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER changes_kept BEFORE TRUNCATE ON changes EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_events_kept BEFORE TRUNCATE ON audit_events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_kept BEFORE TRUNCATE ON audit_seals EXECUTE FUNCTION refuse_change();
