-- What a company asks of everybody who signs in; nothing beyond the ordinary where that is null.
ALTER TABLE tenants ADD COLUMN security_policy jsonb;

-- Hashes of the passwords that somebody had before, which may not come again for a while.
CREATE TABLE former_passwords (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    replaced_at timestamptz NOT NULL,
    password_hash text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, replaced_at),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
