-- Records that became one: where the others went, and what it takes to part them again
CREATE TABLE merges (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    object text NOT NULL,
    survivor_id uuid NOT NULL,
    loser_ids uuid[] NOT NULL,
    done jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    undone_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX merges_losers_idx ON merges USING gin (loser_ids) WHERE undone_at IS NULL;
