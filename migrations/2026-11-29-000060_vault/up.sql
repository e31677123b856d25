-- Keys that tenants' secrets are sealed with, each wrapped by a master key that is not in the database. One of each
-- purpose is current; older ones stay for what they have sealed.
CREATE TABLE vault_keys (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('seal', 'index')),
    current boolean NOT NULL DEFAULT true,
    -- The fingerprint of the master key.
    master text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX vault_keys_current_key ON vault_keys (tenant_id, purpose) WHERE current;
