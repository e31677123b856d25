-- Files are sealed with keys of their own.
ALTER TABLE vault_keys
    DROP CONSTRAINT vault_keys_purpose_check,
    ADD CONSTRAINT vault_keys_purpose_check CHECK (purpose IN ('seal', 'index', 'file'));
