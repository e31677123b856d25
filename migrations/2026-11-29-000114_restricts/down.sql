ALTER TABLE tenants DROP COLUMN restricts;
