-- How companies lay out forms and record pages
CREATE TABLE record_layouts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    object text COLLATE "zh-x-icu" NOT NULL,
    settings jsonb NOT NULL,
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
CREATE UNIQUE INDEX record_layouts_object_key ON record_layouts (tenant_id, object) WHERE deleted_at IS NULL;
CREATE INDEX record_layouts_created_at_idx ON record_layouts (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX record_layouts_updated_at_idx ON record_layouts (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX record_layouts_bin_idx ON record_layouts (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

-- A person's picture, and how they like the interface
ALTER TABLE users
    ADD COLUMN avatar_id uuid,
    ADD COLUMN preferences jsonb,
    ADD CONSTRAINT users_avatar_id_fkey FOREIGN KEY (tenant_id, avatar_id) REFERENCES attachments (tenant_id, id);
CREATE INDEX users_avatar_id_idx ON users (tenant_id, avatar_id, created_at, id) WHERE avatar_id IS NOT NULL;
