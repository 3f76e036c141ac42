-- Catalogs and schemas as objects, and what stands in schemas besides models (docs/decisions/0007-catalog.md).

-- One for the whole server; what was given on it is given per workspace.
CREATE TABLE metastore (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name       text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
);
INSERT INTO metastore (name) VALUES ('lakeward');

-- Names are in lower case here. `workspace_id` is where a catalog is at home: its grants and what is in it are there.
CREATE TABLE catalog (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id   bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name           text COLLATE "C" NOT NULL,
    comment        text NOT NULL DEFAULT '',
    properties     jsonb NOT NULL DEFAULT '{}',
    options        jsonb NOT NULL DEFAULT '{}',
    storage_root   text NOT NULL DEFAULT '',
    isolation_mode text COLLATE "C" NOT NULL DEFAULT 'ISOLATED' CHECK (isolation_mode IN ('OPEN', 'ISOLATED')),
    created_at     bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    created_by     text COLLATE "C" NOT NULL DEFAULT '',
    updated_at     bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    updated_by     text COLLATE "C" NOT NULL DEFAULT '',
    UNIQUE (workspace_id, name)
);
CREATE INDEX catalog_by_name ON catalog (name, isolation_mode);

-- The workspaces where an ISOLATED catalog is seen, its home included.
CREATE TABLE catalog_binding (
    catalog_id   uuid NOT NULL REFERENCES catalog ON DELETE CASCADE,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    binding_type text COLLATE "C" NOT NULL DEFAULT 'BINDING_TYPE_READ_WRITE'
                 CHECK (binding_type IN ('BINDING_TYPE_READ_WRITE', 'BINDING_TYPE_READ_ONLY')),
    PRIMARY KEY (catalog_id, workspace_id)
);
CREATE INDEX catalog_binding_of_workspace ON catalog_binding (workspace_id);

CREATE TABLE catalog_schema (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id bigint NOT NULL,
    catalog_name text COLLATE "C" NOT NULL,
    name         text COLLATE "C" NOT NULL,
    comment      text NOT NULL DEFAULT '',
    properties   jsonb NOT NULL DEFAULT '{}',
    storage_root text NOT NULL DEFAULT '',
    created_at   bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    created_by   text COLLATE "C" NOT NULL DEFAULT '',
    updated_at   bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    updated_by   text COLLATE "C" NOT NULL DEFAULT '',
    UNIQUE (workspace_id, catalog_name, name),
    FOREIGN KEY (workspace_id, catalog_name) REFERENCES catalog (workspace_id, name)
        ON DELETE CASCADE ON UPDATE CASCADE
);

-- Grants and tags go with the catalog or schema, whoever deletes it.
CREATE FUNCTION forget_place() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    gone text := CASE TG_ARGV[0] WHEN 'schema' THEN to_jsonb(OLD) ->> 'catalog_name' || '.' || OLD.name ELSE OLD.name END;
BEGIN
    DELETE FROM access_grant WHERE workspace_id = OLD.workspace_id AND kind = TG_ARGV[0] AND object = gone;
    DELETE FROM entity_tag WHERE workspace_id = OLD.workspace_id AND kind = TG_ARGV[0] AND object = gone;
    RETURN NULL;
END
$$;
CREATE TRIGGER catalog_is_forgotten AFTER DELETE ON catalog FOR EACH ROW EXECUTE FUNCTION forget_place('catalog');
CREATE TRIGGER schema_is_forgotten AFTER DELETE ON catalog_schema FOR EACH ROW EXECUTE FUNCTION forget_place('schema');

-- The schema of these names, made if it is not there, and kept until the transaction ends. It belongs to whoever was the
-- first to make something in it.
CREATE FUNCTION stand_in_schema(workspace bigint, catalog_written text, schema_written text, maker text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    catalog_named text := lower(catalog_written COLLATE "C");
    named text := lower(schema_written COLLATE "C");
    owner bigint;
BEGIN
    LOOP
        PERFORM FROM catalog_schema s
        WHERE s.workspace_id = workspace AND s.catalog_name = catalog_named AND s.name = named FOR KEY SHARE;
        EXIT WHEN FOUND;
        SELECT id INTO owner FROM principal WHERE name = maker;
        WITH made AS (
            INSERT INTO catalog (workspace_id, name, created_by, updated_by)
            VALUES (workspace, catalog_named, maker, maker) ON CONFLICT DO NOTHING RETURNING id
        ), bound AS (
            INSERT INTO catalog_binding (catalog_id, workspace_id) SELECT id, workspace FROM made
        )
        INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)
        SELECT workspace, 'catalog', catalog_named, owner, 'OWN' FROM made WHERE owner IS NOT NULL
        ON CONFLICT DO NOTHING;
        WITH made AS (
            INSERT INTO catalog_schema (workspace_id, catalog_name, name, created_by, updated_by)
            VALUES (workspace, catalog_named, named, maker, maker) ON CONFLICT DO NOTHING RETURNING id
        )
        INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)
        SELECT workspace, 'schema', catalog_named || '.' || named, owner, 'OWN' FROM made WHERE owner IS NOT NULL
        ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- Every workspace begins with main.default, open to who is in it.
