-- Whose the record is on which another hangs, where that is somebody else.
ALTER TABLE contacts ADD COLUMN host_owner_id uuid;
ALTER TABLE opportunities ADD COLUMN host_owner_id uuid;
ALTER TABLE follow_ups ADD COLUMN host_owner_id uuid;

UPDATE contacts t SET host_owner_id = h.owner_id FROM accounts h
WHERE h.tenant_id = t.tenant_id AND h.id = t.account_id AND h.owner_id IS DISTINCT FROM t.owner_id;
UPDATE opportunities t SET host_owner_id = h.owner_id FROM accounts h
WHERE h.tenant_id = t.tenant_id AND h.id = t.account_id AND h.owner_id IS DISTINCT FROM t.owner_id;
UPDATE follow_ups t SET host_owner_id = h.owner_id FROM accounts h
WHERE h.tenant_id = t.tenant_id AND h.id = t.account_id AND h.owner_id IS DISTINCT FROM t.owner_id;

CREATE INDEX contacts_host_owner_id_idx ON contacts (tenant_id, host_owner_id, created_at, id) WHERE (host_owner_id IS NOT NULL) AND (deleted_at IS NULL);
CREATE INDEX opportunities_host_owner_id_idx ON opportunities (tenant_id, host_owner_id, created_at, id) WHERE (host_owner_id IS NOT NULL) AND (deleted_at IS NULL);
CREATE INDEX follow_ups_host_owner_id_idx ON follow_ups (tenant_id, host_owner_id, created_at, id) WHERE (host_owner_id IS NOT NULL) AND (deleted_at IS NULL);
