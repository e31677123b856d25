DROP TABLE field_policies;
