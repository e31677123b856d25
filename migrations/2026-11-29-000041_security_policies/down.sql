DROP TABLE former_passwords;
ALTER TABLE tenants DROP COLUMN security_policy;
