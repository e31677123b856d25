DROP TABLE sign_in_failures;
DROP TABLE api_keys;
DROP TABLE sessions;
DROP TABLE credentials;
