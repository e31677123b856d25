-- Processing purpose
CREATE TABLE processing_purposes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    legal_basis text NOT NULL DEFAULT 'consent',
    notice text,
    notice_version text,
    recipients text,
    abroad text,
    months bigint,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    search_pairs integer[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX processing_purposes_name_key ON processing_purposes (tenant_id, name) WHERE deleted_at IS NULL;
CREATE INDEX processing_purposes_created_at_idx ON processing_purposes (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX processing_purposes_updated_at_idx ON processing_purposes (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX processing_purposes_bin_idx ON processing_purposes (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX processing_purposes_search_idx ON processing_purposes USING gin (search_pairs, legal_basis) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Consent
CREATE TABLE consents (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text,
    contact_id uuid NOT NULL,
    purpose_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'given',
    channel text NOT NULL DEFAULT 'form',
    at timestamptz,
    until timestamptz,
    notice_version text,
    evidence text,
    current boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX consents_number_key ON consents (tenant_id, number NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX consents_contact_id_idx ON consents (tenant_id, contact_id, created_at, id);
CREATE INDEX consents_purpose_id_idx ON consents (tenant_id, purpose_id, created_at, id);
CREATE INDEX consents_state_idx ON consents (tenant_id, state, id) WHERE deleted_at IS NULL;
CREATE INDEX consents_channel_idx ON consents (tenant_id, channel, id) WHERE deleted_at IS NULL;
CREATE INDEX consents_at_idx ON consents (tenant_id, at NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX consents_until_idx ON consents (tenant_id, until NULLS FIRST, id) WHERE deleted_at IS NULL;
CREATE INDEX consents_current_idx ON consents (tenant_id, current, id) WHERE deleted_at IS NULL;
CREATE INDEX consents_created_at_idx ON consents (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX consents_updated_at_idx ON consents (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX consents_bin_idx ON consents (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

-- Subject request
CREATE TABLE subject_requests (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text,
    kind text NOT NULL,
    requester text NOT NULL,
    reach text,
    content text,
    contact_id uuid,
    lead_id uuid,
    verification text,
    status text NOT NULL DEFAULT 'new',
    received_at timestamptz,
    due_at timestamptz,
    extension text,
    answer text,
    completed_at timestamptz,
    evidence text,
    owner_id uuid,
    department_id uuid,
    confidential boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    search_text text NOT NULL DEFAULT '',
    search_pairs integer[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX subject_requests_number_key ON subject_requests (tenant_id, number NULLS FIRST) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_requester_idx ON subject_requests (tenant_id, requester, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_contact_id_idx ON subject_requests (tenant_id, contact_id NULLS FIRST, created_at, id);
CREATE INDEX subject_requests_lead_id_idx ON subject_requests (tenant_id, lead_id, created_at, id) WHERE lead_id IS NOT NULL;
CREATE INDEX subject_requests_received_at_idx ON subject_requests (tenant_id, received_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_due_at_idx ON subject_requests (tenant_id, due_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_completed_at_idx ON subject_requests (tenant_id, completed_at NULLS FIRST, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_owner_id_idx ON subject_requests (tenant_id, owner_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_department_id_idx ON subject_requests (tenant_id, department_id NULLS FIRST, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_created_at_idx ON subject_requests (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_updated_at_idx ON subject_requests (tenant_id, updated_at, id, department_id) WHERE deleted_at IS NULL;
CREATE INDEX subject_requests_bin_idx ON subject_requests (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX subject_requests_search_idx ON subject_requests USING gin (search_pairs, department_id, owner_id, kind, status) WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;

-- Retention rule
CREATE TABLE retention_rules (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "zh-x-icu" NOT NULL,
    object text NOT NULL,
    condition jsonb,
    since text NOT NULL DEFAULT 'updated_at',
    months bigint NOT NULL,
    act text NOT NULL DEFAULT 'anonymise',
    active boolean NOT NULL DEFAULT false,
    last_run_at timestamptz,
    last_count bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_id uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id uuid,
    version integer NOT NULL DEFAULT 1,
    deleted_at timestamptz,
    deleted_by_id uuid,
    custom jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX retention_rules_name_key ON retention_rules (tenant_id, name) WHERE deleted_at IS NULL;
CREATE INDEX retention_rules_active_idx ON retention_rules (tenant_id, active, id) WHERE deleted_at IS NULL;
CREATE INDEX retention_rules_created_at_idx ON retention_rules (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX retention_rules_updated_at_idx ON retention_rules (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX retention_rules_bin_idx ON retention_rules (tenant_id, created_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE consents
    ADD CONSTRAINT consents_contact_id_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    ADD CONSTRAINT consents_purpose_id_fkey FOREIGN KEY (tenant_id, purpose_id) REFERENCES processing_purposes (tenant_id, id);

ALTER TABLE subject_requests
    ADD CONSTRAINT subject_requests_contact_id_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    ADD CONSTRAINT subject_requests_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id),
    ADD CONSTRAINT subject_requests_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    ADD CONSTRAINT subject_requests_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

-- Kept, and otherwise left alone.
ALTER TABLE contacts ADD COLUMN processing_restricted boolean NOT NULL DEFAULT false;
ALTER TABLE leads ADD COLUMN processing_restricted boolean NOT NULL DEFAULT false;
