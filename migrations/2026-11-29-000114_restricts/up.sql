-- Whether a company has ever restricted the processing of somebody's data. Where it has not, no list looks for it.
ALTER TABLE tenants ADD COLUMN restricts boolean NOT NULL DEFAULT false;
UPDATE tenants t SET restricts = true
WHERE EXISTS (SELECT 1 FROM contacts c WHERE c.tenant_id = t.id AND c.processing_restricted)
   OR EXISTS (SELECT 1 FROM leads l WHERE l.tenant_id = t.id AND l.processing_restricted);
