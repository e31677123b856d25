-- A company that is to be erased is suspended until the time has come.
ALTER TABLE tenants
    DROP CONSTRAINT tenants_status_check,
    ADD CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'erasing')),
    ADD COLUMN erase_after timestamptz;

-- Who looks after the installation. They are users of no company and see no company's records.
CREATE TABLE host_administrators (
    id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_sign_in_at timestamptz
);

CREATE TABLE host_sessions (
    id uuid PRIMARY KEY,
    administrator_id uuid NOT NULL REFERENCES host_administrators ON DELETE CASCADE,
    hash bytea NOT NULL,
    ip text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX host_sessions_hash_idx ON host_sessions (hash);

-- What they did. It names companies by id and key, also those that are gone.
CREATE TABLE host_trail (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    -- An administrator, or the command line.
    actor text NOT NULL,
    action text NOT NULL,
    company uuid,
    company_key text,
    detail jsonb NOT NULL DEFAULT '{}',
    ip text
);
CREATE TRIGGER host_trail_append_only BEFORE UPDATE OR DELETE ON host_trail
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER host_trail_kept BEFORE TRUNCATE ON host_trail EXECUTE FUNCTION refuse_change();
