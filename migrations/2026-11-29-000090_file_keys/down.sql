-- Refused while there are keys of files: without them nobody reads the files any more.
ALTER TABLE vault_keys
    DROP CONSTRAINT vault_keys_purpose_check,
    ADD CONSTRAINT vault_keys_purpose_check CHECK (purpose IN ('seal', 'index'));
