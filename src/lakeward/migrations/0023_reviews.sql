-- What people say of versions of models, and the stages they ask for.

-- `creator` is a name for readers; rights go by the id, which no other principal ever gets.
CREATE TABLE version_comment (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id   bigint NOT NULL,
    version    integer NOT NULL,
    comment    text NOT NULL,
    creator    text COLLATE "C" NOT NULL,
    creator_id bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    FOREIGN KEY (model_id, version) REFERENCES model_version ON DELETE CASCADE
);
CREATE INDEX version_comment_newest ON version_comment (model_id, version, id DESC);

-- Those that are open: what was approved, rejected or cancelled stands in the activity log alone.
CREATE TABLE transition_request (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id   bigint NOT NULL,
    version    integer NOT NULL,
    stage      text COLLATE "C" NOT NULL,
    comment    text NOT NULL,
    creator    text COLLATE "C" NOT NULL,
    creator_id bigint NOT NULL,
    created_at bigint NOT NULL,
    UNIQUE (model_id, version, stage, creator),
    FOREIGN KEY (model_id, version) REFERENCES model_version ON DELETE CASCADE
);

CREATE FUNCTION webhook_of_review() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    workspace bigint;
    said jsonb;
BEGIN
    IF NOT EXISTS (SELECT FROM webhook) THEN
        RETURN NULL;
    END IF;
    SELECT r.workspace_id, jsonb_build_object('name', r.name, 'version', NEW.version::text, 'user_id', NEW.creator,
                                              'comment', NEW.comment)
    INTO workspace, said FROM registered_model r WHERE r.id = NEW.model_id;
    IF TG_TABLE_NAME = 'version_comment' THEN
        PERFORM webhook_event(workspace, NEW.model_id, 'model_version_comment', 'created', said);
    ELSE
        SELECT said || jsonb_build_object('from_stage', v.stage, 'to_stage', NEW.stage) INTO said
        FROM model_version v WHERE v.model_id = NEW.model_id AND v.version = NEW.version;
        PERFORM webhook_event(workspace, NEW.model_id, 'model_version_request', 'created', said);
        PERFORM webhook_event(workspace, NEW.model_id, 'model_version_request', 'to_' || lower(NEW.stage), said);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER webhook_event AFTER INSERT ON version_comment FOR EACH ROW EXECUTE FUNCTION webhook_of_review();
CREATE TRIGGER webhook_event AFTER INSERT ON transition_request FOR EACH ROW EXECUTE FUNCTION webhook_of_review();
