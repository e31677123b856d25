DELETE FROM vault_keys WHERE tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
ALTER TABLE vault_keys ADD CONSTRAINT vault_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id);
DROP TABLE host_recovery_codes;
DROP TABLE host_totp_factors;
