-- A foreign key makes each write lock the row that it leads to: the one row of a person or a department, which a whole
-- team writes beside each other. Neither is ever removed for good, and the write path looks whether they are there.

ALTER TABLE accounts
    DROP CONSTRAINT accounts_owner_id_fkey,
    DROP CONSTRAINT accounts_department_id_fkey;
ALTER TABLE contacts
    DROP CONSTRAINT contacts_owner_id_fkey,
    DROP CONSTRAINT contacts_department_id_fkey;
ALTER TABLE leads
    DROP CONSTRAINT leads_owner_id_fkey,
    DROP CONSTRAINT leads_department_id_fkey;
ALTER TABLE opportunities
    DROP CONSTRAINT opportunities_owner_id_fkey,
    DROP CONSTRAINT opportunities_department_id_fkey;
ALTER TABLE follow_ups
    DROP CONSTRAINT follow_ups_owner_id_fkey,
    DROP CONSTRAINT follow_ups_department_id_fkey;
ALTER TABLE tasks
    DROP CONSTRAINT tasks_owner_id_fkey,
    DROP CONSTRAINT tasks_department_id_fkey;
ALTER TABLE saved_views
    DROP CONSTRAINT saved_views_owner_id_fkey;
ALTER TABLE custom_records
    DROP CONSTRAINT custom_records_owner_id_fkey,
    DROP CONSTRAINT custom_records_department_id_fkey;
ALTER TABLE notifications
    DROP CONSTRAINT notifications_owner_id_fkey;
ALTER TABLE favorites
    DROP CONSTRAINT favorites_owner_id_fkey;
