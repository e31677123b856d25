ALTER TABLE jobs DROP COLUMN sealed_report;
DROP INDEX import_rows_sealed_idx;
ALTER TABLE import_rows DROP COLUMN seal_id, DROP COLUMN sealed;
