DROP TABLE outside_sign_ins;
DROP TABLE outside_identities;
DROP TABLE sign_in_secrets;
DROP TABLE directories;
DROP TABLE identity_providers;
