-- Lists narrowed to what an import brought look each record up. Without this, a planner that does not know the rows yet
-- walks all of the import's for each of them.
CREATE INDEX import_rows_record_idx ON import_rows (tenant_id, record_id, job_id);
