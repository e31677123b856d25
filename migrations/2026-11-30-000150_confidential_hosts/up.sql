-- The few records that are confidential: what happened with them is asked for them row by row.
CREATE INDEX accounts_confidential_idx ON accounts (tenant_id, id) WHERE confidential;
CREATE INDEX contacts_confidential_idx ON contacts (tenant_id, id) WHERE confidential;
CREATE INDEX custom_records_confidential_idx ON custom_records (tenant_id, object, id) WHERE confidential;
CREATE INDEX follow_ups_confidential_idx ON follow_ups (tenant_id, id) WHERE confidential;
CREATE INDEX leads_confidential_idx ON leads (tenant_id, id) WHERE confidential;
CREATE INDEX opportunities_confidential_idx ON opportunities (tenant_id, id) WHERE confidential;
CREATE INDEX subject_requests_confidential_idx ON subject_requests (tenant_id, id) WHERE confidential;
CREATE INDEX tasks_confidential_idx ON tasks (tenant_id, id) WHERE confidential;
