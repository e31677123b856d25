-- One table per standard object, as `cargo run -p kezhan-features --example ddl` prints them, and one that the
-- records of all custom objects share.

-- Department
CREATE TABLE departments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    parent_id uuid,
    manager_id uuid,
    sort_order bigint,
    external_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX departments_name_idx ON departments (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX departments_parent_id_idx ON departments (tenant_id, parent_id NULLS FIRST, created_at, id);
CREATE INDEX departments_manager_id_idx ON departments (tenant_id, manager_id NULLS FIRST, created_at, id);
CREATE UNIQUE INDEX departments_external_id_key ON departments (tenant_id, external_id NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX departments_created_at_idx ON departments (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX departments_updated_at_idx ON departments (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX departments_bin_idx ON departments (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX departments_search_idx ON departments USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Position
CREATE TABLE positions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    description text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX positions_name_key ON positions (tenant_id, name) WHERE deleted_at IS NULL;
CREATE INDEX positions_created_at_idx ON positions (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX positions_updated_at_idx ON positions (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX positions_bin_idx ON positions (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX positions_search_idx ON positions USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Role
CREATE TABLE roles (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    description text,
    grants jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX roles_name_key ON roles (tenant_id, name) WHERE deleted_at IS NULL;
CREATE INDEX roles_created_at_idx ON roles (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX roles_updated_at_idx ON roles (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX roles_bin_idx ON roles (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX roles_search_idx ON roles USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- User
CREATE TABLE users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    username text,
    email text,
    mobile text,
    mobile_e164 text,
    home_department_id uuid,
    manager_id uuid,
    position_id uuid,
    role_id uuid,
    status text NOT NULL DEFAULT 'invited',
    locale text,
    time_zone text,
    external_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX users_name_idx ON users (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_username_key ON users (tenant_id, username NULLS FIRST) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_email_key ON users (tenant_id, email NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX users_mobile_idx ON users (tenant_id, mobile NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX users_mobile_e164_idx ON users (tenant_id, mobile_e164 NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX users_home_department_id_idx ON users (tenant_id, home_department_id NULLS FIRST, created_at, id);
CREATE INDEX users_manager_id_idx ON users (tenant_id, manager_id NULLS FIRST, created_at, id);
CREATE INDEX users_position_id_idx ON users (tenant_id, position_id NULLS FIRST, created_at, id);
CREATE INDEX users_role_id_idx ON users (tenant_id, role_id NULLS FIRST, created_at, id);
CREATE INDEX users_status_idx ON users (tenant_id, status, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_external_id_key ON users (tenant_id, external_id NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX users_created_at_idx ON users (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX users_updated_at_idx ON users (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX users_bin_idx ON users (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX users_search_idx ON users USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Account
CREATE TABLE accounts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    tax_id text,
    level text,
    industry text,
    source text,
    parent_id uuid,
    phone text,
    phone_e164 text,
    email text,
    website text,
    country text,
    city text,
    address jsonb,
    location jsonb,
    employees bigint,
    annual_revenue numeric(20,4),
    currency text,
    founded bigint,
    tags text[],
    deal_status text NOT NULL DEFAULT 'not_won',
    won_at timestamptz,
    last_followed_at timestamptz,
    next_contact_at timestamptz,
    notes text,
    external_id text,
    owner_id uuid,
    department_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX accounts_name_idx ON accounts (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX accounts_tax_id_key ON accounts (tenant_id, tax_id NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX accounts_level_idx ON accounts (tenant_id, level NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_industry_idx ON accounts (tenant_id, industry NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_source_idx ON accounts (tenant_id, source NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_parent_id_idx ON accounts (tenant_id, parent_id, created_at, id) WHERE parent_id IS NOT NULL;
CREATE INDEX accounts_phone_idx ON accounts (tenant_id, phone NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_phone_e164_idx ON accounts (tenant_id, phone_e164 NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_email_idx ON accounts (tenant_id, email NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_country_idx ON accounts (tenant_id, country NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_city_idx ON accounts (tenant_id, city NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_employees_idx ON accounts (tenant_id, employees NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_annual_revenue_idx ON accounts (tenant_id, annual_revenue NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_tags_idx ON accounts USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX accounts_deal_status_idx ON accounts (tenant_id, deal_status, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_won_at_idx ON accounts (tenant_id, won_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_last_followed_at_idx ON accounts (tenant_id, last_followed_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_next_contact_at_idx ON accounts (tenant_id, next_contact_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX accounts_external_id_key ON accounts (tenant_id, external_id NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX accounts_owner_id_idx ON accounts (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_department_id_idx ON accounts (tenant_id, department_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_created_at_idx ON accounts (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_updated_at_idx ON accounts (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX accounts_bin_idx ON accounts (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX accounts_search_idx ON accounts USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Contact
CREATE TABLE contacts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    account_id uuid,
    job_title text,
    department_name text,
    decision_role text,
    gender text,
    mobile text,
    mobile_e164 text,
    phone text,
    phone_e164 text,
    email text,
    wechat text,
    address jsonb,
    birthday date,
    reports_to_id uuid,
    tags text[],
    last_followed_at timestamptz,
    notes text,
    external_id text,
    owner_id uuid,
    department_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX contacts_name_idx ON contacts (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_account_id_idx ON contacts (tenant_id, account_id NULLS FIRST, created_at, id);
CREATE INDEX contacts_decision_role_idx ON contacts (tenant_id, decision_role NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_mobile_idx ON contacts (tenant_id, mobile NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_mobile_e164_idx ON contacts (tenant_id, mobile_e164 NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_phone_idx ON contacts (tenant_id, phone NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_phone_e164_idx ON contacts (tenant_id, phone_e164 NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_email_idx ON contacts (tenant_id, email NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_reports_to_id_idx ON contacts (tenant_id, reports_to_id, created_at, id) WHERE reports_to_id IS NOT NULL;
CREATE INDEX contacts_tags_idx ON contacts USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX contacts_last_followed_at_idx ON contacts (tenant_id, last_followed_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX contacts_external_id_key ON contacts (tenant_id, external_id NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX contacts_owner_id_idx ON contacts (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_department_id_idx ON contacts (tenant_id, department_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_created_at_idx ON contacts (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_updated_at_idx ON contacts (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_bin_idx ON contacts (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX contacts_search_idx ON contacts USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Lead
CREATE TABLE leads (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    company text,
    job_title text,
    status text NOT NULL DEFAULT 'new',
    source text,
    industry text,
    mobile text,
    mobile_e164 text,
    phone text,
    phone_e164 text,
    email text,
    wechat text,
    city text,
    address jsonb,
    tags text[],
    last_followed_at timestamptz,
    next_contact_at timestamptz,
    converted_account_id uuid,
    converted_contact_id uuid,
    converted_opportunity_id uuid,
    notes text,
    external_id text,
    owner_id uuid,
    department_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX leads_name_idx ON leads (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_company_idx ON leads (tenant_id, company NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_status_idx ON leads (tenant_id, status, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_source_idx ON leads (tenant_id, source NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_industry_idx ON leads (tenant_id, industry NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_mobile_idx ON leads (tenant_id, mobile NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_mobile_e164_idx ON leads (tenant_id, mobile_e164 NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_phone_idx ON leads (tenant_id, phone NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_phone_e164_idx ON leads (tenant_id, phone_e164 NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_email_idx ON leads (tenant_id, email NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_city_idx ON leads (tenant_id, city NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_tags_idx ON leads USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE INDEX leads_last_followed_at_idx ON leads (tenant_id, last_followed_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_next_contact_at_idx ON leads (tenant_id, next_contact_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_converted_account_id_idx ON leads (tenant_id, converted_account_id, created_at, id) WHERE converted_account_id IS NOT NULL;
CREATE INDEX leads_converted_contact_id_idx ON leads (tenant_id, converted_contact_id, created_at, id) WHERE converted_contact_id IS NOT NULL;
CREATE INDEX leads_converted_opportunity_id_idx ON leads (tenant_id, converted_opportunity_id, created_at, id) WHERE converted_opportunity_id IS NOT NULL;
CREATE UNIQUE INDEX leads_external_id_key ON leads (tenant_id, external_id NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX leads_owner_id_idx ON leads (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_department_id_idx ON leads (tenant_id, department_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_created_at_idx ON leads (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_updated_at_idx ON leads (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_bin_idx ON leads (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX leads_search_idx ON leads USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Product
CREATE TABLE products (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    code text,
    series text,
    price numeric(20,4),
    currency text,
    unit text,
    active boolean NOT NULL DEFAULT true,
    tags text[],
    description text,
    external_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX products_name_idx ON products (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX products_code_key ON products (tenant_id, code NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX products_series_idx ON products (tenant_id, series NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX products_price_idx ON products (tenant_id, price NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX products_active_idx ON products (tenant_id, active, id) WHERE deleted_at IS NULL;
CREATE INDEX products_tags_idx ON products USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX products_external_id_key ON products (tenant_id, external_id NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX products_created_at_idx ON products (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_updated_at_idx ON products (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_bin_idx ON products (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX products_search_idx ON products USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Pipeline
CREATE TABLE pipelines (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    sort_order bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX pipelines_name_key ON pipelines (tenant_id, name) WHERE deleted_at IS NULL;
CREATE INDEX pipelines_is_default_idx ON pipelines (tenant_id, is_default, id) WHERE deleted_at IS NULL;
CREATE INDEX pipelines_created_at_idx ON pipelines (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX pipelines_updated_at_idx ON pipelines (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX pipelines_bin_idx ON pipelines (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX pipelines_search_idx ON pipelines USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Stage
CREATE TABLE stages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    name_en text,
    pipeline_id uuid,
    outcome text NOT NULL DEFAULT 'open',
    probability numeric(20,4),
    sort_order bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX stages_name_idx ON stages (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX stages_pipeline_id_idx ON stages (tenant_id, pipeline_id NULLS FIRST, created_at, id);
CREATE INDEX stages_outcome_idx ON stages (tenant_id, outcome, id) WHERE deleted_at IS NULL;
CREATE INDEX stages_sort_order_idx ON stages (tenant_id, sort_order NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX stages_created_at_idx ON stages (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX stages_updated_at_idx ON stages (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX stages_bin_idx ON stages (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX stages_search_idx ON stages USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Opportunity
CREATE TABLE opportunities (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    number text,
    account_id uuid,
    contact_id uuid,
    pipeline_id uuid,
    stage_id uuid,
    outcome text NOT NULL DEFAULT 'open',
    amount numeric(20,4),
    currency text,
    probability numeric(20,4),
    product_id uuid,
    engaged_on date,
    expected_close date,
    closed_on date,
    lost_reason text,
    source text,
    tags text[],
    notes text,
    external_id text,
    owner_id uuid,
    department_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX opportunities_name_idx ON opportunities (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX opportunities_number_key ON opportunities (tenant_id, number NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_account_id_idx ON opportunities (tenant_id, account_id NULLS FIRST, created_at, id);
CREATE INDEX opportunities_contact_id_idx ON opportunities (tenant_id, contact_id, created_at, id) WHERE contact_id IS NOT NULL;
CREATE INDEX opportunities_pipeline_id_idx ON opportunities (tenant_id, pipeline_id, created_at, id) WHERE pipeline_id IS NOT NULL;
CREATE INDEX opportunities_stage_id_idx ON opportunities (tenant_id, stage_id NULLS FIRST, created_at, id);
CREATE INDEX opportunities_outcome_idx ON opportunities (tenant_id, outcome, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_amount_idx ON opportunities (tenant_id, amount NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_product_id_idx ON opportunities (tenant_id, product_id NULLS FIRST, created_at, id);
CREATE INDEX opportunities_engaged_on_idx ON opportunities (tenant_id, engaged_on NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_expected_close_idx ON opportunities (tenant_id, expected_close NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_closed_on_idx ON opportunities (tenant_id, closed_on NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_source_idx ON opportunities (tenant_id, source NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_tags_idx ON opportunities USING gin (tags) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX opportunities_external_id_key ON opportunities (tenant_id, external_id NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_owner_id_idx ON opportunities (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_department_id_idx ON opportunities (tenant_id, department_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_created_at_idx ON opportunities (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_updated_at_idx ON opportunities (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunities_bin_idx ON opportunities (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX opportunities_search_idx ON opportunities USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Opportunity line
CREATE TABLE opportunity_lines (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    product_id uuid,
    description text COLLATE "zh-x-icu",
    quantity numeric(20,4) NOT NULL DEFAULT 1,
    unit_price numeric(20,4),
    discount numeric(20,4),
    total numeric(20,4),
    currency text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX opportunity_lines_opportunity_id_idx ON opportunity_lines (tenant_id, opportunity_id, created_at, id);
CREATE INDEX opportunity_lines_product_id_idx ON opportunity_lines (tenant_id, product_id NULLS FIRST, created_at, id);
CREATE INDEX opportunity_lines_created_at_idx ON opportunity_lines (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunity_lines_updated_at_idx ON opportunity_lines (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX opportunity_lines_bin_idx ON opportunity_lines (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX opportunity_lines_search_idx ON opportunity_lines USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Follow-up
CREATE TABLE follow_ups (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL DEFAULT 'call',
    content text NOT NULL,
    happened_at timestamptz,
    account_id uuid,
    contact_id uuid,
    lead_id uuid,
    opportunity_id uuid,
    next_contact_at timestamptz,
    location jsonb,
    owner_id uuid,
    department_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX follow_ups_kind_idx ON follow_ups (tenant_id, kind, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_happened_at_idx ON follow_ups (tenant_id, happened_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_account_id_idx ON follow_ups (tenant_id, account_id NULLS FIRST, created_at, id);
CREATE INDEX follow_ups_contact_id_idx ON follow_ups (tenant_id, contact_id NULLS FIRST, created_at, id);
CREATE INDEX follow_ups_lead_id_idx ON follow_ups (tenant_id, lead_id, created_at, id) WHERE lead_id IS NOT NULL;
CREATE INDEX follow_ups_opportunity_id_idx ON follow_ups (tenant_id, opportunity_id, created_at, id) WHERE opportunity_id IS NOT NULL;
CREATE INDEX follow_ups_next_contact_at_idx ON follow_ups (tenant_id, next_contact_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_owner_id_idx ON follow_ups (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_department_id_idx ON follow_ups (tenant_id, department_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_created_at_idx ON follow_ups (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_updated_at_idx ON follow_ups (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_bin_idx ON follow_ups (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX follow_ups_search_idx ON follow_ups USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Task
CREATE TABLE tasks (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    subject text COLLATE "zh-x-icu" NOT NULL,
    status text NOT NULL DEFAULT 'todo',
    priority text,
    due_at timestamptz,
    completed_at timestamptz,
    account_id uuid,
    contact_id uuid,
    lead_id uuid,
    opportunity_id uuid,
    description text,
    owner_id uuid,
    department_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX tasks_subject_idx ON tasks (tenant_id, subject, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_status_idx ON tasks (tenant_id, status, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_priority_idx ON tasks (tenant_id, priority NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_due_at_idx ON tasks (tenant_id, due_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_completed_at_idx ON tasks (tenant_id, completed_at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_account_id_idx ON tasks (tenant_id, account_id NULLS FIRST, created_at, id);
CREATE INDEX tasks_contact_id_idx ON tasks (tenant_id, contact_id, created_at, id) WHERE contact_id IS NOT NULL;
CREATE INDEX tasks_lead_id_idx ON tasks (tenant_id, lead_id, created_at, id) WHERE lead_id IS NOT NULL;
CREATE INDEX tasks_opportunity_id_idx ON tasks (tenant_id, opportunity_id, created_at, id) WHERE opportunity_id IS NOT NULL;
CREATE INDEX tasks_owner_id_idx ON tasks (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_department_id_idx ON tasks (tenant_id, department_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_created_at_idx ON tasks (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_updated_at_idx ON tasks (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_bin_idx ON tasks (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX tasks_search_idx ON tasks USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Attachment
CREATE TABLE attachments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    object text NOT NULL,
    record text NOT NULL,
    content_type text,
    size bigint,
    sha256 text,
    storage_key text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX attachments_object_idx ON attachments (tenant_id, object, id) WHERE deleted_at IS NULL;
CREATE INDEX attachments_record_idx ON attachments (tenant_id, record, id) WHERE deleted_at IS NULL;
CREATE INDEX attachments_created_at_idx ON attachments (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX attachments_updated_at_idx ON attachments (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX attachments_target_idx ON attachments (tenant_id, object, record, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX attachments_bin_idx ON attachments (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX attachments_search_idx ON attachments USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Saved view
CREATE TABLE saved_views (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    object text NOT NULL,
    settings jsonb NOT NULL,
    visibility text NOT NULL DEFAULT 'private',
    sort_order bigint,
    owner_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX saved_views_object_idx ON saved_views (tenant_id, object, id) WHERE deleted_at IS NULL;
CREATE INDEX saved_views_visibility_idx ON saved_views (tenant_id, visibility, id) WHERE deleted_at IS NULL;
CREATE INDEX saved_views_owner_id_idx ON saved_views (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX saved_views_created_at_idx ON saved_views (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX saved_views_updated_at_idx ON saved_views (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX saved_views_bin_idx ON saved_views (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX saved_views_search_idx ON saved_views USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Custom object
CREATE TABLE object_definitions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    plural text NOT NULL,
    label_zh text COLLATE "zh-x-icu" NOT NULL,
    label_en text NOT NULL,
    icon text,
    description text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX object_definitions_key_key ON object_definitions (tenant_id, key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX object_definitions_plural_key ON object_definitions (tenant_id, plural) WHERE deleted_at IS NULL;
CREATE INDEX object_definitions_created_at_idx ON object_definitions (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX object_definitions_updated_at_idx ON object_definitions (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX object_definitions_bin_idx ON object_definitions (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX object_definitions_search_idx ON object_definitions USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Custom field
CREATE TABLE field_definitions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    object text NOT NULL,
    key text NOT NULL,
    path text,
    label_zh text COLLATE "zh-x-icu" NOT NULL,
    label_en text NOT NULL,
    kind text NOT NULL,
    settings jsonb,
    required boolean NOT NULL DEFAULT false,
    is_unique boolean NOT NULL DEFAULT false,
    is_indexed boolean NOT NULL DEFAULT false,
    in_list boolean NOT NULL DEFAULT false,
    section text,
    help text,
    sort_order bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX field_definitions_object_idx ON field_definitions (tenant_id, object, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX field_definitions_path_key ON field_definitions (tenant_id, path NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX field_definitions_created_at_idx ON field_definitions (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX field_definitions_updated_at_idx ON field_definitions (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX field_definitions_bin_idx ON field_definitions (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX field_definitions_search_idx ON field_definitions USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

--
CREATE TABLE custom_records (
    tenant_id uuid NOT NULL,
    object text NOT NULL,
    id uuid NOT NULL,
    owner_id uuid,
    department_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX custom_records_owner_id_idx ON custom_records (tenant_id, object, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX custom_records_department_id_idx ON custom_records (tenant_id, object, department_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX custom_records_created_at_idx ON custom_records (tenant_id, object, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX custom_records_updated_at_idx ON custom_records (tenant_id, object, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX custom_records_bin_idx ON custom_records (tenant_id, object, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX custom_records_search_idx ON custom_records USING gin (bigrams(search_text)) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

ALTER TABLE departments
    ADD CONSTRAINT departments_parent_id_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES departments (tenant_id, id),
    ADD CONSTRAINT departments_manager_id_fkey FOREIGN KEY (tenant_id, manager_id) REFERENCES users (tenant_id, id);

ALTER TABLE users
    ADD CONSTRAINT users_home_department_id_fkey FOREIGN KEY (tenant_id, home_department_id) REFERENCES departments (tenant_id, id),
    ADD CONSTRAINT users_manager_id_fkey FOREIGN KEY (tenant_id, manager_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT users_position_id_fkey FOREIGN KEY (tenant_id, position_id) REFERENCES positions (tenant_id, id),
    ADD CONSTRAINT users_role_id_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id);

ALTER TABLE accounts
    ADD CONSTRAINT accounts_parent_id_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES accounts (tenant_id, id),
    ADD CONSTRAINT accounts_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT accounts_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

ALTER TABLE contacts
    ADD CONSTRAINT contacts_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    ADD CONSTRAINT contacts_reports_to_id_fkey FOREIGN KEY (tenant_id, reports_to_id) REFERENCES contacts (tenant_id, id),
    ADD CONSTRAINT contacts_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT contacts_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

ALTER TABLE leads
    ADD CONSTRAINT leads_converted_account_id_fkey FOREIGN KEY (tenant_id, converted_account_id) REFERENCES accounts (tenant_id, id),
    ADD CONSTRAINT leads_converted_contact_id_fkey FOREIGN KEY (tenant_id, converted_contact_id) REFERENCES contacts (tenant_id, id),
    ADD CONSTRAINT leads_converted_opportunity_id_fkey FOREIGN KEY (tenant_id, converted_opportunity_id) REFERENCES opportunities (tenant_id, id),
    ADD CONSTRAINT leads_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT leads_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

ALTER TABLE stages
    ADD CONSTRAINT stages_pipeline_id_fkey FOREIGN KEY (tenant_id, pipeline_id) REFERENCES pipelines (tenant_id, id);

ALTER TABLE opportunities
    ADD CONSTRAINT opportunities_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    ADD CONSTRAINT opportunities_contact_id_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    ADD CONSTRAINT opportunities_pipeline_id_fkey FOREIGN KEY (tenant_id, pipeline_id) REFERENCES pipelines (tenant_id, id),
    ADD CONSTRAINT opportunities_stage_id_fkey FOREIGN KEY (tenant_id, stage_id) REFERENCES stages (tenant_id, id),
    ADD CONSTRAINT opportunities_product_id_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id),
    ADD CONSTRAINT opportunities_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT opportunities_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

ALTER TABLE opportunity_lines
    ADD CONSTRAINT opportunity_lines_opportunity_id_fkey FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunities (tenant_id, id),
    ADD CONSTRAINT opportunity_lines_product_id_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id);

ALTER TABLE follow_ups
    ADD CONSTRAINT follow_ups_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    ADD CONSTRAINT follow_ups_contact_id_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    ADD CONSTRAINT follow_ups_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id),
    ADD CONSTRAINT follow_ups_opportunity_id_fkey FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunities (tenant_id, id),
    ADD CONSTRAINT follow_ups_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT follow_ups_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

ALTER TABLE tasks
    ADD CONSTRAINT tasks_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    ADD CONSTRAINT tasks_contact_id_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    ADD CONSTRAINT tasks_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id),
    ADD CONSTRAINT tasks_opportunity_id_fkey FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunities (tenant_id, id),
    ADD CONSTRAINT tasks_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT tasks_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

ALTER TABLE saved_views
    ADD CONSTRAINT saved_views_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id);

ALTER TABLE custom_records
    ADD CONSTRAINT custom_records_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT custom_records_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
