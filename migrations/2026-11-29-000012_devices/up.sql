-- Browsers in which someone has signed in. Guesses by strangers do not lock them out.
CREATE TABLE known_devices (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    device_hash bytea NOT NULL,
    last_used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, device_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX known_devices_last_used_at_idx ON known_devices (last_used_at);

-- The log of one's own sign-ins.
CREATE INDEX audit_events_record_idx ON audit_events (tenant_id, object, record_id, seq) WHERE record_id IS NOT NULL;
