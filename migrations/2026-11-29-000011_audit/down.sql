DROP TRIGGER changes_kept ON changes;
DROP TRIGGER changes_append_only ON changes;
DROP TABLE audit_heads;
DROP TABLE audit_seals;
DROP TABLE audit_events;
DROP FUNCTION refuse_change();
DROP INDEX changes_at_idx;
ALTER TABLE changes DROP COLUMN via, DROP COLUMN ip;
