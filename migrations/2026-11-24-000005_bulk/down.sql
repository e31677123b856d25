ALTER TABLE jobs DROP COLUMN report;
DROP INDEX import_rows_links_idx;
ALTER TABLE import_rows RENAME COLUMN links TO before;
DROP TABLE uploads;
