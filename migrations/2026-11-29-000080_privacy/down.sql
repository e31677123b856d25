ALTER TABLE leads DROP COLUMN processing_restricted;
ALTER TABLE contacts DROP COLUMN processing_restricted;
DROP TABLE retention_rules, subject_requests, consents, processing_purposes;
