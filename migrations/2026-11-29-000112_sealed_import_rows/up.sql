-- Cells and problems of rows, and reports, of files that bring sealed fields: what else would stand in `raw`, `error` and
-- `report`, sealed as one.
ALTER TABLE import_rows ADD COLUMN seal_id uuid, ADD COLUMN sealed bytea;
CREATE INDEX import_rows_sealed_idx ON import_rows (tenant_id, seal_id) WHERE sealed IS NOT NULL;
ALTER TABLE jobs ADD COLUMN sealed_report bytea;