CREATE OR REPLACE FUNCTION open_default_schema() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stand_in_schema(NEW.id, 'main', 'default', '');
    INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)
    VALUES (NEW.id, 'catalog', 'main', 2, 'USE_CATALOG'),
           (NEW.id, 'schema', 'main.default', 2, 'USE_SCHEMA'),
           (NEW.id, 'schema', 'main.default', 2, 'CREATE_MODEL');
    RETURN NULL;
END
$$;
SELECT stand_in_schema(id, 'main', 'default', '') FROM workspace;

-- Models made before there were rows for schemas, and all that are made from now on.
SELECT stand_in_schema(workspace_id, catalog_name, schema_name, created_by) FROM registered_model;
CREATE FUNCTION model_stands_in_schema() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stand_in_schema(NEW.workspace_id, NEW.catalog_name, NEW.schema_name, NEW.created_by);
    RETURN NEW;
END
$$;
CREATE TRIGGER model_in_schema BEFORE INSERT OR UPDATE OF catalog_name, schema_name ON registered_model
    FOR EACH ROW EXECUTE FUNCTION model_stands_in_schema();

-- ── what stands in schemas besides models ────────────────────────────────────────────────────────────────────────────

CREATE TABLE asset (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id     bigint NOT NULL,
    catalog_name     text COLLATE "C" NOT NULL,
    schema_name      text COLLATE "C" NOT NULL,
    kind             text COLLATE "C" NOT NULL CHECK (kind IN ('volume', 'table', 'function')),
    name             text COLLATE "C" NOT NULL,
    comment          text NOT NULL DEFAULT '',
    properties       jsonb NOT NULL DEFAULT '{}',
    detail           jsonb NOT NULL,              -- what only its kind has, as on the wire
    storage_location text NOT NULL DEFAULT '',    -- of what is EXTERNAL; what is MANAGED lies in the object store
    created_at       bigint NOT NULL,
    created_by       text COLLATE "C" NOT NULL,
    updated_at       bigint NOT NULL,
    updated_by       text COLLATE "C" NOT NULL,
    UNIQUE (workspace_id, kind, catalog_name, schema_name, name),
    FOREIGN KEY (workspace_id, catalog_name, schema_name)
        REFERENCES catalog_schema (workspace_id, catalog_name, name)
        ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX asset_in_schema ON asset (workspace_id, catalog_name, schema_name);

-- Files of what was deleted, until they are too.
CREATE TABLE asset_remains (
    prefix     text COLLATE "C" PRIMARY KEY,
    deleted_at timestamptz NOT NULL DEFAULT now()
);

-- `kind` and `object` as grants have them; a column is `column` and `<table id>.<name>`.
CREATE TABLE entity_tag (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    kind         text COLLATE "C" NOT NULL,
    object       text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    value        text NOT NULL,
    updated_at   bigint NOT NULL,
    updated_by   text COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace_id, kind, object, key)
);

-- Grants and tags go with their asset; its files are deleted afterwards.
CREATE FUNCTION forget_asset() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM access_grant WHERE workspace_id = OLD.workspace_id AND object = OLD.id::text
        AND kind = CASE OLD.kind WHEN 'function' THEN 'registered_model' ELSE OLD.kind END;
    DELETE FROM entity_tag WHERE workspace_id = OLD.workspace_id
        AND (kind = OLD.kind AND object = OLD.id::text
             OR OLD.kind = 'table' AND kind = 'column' AND starts_with(object, OLD.id::text || '.'));
    IF OLD.kind <> 'function' AND OLD.storage_location = '' THEN
        INSERT INTO asset_remains (prefix)
        VALUES (OLD.kind || 's/' || OLD.workspace_id || '/' || replace(OLD.id::text, '-', ''));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER asset_is_forgotten AFTER DELETE ON asset FOR EACH ROW EXECUTE FUNCTION forget_asset();

-- ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- How to reach a system elsewhere. `sealed` are the options that are no public words, under a data key of its own.
CREATE TABLE connection (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id    bigint NOT NULL REFERENCES workspace,
    name            text COLLATE "C" NOT NULL,
    connection_type text COLLATE "C" NOT NULL,
    comment         text NOT NULL DEFAULT '',
    properties      jsonb NOT NULL DEFAULT '{}',
    options         jsonb NOT NULL DEFAULT '{}',
    sealed          bytea NOT NULL,
    data_key_id     uuid NOT NULL REFERENCES data_key,
    read_only       boolean NOT NULL,
    created_at      bigint NOT NULL,
    created_by      text COLLATE "C" NOT NULL,
    updated_at      bigint NOT NULL,
    updated_by      text COLLATE "C" NOT NULL,
    UNIQUE (workspace_id, name)
);

-- Without its data key what was sealed is noise, in copies of the database too.
CREATE FUNCTION forget_connection() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM access_grant WHERE workspace_id = OLD.workspace_id AND kind = 'connection' AND object = OLD.id::text;
    DELETE FROM data_key WHERE id = OLD.data_key_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER connection_is_forgotten AFTER DELETE ON connection
    FOR EACH ROW EXECUTE FUNCTION forget_connection();
