ALTER TABLE identity_providers DROP COLUMN signs_out;
ALTER TABLE outside_sign_ins DROP COLUMN user_id;
