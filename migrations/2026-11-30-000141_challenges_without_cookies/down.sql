ALTER TABLE sign_in_challenges DROP COLUMN needs_device;
