DROP INDEX users_search_idx;
CREATE INDEX users_search_idx ON users USING gin (search_pairs) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX users_mobile_idx ON users (tenant_id, mobile NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX users_status_idx ON users (tenant_id, status, id) WHERE deleted_at IS NULL;

DROP INDEX accounts_search_idx;
CREATE INDEX accounts_search_idx ON accounts USING gin (search_pairs, department_id, owner_id) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX accounts_level_idx ON accounts (tenant_id, level NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_industry_idx ON accounts (tenant_id, industry NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_source_idx ON accounts (tenant_id, source NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_phone_idx ON accounts (tenant_id, phone NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_country_idx ON accounts (tenant_id, country NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_city_idx ON accounts (tenant_id, city NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_tags_idx ON accounts USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX accounts_deal_status_idx ON accounts (tenant_id, deal_status, id) WHERE deleted_at IS NULL;

DROP INDEX contacts_search_idx;
CREATE INDEX contacts_search_idx ON contacts USING gin (search_pairs, department_id, owner_id) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX contacts_decision_role_idx ON contacts (tenant_id, decision_role NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_mobile_idx ON contacts (tenant_id, mobile NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_phone_idx ON contacts (tenant_id, phone NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_tags_idx ON contacts USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX leads_search_idx;
CREATE INDEX leads_search_idx ON leads USING gin (search_pairs, department_id, owner_id) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX leads_status_idx ON leads (tenant_id, status, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_source_idx ON leads (tenant_id, source NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_industry_idx ON leads (tenant_id, industry NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_mobile_idx ON leads (tenant_id, mobile NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_phone_idx ON leads (tenant_id, phone NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_city_idx ON leads (tenant_id, city NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_tags_idx ON leads USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX products_search_idx;
CREATE INDEX products_search_idx ON products USING gin (search_pairs) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX products_series_idx ON products (tenant_id, series NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX products_tags_idx ON products USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX stages_search_idx;
CREATE INDEX stages_search_idx ON stages USING gin (search_pairs) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX stages_outcome_idx ON stages (tenant_id, outcome, id) WHERE deleted_at IS NULL;

DROP INDEX opportunities_search_idx;
CREATE INDEX opportunities_search_idx ON opportunities USING gin (search_pairs, department_id, owner_id) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_outcome_idx ON opportunities (tenant_id, outcome, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_source_idx ON opportunities (tenant_id, source NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_tags_idx ON opportunities USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

DROP INDEX follow_ups_search_idx;
CREATE INDEX follow_ups_search_idx ON follow_ups USING gin (search_pairs, department_id, owner_id) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_kind_idx ON follow_ups (tenant_id, kind, id) WHERE deleted_at IS NULL;

DROP INDEX tasks_search_idx;
CREATE INDEX tasks_search_idx ON tasks USING gin (search_pairs, department_id, owner_id) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX tasks_status_idx ON tasks (tenant_id, status, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_priority_idx ON tasks (tenant_id, priority NULLS FIRST, id) WHERE deleted_at IS NULL;

CREATE INDEX attachments_object_idx ON attachments (tenant_id, object, id) WHERE deleted_at IS NULL;
CREATE INDEX attachments_record_idx ON attachments (tenant_id, record, id) WHERE deleted_at IS NULL;

DROP INDEX saved_views_search_idx;
CREATE INDEX saved_views_search_idx ON saved_views USING gin (search_pairs) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX saved_views_object_idx ON saved_views (tenant_id, object, id) WHERE deleted_at IS NULL;
CREATE INDEX saved_views_visibility_idx ON saved_views (tenant_id, visibility, id) WHERE deleted_at IS NULL;

DROP INDEX field_definitions_search_idx;
CREATE INDEX field_definitions_search_idx ON field_definitions USING gin (search_pairs) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX field_definitions_object_idx ON field_definitions (tenant_id, object, id) WHERE deleted_at IS NULL;
