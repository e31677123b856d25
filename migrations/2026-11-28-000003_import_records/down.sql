DROP INDEX import_rows_record_idx;
