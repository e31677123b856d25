-- What a company says of its fields: how sensitive, why, how long.
CREATE TABLE field_policies (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    path text COLLATE "zh-x-icu",
    object text NOT NULL,
    field text NOT NULL,
    sensitivity text,
    purpose text,
    legal_basis text,
    retention_months bigint,
    cross_border text,
    notes text,
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
CREATE UNIQUE INDEX field_policies_path_key ON field_policies (tenant_id, path NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX field_policies_created_at_idx ON field_policies (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX field_policies_updated_at_idx ON field_policies (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX field_policies_bin_idx ON field_policies (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
