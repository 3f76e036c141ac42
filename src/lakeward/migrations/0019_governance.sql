-- Governed tags: keys whose values, and who may assign them, are ruled.

-- Without values every value is allowed. `id` is what grants call it.
CREATE TABLE tag_policy (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id   bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    tag_key        text COLLATE "C" NOT NULL,
    description    text NOT NULL,
    allowed_values text[] NOT NULL,
    created_at     bigint NOT NULL,
    updated_at     bigint NOT NULL,
    UNIQUE (workspace_id, tag_key)
);

CREATE FUNCTION forget_tag_policy() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM access_grant WHERE workspace_id = OLD.workspace_id AND kind = 'tag_policy' AND object = OLD.id::text;
    RETURN NULL;
END
$$;
CREATE TRIGGER tag_policy_is_forgotten AFTER DELETE ON tag_policy
    FOR EACH ROW EXECUTE FUNCTION forget_tag_policy();

-- ── lineage beyond what the server does itself ───────────────────────────────────────────────────────────────────────

-- What a version says it was made from: the tables its run read, and what its model needs to run.
CREATE TABLE model_version_input (
    model_id bigint NOT NULL,
    version  integer NOT NULL,
    kind     text COLLATE "C" NOT NULL CHECK (kind IN ('TABLE', 'FUNCTION')),
    name     text COLLATE "C" NOT NULL,          -- in lower case
    place    bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (model_id, version, kind, name),
    FOREIGN KEY (model_id, version) REFERENCES model_version ON DELETE CASCADE
);
CREATE INDEX model_version_input_by_name ON model_version_input (kind, name, place);

-- Something in a system elsewhere. `id` is what grants and relationships call it.
CREATE TABLE external_metadata (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text COLLATE "C" NOT NULL,
    system_type  text COLLATE "C" NOT NULL,
    entity_type  text NOT NULL,
    url          text NOT NULL,
    description  text NOT NULL,
    columns      jsonb NOT NULL,
    properties   jsonb NOT NULL,
    created_at   bigint NOT NULL,
    created_by   text COLLATE "C" NOT NULL,
    updated_at   bigint NOT NULL,
    updated_by   text COLLATE "C" NOT NULL,
    UNIQUE (workspace_id, name)
);

-- From one to the other. Each is a table, a model or external metadata by its id, so that it may be renamed; or a URL.
CREATE TABLE external_lineage (
    seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    workspace_id   bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    source_kind    text COLLATE "C" NOT NULL,
    source         text COLLATE "C" NOT NULL,
    source_version integer NOT NULL,             -- of a model; 0 for all others
    target_kind    text COLLATE "C" NOT NULL,
    target         text COLLATE "C" NOT NULL,
    target_version integer NOT NULL,
    columns        jsonb NOT NULL,
    properties     jsonb NOT NULL,
    updated_at     bigint NOT NULL,
    updated_by     text COLLATE "C" NOT NULL,
    UNIQUE (workspace_id, source_kind, source, source_version, target_kind, target, target_version)
);
CREATE INDEX external_lineage_of_target ON external_lineage (workspace_id, target_kind, target, target_version);

-- What ends with one of its ends. One of a version that was deleted is not shown, and goes with the model.
CREATE FUNCTION forget_external_lineage() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM external_lineage WHERE workspace_id = OLD.workspace_id AND source_kind = TG_ARGV[0] AND source = OLD.id::text;
    DELETE FROM external_lineage WHERE workspace_id = OLD.workspace_id AND target_kind = TG_ARGV[0] AND target = OLD.id::text;
    IF TG_ARGV[0] = 'EXTERNAL_METADATA' THEN
        DELETE FROM access_grant WHERE workspace_id = OLD.workspace_id AND kind = 'external_metadata'
            AND object = OLD.id::text;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER lineage_is_forgotten AFTER DELETE ON external_metadata
    FOR EACH ROW EXECUTE FUNCTION forget_external_lineage('EXTERNAL_METADATA');
CREATE TRIGGER lineage_is_forgotten AFTER DELETE ON asset FOR EACH ROW WHEN (OLD.kind = 'table')
    EXECUTE FUNCTION forget_external_lineage('TABLE');
CREATE TRIGGER lineage_is_forgotten AFTER DELETE ON registered_model
    FOR EACH ROW EXECUTE FUNCTION forget_external_lineage('MODEL_VERSION');

-- ── managed tables that clients write before they register them ──────────────────────────────────────────────────────

-- The id is that of the table to come, whose files lie there already.
CREATE TABLE staging_table (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id bigint NOT NULL,
    catalog_name text COLLATE "C" NOT NULL,
    schema_name  text COLLATE "C" NOT NULL,
    name         text COLLATE "C" NOT NULL,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    created_at   bigint NOT NULL,
    FOREIGN KEY (workspace_id, catalog_name, schema_name)
        REFERENCES catalog_schema (workspace_id, catalog_name, name) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX staging_table_by_age ON staging_table (created_at);

-- What became a table keeps its files; what did not leaves them behind.
CREATE FUNCTION forget_staging() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM asset WHERE id = OLD.id) THEN
        INSERT INTO asset_remains (prefix)
        VALUES ('tables/' || OLD.workspace_id || '/' || replace(OLD.id::text, '-', ''));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER staging_is_forgotten AFTER DELETE ON staging_table FOR EACH ROW EXECUTE FUNCTION forget_staging();
