-- Views that a department shares, and those that a role begins with
ALTER TABLE saved_views
    ADD COLUMN unit_id uuid,
    ADD COLUMN default_for_ids uuid[],
    ADD CONSTRAINT saved_views_unit_id_fkey FOREIGN KEY (tenant_id, unit_id) REFERENCES departments (tenant_id, id);
CREATE INDEX saved_views_unit_id_idx ON saved_views (tenant_id, unit_id, created_at, id) WHERE unit_id IS NOT NULL;
