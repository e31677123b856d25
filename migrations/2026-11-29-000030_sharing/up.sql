-- Sharing rule
CREATE TABLE sharing_rules (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    object text NOT NULL,
    condition jsonb NOT NULL,
    user_id uuid,
    unit_id uuid,
    role_id uuid,
    principal text NOT NULL,
    level text NOT NULL DEFAULT 'read',
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
CREATE INDEX sharing_rules_name_idx ON sharing_rules (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX sharing_rules_user_id_idx ON sharing_rules (tenant_id, user_id NULLS FIRST, created_at, id);
CREATE INDEX sharing_rules_unit_id_idx ON sharing_rules (tenant_id, unit_id NULLS FIRST, created_at, id);
CREATE INDEX sharing_rules_role_id_idx ON sharing_rules (tenant_id, role_id NULLS FIRST, created_at, id);
CREATE INDEX sharing_rules_principal_idx ON sharing_rules (tenant_id, principal, id) WHERE deleted_at IS NULL;
CREATE INDEX sharing_rules_created_at_idx ON sharing_rules (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX sharing_rules_updated_at_idx ON sharing_rules (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX sharing_rules_bin_idx ON sharing_rules (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE sharing_rules
    ADD CONSTRAINT sharing_rules_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT sharing_rules_unit_id_fkey FOREIGN KEY (tenant_id, unit_id) REFERENCES departments (tenant_id, id),
    ADD CONSTRAINT sharing_rules_role_id_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id);

-- When and where a role is in force.
ALTER TABLE roles ADD COLUMN limits jsonb;
