-- The registry: registered models and prompts, their versions, tags and aliases.

-- A model has two names: `name`, as whoever made it wrote it, and `full_name`, catalog.schema.model, by which every
-- dialect finds it. See docs/decisions/0004-registry-names.md.
CREATE TABLE registered_model (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id      bigint NOT NULL REFERENCES workspace,
    name              text COLLATE "C" NOT NULL,
    full_name         text COLLATE "C" NOT NULL,
    catalog_name      text COLLATE "C" NOT NULL,
    schema_name       text COLLATE "C" NOT NULL,
    is_prompt         boolean NOT NULL,
    description       text NOT NULL,
    deployment_job_id text COLLATE "C" NOT NULL,     -- '' for none
    created_by        text COLLATE "C" NOT NULL,
    created_at        bigint NOT NULL,
    updated_at        bigint NOT NULL,
    last_version      integer NOT NULL DEFAULT 0,    -- only ever counts up, so that no number means two versions
    UNIQUE (workspace_id, full_name)
);
CREATE INDEX registered_model_by_name ON registered_model (workspace_id, is_prompt, name);
CREATE INDEX registered_model_latest ON registered_model (workspace_id, is_prompt, updated_at DESC, name);
-- Unity Catalog ignores case.
CREATE INDEX registered_model_in_any_case ON registered_model (workspace_id, lower(full_name));

CREATE TABLE registered_model_tag (
    model_id bigint NOT NULL REFERENCES registered_model ON DELETE CASCADE,
    key      text COLLATE "C" NOT NULL,
    value    text COLLATE "C" NOT NULL,
    PRIMARY KEY (model_id, key)
);

-- Files that the registry itself keeps for a version, and for its copies. Without a version they are swept.
CREATE TABLE model_files (
    id           text COLLATE "C" PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace,
    created_at   bigint NOT NULL
);

CREATE TABLE model_version (
    model_id        bigint NOT NULL REFERENCES registered_model ON DELETE CASCADE,
    version         integer NOT NULL,
    workspace_id    bigint NOT NULL,
    is_prompt       boolean NOT NULL,
    status          text COLLATE "C" NOT NULL,
    status_message  text NOT NULL,
    stage           text COLLATE "C" NOT NULL,
    description     text,
    source          text COLLATE "C" NOT NULL,       -- what was registered, as the client said it
    storage         text COLLATE "C" NOT NULL,       -- where its files are, in the spelling of http mode; '' for ours
    files_id        text COLLATE "C" REFERENCES model_files,
    run_id          text COLLATE "C" NOT NULL,       -- a text, not a reference: the run may be purged, the version stays
    run_link        text COLLATE "C" NOT NULL,
    logged_model_id text COLLATE "C" NOT NULL,
    created_by      text COLLATE "C" NOT NULL,
    created_at      bigint NOT NULL,
    updated_at      bigint NOT NULL,
    PRIMARY KEY (model_id, version)
);
CREATE INDEX model_version_newest_of_stage ON model_version (model_id, stage, version DESC);
CREATE INDEX model_version_latest ON model_version (workspace_id, updated_at DESC);
CREATE INDEX model_version_of_run ON model_version (run_id) WHERE run_id <> '';
CREATE INDEX model_version_with_files ON model_version (files_id) WHERE files_id IS NOT NULL;

CREATE TABLE model_version_tag (
    model_id bigint NOT NULL,
    version  integer NOT NULL,
    key      text COLLATE "C" NOT NULL,
    value    text COLLATE "C" NOT NULL,
    PRIMARY KEY (model_id, version, key),
    FOREIGN KEY (model_id, version) REFERENCES model_version ON DELETE CASCADE
);
CREATE INDEX model_version_tag_by_value ON model_version_tag (key, (left(value, 100)), model_id, version);

CREATE TABLE model_alias (
    model_id bigint NOT NULL,
    alias    text COLLATE "C" NOT NULL,
    version  integer NOT NULL,
    PRIMARY KEY (model_id, alias),
    FOREIGN KEY (model_id, version) REFERENCES model_version ON DELETE CASCADE
);
CREATE INDEX model_alias_of_version ON model_alias (model_id, version);
