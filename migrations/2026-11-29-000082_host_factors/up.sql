-- What administrators of the installation have beside their passwords.
CREATE TABLE host_totp_factors (
    administrator_id uuid PRIMARY KEY REFERENCES host_administrators ON DELETE CASCADE,
    secret bytea,
    confirmed_at timestamptz,
    -- The last step of time whose code was taken: none is taken twice.
    last_step bigint NOT NULL DEFAULT 0,
    pending bytea,
    pending_at timestamptz
);

CREATE TABLE host_recovery_codes (
    administrator_id uuid NOT NULL REFERENCES host_administrators ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    PRIMARY KEY (administrator_id, code_hash)
);

-- The installation seals too, and is no company: its keys stand under the id of which all bits are set.
ALTER TABLE vault_keys DROP CONSTRAINT vault_keys_tenant_id_fkey;
