-- Grants: who was given which privilege on which object (docs/decisions/0005-access.md).

-- Experiments and models are called by their ids, catalogs and schemas by their names in lower case, the metastore by ''.
-- The owner is a grant like any other, so that what decides reads one table.
CREATE TABLE access_grant (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    kind         text COLLATE "C" NOT NULL,
    object       text COLLATE "C" NOT NULL,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    privilege    text COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace_id, kind, object, principal_id, privilege)
);
CREATE UNIQUE INDEX access_grant_owner ON access_grant (workspace_id, kind, object) WHERE privilege = 'OWN';
-- What a caller may see, read from the index alone.
CREATE INDEX access_grant_of_principal ON access_grant (principal_id, workspace_id, kind, privilege, object);

-- Grants go with their object, whoever deletes it. The argument is the kind.
CREATE FUNCTION forget_grants() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM access_grant
    WHERE workspace_id = OLD.workspace_id AND kind = TG_ARGV[0] AND object = OLD.id::text;
    RETURN NULL;
END
$$;
CREATE TRIGGER experiment_forgets_grants AFTER DELETE ON experiment
    FOR EACH ROW EXECUTE FUNCTION forget_grants('experiment');
CREATE TRIGGER registered_model_forgets_grants AFTER DELETE ON registered_model
    FOR EACH ROW EXECUTE FUNCTION forget_grants('registered_model');

-- The catalog where models stand that name none is open to who is in the workspace, until somebody takes that back.
CREATE FUNCTION open_default_schema() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)
    VALUES (NEW.id, 'catalog', 'main', 2, 'USE_CATALOG'),
           (NEW.id, 'schema', 'main.default', 2, 'USE_SCHEMA'),
           (NEW.id, 'schema', 'main.default', 2, 'CREATE_MODEL');
    RETURN NULL;
END
$$;
CREATE TRIGGER workspace_opens_default_schema AFTER INSERT ON workspace
    FOR EACH ROW WHEN (NEW.id <> 0) EXECUTE FUNCTION open_default_schema();
INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)
SELECT w.id, g.kind, g.object, 2, g.privilege
FROM workspace w, (VALUES ('catalog', 'main', 'USE_CATALOG'), ('schema', 'main.default', 'USE_SCHEMA'),
                          ('schema', 'main.default', 'CREATE_MODEL')) AS g(kind, object, privilege);
