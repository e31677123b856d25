ALTER TABLE tenants DROP COLUMN reach_epoch;
