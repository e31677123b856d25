-- Who lists one department in any order walks past the records of the others without looking at them. Takes some
-- seconds for each million records.

SET LOCAL maintenance_work_mem = '256MB';

DROP INDEX accounts_name_idx,
    accounts_phone_e164_idx,
    accounts_email_idx,
    accounts_employees_idx,
    accounts_annual_revenue_idx,
    accounts_won_at_idx,
    accounts_last_followed_at_idx,
    accounts_next_contact_at_idx,
    accounts_updated_at_idx;
CREATE INDEX accounts_name_idx ON accounts (tenant_id, name, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_phone_e164_idx ON accounts (tenant_id, phone_e164 NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_email_idx ON accounts (tenant_id, email NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_employees_idx ON accounts (tenant_id, employees NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_annual_revenue_idx ON accounts (tenant_id, annual_revenue NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_won_at_idx ON accounts (tenant_id, won_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_last_followed_at_idx ON accounts (tenant_id, last_followed_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_next_contact_at_idx ON accounts (tenant_id, next_contact_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_updated_at_idx ON accounts (tenant_id, updated_at, id, department_id) WHERE deleted_at IS NULL;

DROP INDEX contacts_name_idx,
    contacts_mobile_e164_idx,
    contacts_phone_e164_idx,
    contacts_email_idx,
    contacts_last_followed_at_idx,
    contacts_updated_at_idx;
CREATE INDEX contacts_name_idx ON contacts (tenant_id, name, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_mobile_e164_idx ON contacts (tenant_id, mobile_e164 NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_phone_e164_idx ON contacts (tenant_id, phone_e164 NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_email_idx ON contacts (tenant_id, email NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_last_followed_at_idx ON contacts (tenant_id, last_followed_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_updated_at_idx ON contacts (tenant_id, updated_at, id, department_id) WHERE deleted_at IS NULL;

DROP INDEX leads_name_idx,
    leads_company_idx,
    leads_mobile_e164_idx,
    leads_phone_e164_idx,
    leads_email_idx,
    leads_last_followed_at_idx,
    leads_next_contact_at_idx,
    leads_updated_at_idx;
CREATE INDEX leads_name_idx ON leads (tenant_id, name, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_company_idx ON leads (tenant_id, company NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_mobile_e164_idx ON leads (tenant_id, mobile_e164 NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_phone_e164_idx ON leads (tenant_id, phone_e164 NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_email_idx ON leads (tenant_id, email NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_last_followed_at_idx ON leads (tenant_id, last_followed_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_next_contact_at_idx ON leads (tenant_id, next_contact_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_updated_at_idx ON leads (tenant_id, updated_at, id, department_id) WHERE deleted_at IS NULL;

DROP INDEX opportunities_name_idx,
    opportunities_amount_idx,
    opportunities_engaged_on_idx,
    opportunities_expected_close_idx,
    opportunities_closed_on_idx,
    opportunities_updated_at_idx;
CREATE INDEX opportunities_name_idx ON opportunities (tenant_id, name, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_amount_idx ON opportunities (tenant_id, amount NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_engaged_on_idx ON opportunities (tenant_id, engaged_on NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_expected_close_idx ON opportunities (tenant_id, expected_close NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_closed_on_idx ON opportunities (tenant_id, closed_on NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_updated_at_idx ON opportunities (tenant_id, updated_at, id, department_id) WHERE deleted_at IS NULL;

DROP INDEX follow_ups_happened_at_idx,
    follow_ups_next_contact_at_idx,
    follow_ups_updated_at_idx;
CREATE INDEX follow_ups_happened_at_idx ON follow_ups (tenant_id, happened_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_next_contact_at_idx ON follow_ups (tenant_id, next_contact_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_updated_at_idx ON follow_ups (tenant_id, updated_at, id, department_id) WHERE deleted_at IS NULL;

DROP INDEX tasks_subject_idx,
    tasks_due_at_idx,
    tasks_completed_at_idx,
    tasks_updated_at_idx;
CREATE INDEX tasks_subject_idx ON tasks (tenant_id, subject, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_due_at_idx ON tasks (tenant_id, due_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_completed_at_idx ON tasks (tenant_id, completed_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_updated_at_idx ON tasks (tenant_id, updated_at, id, department_id) WHERE deleted_at IS NULL;

DROP INDEX custom_records_updated_at_idx;
CREATE INDEX custom_records_updated_at_idx ON custom_records (tenant_id, object, updated_at, id, department_id) WHERE deleted_at IS NULL;

-- The indexes of tenants' own fields.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT indexname AS name, indexdef AS definition FROM pg_indexes
        WHERE schemaname = 'public' AND indexname LIKE '%\_custom' AND indexdef LIKE '%, id) WHERE%'
            AND tablename IN (SELECT table_name FROM information_schema.columns
                              WHERE table_schema = 'public' AND column_name = 'department_id')
    LOOP
        EXECUTE format('DROP INDEX %I', found.name);
        EXECUTE replace(found.definition, ', id) WHERE', ', id, department_id) WHERE');
    END LOOP;
END
$$;
