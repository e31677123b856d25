-- How far each subscriber of the `changes` stream has come; see `kezhan_engine::events`.
CREATE TABLE subscriptions (
    tenant_id uuid NOT NULL,
    subscriber text NOT NULL,
    txid xid8 NOT NULL,
    seq bigint NOT NULL,
    -- How often the next event has failed, and when it is tried again.
    attempts integer NOT NULL DEFAULT 0,
    retry_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, subscriber)
);

-- Notification
CREATE TABLE notifications (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    title text COLLATE "zh-x-icu" NOT NULL,
    object text NOT NULL,
    record text NOT NULL,
    text text,
    actor_id uuid,
    read_at timestamptz,
    owner_id uuid,
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
CREATE INDEX notifications_kind_idx ON notifications (tenant_id, kind, id) WHERE deleted_at IS NULL;
CREATE INDEX notifications_actor_id_idx ON notifications (tenant_id, actor_id, created_at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX notifications_read_at_idx ON notifications (tenant_id, read_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX notifications_owner_id_idx ON notifications (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX notifications_created_at_idx ON notifications (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX notifications_updated_at_idx ON notifications (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX notifications_bin_idx ON notifications (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

-- Favourite
CREATE TABLE favorites (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    title text COLLATE "zh-x-icu" NOT NULL,
    object text NOT NULL,
    record text NOT NULL,
    sort_order bigint,
    owner_id uuid,
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
CREATE INDEX favorites_object_idx ON favorites (tenant_id, object, id) WHERE deleted_at IS NULL;
CREATE INDEX favorites_record_idx ON favorites (tenant_id, record, id) WHERE deleted_at IS NULL;
CREATE INDEX favorites_sort_order_idx ON favorites (tenant_id, sort_order NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX favorites_owner_id_idx ON favorites (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX favorites_created_at_idx ON favorites (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX favorites_updated_at_idx ON favorites (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX favorites_bin_idx ON favorites (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE notifications
    ADD CONSTRAINT notifications_actor_id_fkey FOREIGN KEY (tenant_id, actor_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT notifications_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id);

ALTER TABLE favorites
    ADD CONSTRAINT favorites_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id);


ALTER TABLE follow_ups ADD COLUMN mentions_ids uuid[];
