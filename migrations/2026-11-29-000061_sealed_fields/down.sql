ALTER TABLE field_definitions DROP COLUMN is_sealed;
ALTER TABLE accounts DROP COLUMN bank_account;
ALTER TABLE contacts DROP COLUMN id_number;
DROP FUNCTION sealed_index;
