-- What a key is held to besides its objects, where it was used last, and its former text while both are good.
ALTER TABLE api_keys
    -- Object → the only fields of it that it may see, write and ask by.
    ADD COLUMN fields jsonb,
    -- Only these actions, whatever its role allows.
    ADD COLUMN actions text[],
    -- Only from these networks.
    ADD COLUMN networks text[],
    ADD COLUMN last_used_ip text,
    ADD COLUMN previous_hash bytea,
    ADD COLUMN previous_until timestamptz,
    ADD COLUMN previous_used_at timestamptz,
    ADD COLUMN rotated_at timestamptz;
