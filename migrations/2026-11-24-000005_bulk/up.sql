-- Files that wait for their import. The file itself lies with the attachments, under `path`.
CREATE TABLE uploads (
    tenant_id uuid NOT NULL REFERENCES tenants,
    id uuid NOT NULL,
    name text NOT NULL,
    size bigint NOT NULL,
    path text NOT NULL,
    created_by_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX uploads_expires_at_idx ON uploads (expires_at);

-- References to other rows of the same file, set once all rows are in. What an undo puts back it reads from `changes`.
ALTER TABLE import_rows RENAME COLUMN before TO links;
CREATE INDEX import_rows_links_idx ON import_rows (tenant_id, job_id, row_no) WHERE links IS NOT NULL;

-- What a finished job has to tell beyond its counts: the problems of a dry run, what an undo left as it was.
ALTER TABLE jobs ADD COLUMN report jsonb;
