CREATE INDEX accounts_bank_account_idx ON accounts (tenant_id, sealed_index(bank_account)) WHERE deleted_at IS NULL;

-- What is stored already has nothing to be found by: it is sealed anew, in the background.
INSERT INTO jobs (tenant_id, id, kind)
SELECT t.id, gen_random_uuid(), 'vault_reseal' FROM tenants t
WHERE EXISTS (SELECT 1 FROM accounts a WHERE a.tenant_id = t.id AND a.bank_account IS NOT NULL);
