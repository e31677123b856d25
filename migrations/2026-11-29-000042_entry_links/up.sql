-- Links that administrators make: for somebody new to choose a password, or for somebody who has forgotten theirs.
-- Only the hash of what makes a link is kept. A new one takes the place of the one before.
CREATE TABLE entry_links (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    -- `invitation` or `reset`.
    purpose text NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX entry_links_expires_at_idx ON entry_links (expires_at);
