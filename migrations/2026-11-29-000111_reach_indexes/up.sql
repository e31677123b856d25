-- The state of rights for which the indexes of their conditions were looked at last.
ALTER TABLE tenants ADD COLUMN reach_epoch bigint;
