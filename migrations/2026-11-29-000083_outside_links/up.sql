-- Whose profile it is that an identity is to be linked with; nobody's where somebody wants in.
ALTER TABLE outside_sign_ins ADD COLUMN user_id uuid;

-- Signing out here leads on to the provider.
ALTER TABLE identity_providers ADD COLUMN signs_out boolean NOT NULL DEFAULT false;
