-- What somebody has beside what they know.

-- Secrets are sealed by the vault. One that is not confirmed by a code yet stands beside the one that counts.
CREATE TABLE totp_factors (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    secret bytea,
    confirmed_at timestamptz,
    -- The last step of time whose code was taken: none is taken twice.
    last_step bigint NOT NULL DEFAULT 0,
    pending bytea,
    pending_at timestamptz,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE recovery_codes (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    PRIMARY KEY (tenant_id, user_id, code_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

-- Sign-ins of which something is missing yet. A row is taken away by whatever completes it, so that each is good once.
CREATE TABLE sign_in_challenges (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    -- The browser in which the sign-in began.
    device_hash bytea NOT NULL,
    -- How the person proved who they are, the name that was typed, and whether a second factor has been seen.
    way text NOT NULL,
    name text NOT NULL,
    second_factor boolean NOT NULL,
    -- What is missing.
    step text NOT NULL,
    answers integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sign_in_challenges_expires_at_idx ON sign_in_challenges (expires_at);
CREATE INDEX sign_in_challenges_user_idx ON sign_in_challenges (tenant_id, user_id);

-- Whether a session began with a second factor.
ALTER TABLE sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
