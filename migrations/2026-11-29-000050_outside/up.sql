-- Identity provider
CREATE TABLE identity_providers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    secret_set boolean NOT NULL DEFAULT false,
    scopes text NOT NULL DEFAULT 'openid profile email',
    name_claim text NOT NULL DEFAULT 'name',
    email_claim text NOT NULL DEFAULT 'email',
    mobile_claim text,
    department_claim text,
    groups_claim text,
    group_roles jsonb,
    creates_users boolean NOT NULL DEFAULT false,
    default_department_id uuid,
    default_role_id uuid,
    email_domains text[],
    second_factor boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    sort_order bigint,
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
CREATE INDEX identity_providers_name_idx ON identity_providers (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX identity_providers_default_department_id_idx ON identity_providers (tenant_id, default_department_id, created_at, id) WHERE default_department_id IS NOT NULL;
CREATE INDEX identity_providers_default_role_id_idx ON identity_providers (tenant_id, default_role_id, created_at, id) WHERE default_role_id IS NOT NULL;
CREATE INDEX identity_providers_created_at_idx ON identity_providers (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX identity_providers_updated_at_idx ON identity_providers (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX identity_providers_bin_idx ON identity_providers (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE identity_providers
    ADD CONSTRAINT identity_providers_default_department_id_fkey FOREIGN KEY (tenant_id, default_department_id) REFERENCES departments (tenant_id, id),
    ADD CONSTRAINT identity_providers_default_role_id_fkey FOREIGN KEY (tenant_id, default_role_id) REFERENCES roles (tenant_id, id);

-- Directory
CREATE TABLE directories (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    address text NOT NULL,
    plain boolean NOT NULL DEFAULT false,
    authority text,
    bind_dn text,
    secret_set boolean NOT NULL DEFAULT false,
    base_dn text NOT NULL,
    user_filter text NOT NULL DEFAULT '(objectClass=person)',
    id_attribute text NOT NULL DEFAULT 'entryUUID',
    login_attribute text NOT NULL DEFAULT 'uid',
    name_attribute text NOT NULL DEFAULT 'cn',
    email_attribute text,
    mobile_attribute text,
    groups_attribute text,
    group_base_dn text,
    department_source text NOT NULL DEFAULT 'nothing',
    department_attribute text,
    group_roles jsonb,
    default_department_id uuid,
    default_role_id uuid,
    trusts_email boolean NOT NULL DEFAULT true,
    signs_in boolean NOT NULL DEFAULT true,
    sync_every text NOT NULL DEFAULT 'never',
    deactivate_max bigint NOT NULL DEFAULT 10,
    synced_at timestamptz,
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
CREATE INDEX directories_name_idx ON directories (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX directories_default_department_id_idx ON directories (tenant_id, default_department_id, created_at, id) WHERE default_department_id IS NOT NULL;
CREATE INDEX directories_default_role_id_idx ON directories (tenant_id, default_role_id, created_at, id) WHERE default_role_id IS NOT NULL;
CREATE INDEX directories_created_at_idx ON directories (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX directories_updated_at_idx ON directories (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX directories_bin_idx ON directories (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE directories
    ADD CONSTRAINT directories_default_department_id_fkey FOREIGN KEY (tenant_id, default_department_id) REFERENCES departments (tenant_id, id),
    ADD CONSTRAINT directories_default_role_id_fkey FOREIGN KEY (tenant_id, default_role_id) REFERENCES roles (tenant_id, id);

-- What is shown to providers and directories to prove who asks, sealed. Apart from both, so that no secret ever passes
-- through the object engine and into histories.
CREATE TABLE sign_in_secrets (
    tenant_id uuid NOT NULL,
    -- An identity provider or a directory.
    source_id uuid NOT NULL,
    sealed bytea NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, source_id)
);

-- Who somebody is elsewhere. The realm is what a subject is unique in: an issuer, or a directory.
CREATE TABLE outside_identities (
    tenant_id uuid NOT NULL,
    realm text NOT NULL,
    subject text NOT NULL,
    source_id uuid NOT NULL,
    user_id uuid NOT NULL,
    linked_at timestamptz NOT NULL DEFAULT now(),
    -- When a synchronisation deactivated the user; it alone may undo that.
    gone_at timestamptz,
    PRIMARY KEY (tenant_id, realm, subject),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX outside_identities_source_id_idx ON outside_identities (tenant_id, source_id, user_id);
CREATE INDEX outside_identities_user_id_idx ON outside_identities (tenant_id, user_id);

-- Sign-ins that are under way at a provider. Each is used once, by the browser that began it.
CREATE TABLE outside_sign_ins (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    provider_id uuid NOT NULL,
    state_hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    redirect text NOT NULL,
    return_to text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outside_sign_ins_expires_at_idx ON outside_sign_ins (expires_at);
