-- What equal values of a sealed field have in common, out of `sealed:1.<index>.<sealed>`.
CREATE FUNCTION sealed_index(stored text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN starts_with(stored, 'sealed:1.') THEN nullif(split_part(stored, '.', 2), '') END;

ALTER TABLE contacts ADD COLUMN id_number text;
CREATE INDEX contacts_id_number_idx ON contacts (tenant_id, sealed_index(id_number)) WHERE deleted_at IS NULL;
ALTER TABLE accounts ADD COLUMN bank_account text;
ALTER TABLE field_definitions ADD COLUMN is_sealed boolean NOT NULL DEFAULT false;
