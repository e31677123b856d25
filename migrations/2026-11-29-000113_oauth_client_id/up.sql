-- Applications name themselves by their id alone, before it is known whose they are.
CREATE INDEX oauth_clients_id_idx ON oauth_clients (id);
