DROP INDEX oauth_clients_id_idx;
