ALTER TABLE accounts
    ADD CONSTRAINT accounts_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT accounts_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
ALTER TABLE contacts
    ADD CONSTRAINT contacts_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT contacts_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
ALTER TABLE leads
    ADD CONSTRAINT leads_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT leads_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
ALTER TABLE opportunities
    ADD CONSTRAINT opportunities_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT opportunities_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
ALTER TABLE follow_ups
    ADD CONSTRAINT follow_ups_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT follow_ups_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
ALTER TABLE tasks
    ADD CONSTRAINT tasks_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT tasks_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
ALTER TABLE saved_views
    ADD CONSTRAINT saved_views_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id);
ALTER TABLE custom_records
    ADD CONSTRAINT custom_records_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT custom_records_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
ALTER TABLE notifications
    ADD CONSTRAINT notifications_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id);
ALTER TABLE favorites
    ADD CONSTRAINT favorites_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id);
