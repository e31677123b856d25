-- Records that only their owner and their team see, whatever roles reach.
ALTER TABLE accounts ADD COLUMN confidential boolean NOT NULL DEFAULT false;
ALTER TABLE contacts ADD COLUMN confidential boolean NOT NULL DEFAULT false;
ALTER TABLE leads ADD COLUMN confidential boolean NOT NULL DEFAULT false;
ALTER TABLE opportunities ADD COLUMN confidential boolean NOT NULL DEFAULT false;
ALTER TABLE follow_ups ADD COLUMN confidential boolean NOT NULL DEFAULT false;
ALTER TABLE tasks ADD COLUMN confidential boolean NOT NULL DEFAULT false;
ALTER TABLE custom_records ADD COLUMN confidential boolean NOT NULL DEFAULT false;

ALTER TABLE users ADD COLUMN more_roles_ids uuid[];

-- Actions that used to be part of editing and of configuring.
UPDATE roles SET grants = (
    SELECT jsonb_object_agg(key, CASE WHEN jsonb_typeof(value) = 'object' THEN
        CASE WHEN value ? 'edit' THEN jsonb_build_object(
            'transfer', value->'edit', 'share', value->'edit', 'bulk_edit', value->'edit') ELSE '{}' END
        || CASE WHEN value->>'configure' = 'all' THEN '{"reveal": "all", "confidential": "all"}'::jsonb ELSE '{}' END
        || value ELSE value END)
    FROM jsonb_each(grants))
WHERE jsonb_typeof(grants) = 'object' AND grants <> '{}';

-- Team member
CREATE TABLE record_members (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    object text NOT NULL,
    record text NOT NULL,
    user_id uuid,
    unit_id uuid,
    role_id uuid,
    principal text NOT NULL,
    level text NOT NULL DEFAULT 'read',
    children text NOT NULL DEFAULT 'read',
    expires_at timestamptz,
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
CREATE INDEX record_members_user_id_idx ON record_members (tenant_id, user_id NULLS FIRST, created_at, id);
CREATE INDEX record_members_unit_id_idx ON record_members (tenant_id, unit_id NULLS FIRST, created_at, id);
CREATE INDEX record_members_role_id_idx ON record_members (tenant_id, role_id NULLS FIRST, created_at, id);
CREATE INDEX record_members_principal_idx ON record_members (tenant_id, principal, id) WHERE deleted_at IS NULL;
CREATE INDEX record_members_created_at_idx ON record_members (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX record_members_updated_at_idx ON record_members (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX record_members_target_idx ON record_members (tenant_id, object, record, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX record_members_bin_idx ON record_members (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE record_members
    ADD CONSTRAINT record_members_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT record_members_unit_id_fkey FOREIGN KEY (tenant_id, unit_id) REFERENCES departments (tenant_id, id),
    ADD CONSTRAINT record_members_role_id_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id);

