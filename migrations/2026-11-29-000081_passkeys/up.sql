-- Passkeys: the public halves of keys that stay on people's devices.
CREATE TABLE passkeys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    credential_id bytea NOT NULL,
    credential jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, credential_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX passkeys_user_idx ON passkeys (tenant_id, user_id);
-- Whoever signs in with one alone says no name first.
CREATE INDEX passkeys_credential_idx ON passkeys (credential_id);

-- What a device has been asked to sign, and by which browser; taken away by the answer. Of a sign-in without a name it
-- is not known yet whose it is: tenant and user are all zeros.
CREATE TABLE passkey_ceremonies (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    device_hash bytea NOT NULL,
    state jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX passkey_ceremonies_expires_at_idx ON passkey_ceremonies (expires_at);
