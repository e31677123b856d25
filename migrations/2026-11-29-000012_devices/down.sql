DROP INDEX audit_events_record_idx;
DROP TABLE known_devices;
