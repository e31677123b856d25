-- Application
CREATE TABLE oauth_clients (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    description text,
    website text,
    kind text NOT NULL DEFAULT 'confidential',
    scopes text NOT NULL,
    redirect_uris text,
    role_id uuid,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX oauth_clients_name_idx ON oauth_clients (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX oauth_clients_role_id_idx ON oauth_clients (tenant_id, role_id NULLS FIRST, created_at, id);
CREATE INDEX oauth_clients_created_at_idx ON oauth_clients (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX oauth_clients_updated_at_idx ON oauth_clients (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX oauth_clients_bin_idx ON oauth_clients (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE oauth_clients
    ADD CONSTRAINT oauth_clients_role_id_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id);


-- Secrets of confidential applications: digests of random text. Two stand while one replaces the other.
CREATE TABLE oauth_client_secrets (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES oauth_clients (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX oauth_client_secrets_client_id_idx ON oauth_client_secrets (tenant_id, client_id);

-- What a person lets an application do; without a person, what it does by itself.
CREATE TABLE oauth_grants (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    user_id uuid,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    last_used_ip text,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES oauth_clients (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX oauth_grants_one_idx
    ON oauth_grants (tenant_id, client_id, coalesce(user_id, '00000000-0000-0000-0000-000000000000'))
    WHERE revoked_at IS NULL;
CREATE INDEX oauth_grants_user_id_idx ON oauth_grants (tenant_id, user_id);

-- Codes, access and refresh tokens, by their digests. What came of one consent is one family: a code or refresh token
-- that is used twice ends it.
CREATE TABLE oauth_tokens (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    grant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('code', 'access', 'refresh')),
    hash bytea NOT NULL,
    family uuid NOT NULL,
    scopes text[] NOT NULL,
    redirect_uri text,
    challenge text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, grant_id) REFERENCES oauth_grants (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX oauth_tokens_hash_idx ON oauth_tokens (hash);
CREATE INDEX oauth_tokens_family_idx ON oauth_tokens (tenant_id, family);
CREATE INDEX oauth_tokens_grant_id_idx ON oauth_tokens (tenant_id, grant_id);
CREATE INDEX oauth_tokens_expires_at_idx ON oauth_tokens (expires_at);
