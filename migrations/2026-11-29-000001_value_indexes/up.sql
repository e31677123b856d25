-- Words out of few (choices, tags, cities, telephone numbers as they were typed) are found in the search index, where
-- whose a record is stands as well: each index less makes every write cheaper, and a filter by several of them within a
-- department is one look into one index. See `ddl::way`.
--
-- Every search index with such words is built anew, which takes about a minute for each million records.

SET LOCAL maintenance_work_mem = '256MB';

DROP INDEX users_mobile_idx,
    users_status_idx,
    users_search_idx;
CREATE INDEX users_search_idx ON users USING gin (search_pairs, mobile, status) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX accounts_level_idx,
    accounts_industry_idx,
    accounts_source_idx,
    accounts_phone_idx,
    accounts_country_idx,
    accounts_city_idx,
    accounts_tags_idx,
    accounts_deal_status_idx,
    accounts_search_idx;
CREATE INDEX accounts_search_idx ON accounts USING gin (search_pairs, department_id, owner_id, level, industry, source, phone, country, city, tags, deal_status) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX contacts_decision_role_idx,
    contacts_mobile_idx,
    contacts_phone_idx,
    contacts_tags_idx,
    contacts_search_idx;
CREATE INDEX contacts_search_idx ON contacts USING gin (search_pairs, department_id, owner_id, decision_role, mobile, phone, tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX leads_status_idx,
    leads_source_idx,
    leads_industry_idx,
    leads_mobile_idx,
    leads_phone_idx,
    leads_city_idx,
    leads_tags_idx,
    leads_search_idx;
CREATE INDEX leads_search_idx ON leads USING gin (search_pairs, department_id, owner_id, status, source, industry, mobile, phone, city, tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX products_series_idx,
    products_tags_idx,
    products_search_idx;
CREATE INDEX products_search_idx ON products USING gin (search_pairs, series, tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX stages_outcome_idx,
    stages_search_idx;
CREATE INDEX stages_search_idx ON stages USING gin (search_pairs, outcome) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX opportunities_outcome_idx,
    opportunities_source_idx,
    opportunities_tags_idx,
    opportunities_search_idx;
CREATE INDEX opportunities_search_idx ON opportunities USING gin (search_pairs, department_id, owner_id, outcome, source, tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX follow_ups_kind_idx,
    follow_ups_search_idx;
CREATE INDEX follow_ups_search_idx ON follow_ups USING gin (search_pairs, department_id, owner_id, kind) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX tasks_status_idx,
    tasks_priority_idx,
    tasks_search_idx;
CREATE INDEX tasks_search_idx ON tasks USING gin (search_pairs, department_id, owner_id, status, priority) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX attachments_object_idx,
    attachments_record_idx;

DROP INDEX saved_views_object_idx,
    saved_views_visibility_idx,
    saved_views_search_idx;
CREATE INDEX saved_views_search_idx ON saved_views USING gin (search_pairs, object, visibility) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX field_definitions_object_idx,
    field_definitions_search_idx;
CREATE INDEX field_definitions_search_idx ON field_definitions USING gin (search_pairs, object) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
