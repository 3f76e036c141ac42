-- Webhooks: who is told of what, and a queue of what is still to be told.

CREATE TABLE webhook (
    id           text COLLATE "C" PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace,
    name         text COLLATE "C" NOT NULL,
    description  text NOT NULL,
    url          text NOT NULL,
    events       text[] COLLATE "C" NOT NULL,
    status       text COLLATE "C" NOT NULL CHECK (status IN ('ACTIVE', 'DISABLED')),
    data_key_id  uuid REFERENCES data_key,
    secret       bytea,                      -- sealed under the data key
    created_by   text COLLATE "C" NOT NULL,
    created_at   bigint NOT NULL,
    updated_at   bigint NOT NULL,
    CHECK ((data_key_id IS NULL) = (secret IS NULL))
);
CREATE INDEX webhook_of_workspace ON webhook (workspace_id, created_at DESC, id DESC);

-- A row for each event and webhook, written in the transaction of what it tells of. The body is made once, so that every
-- attempt sends the same bytes under the same id.
CREATE TABLE webhook_delivery (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    webhook_id  text COLLATE "C" NOT NULL REFERENCES webhook ON DELETE CASCADE,
    event       text COLLATE "C" NOT NULL,
    body        text NOT NULL,
    state       text COLLATE "C" NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DELIVERED', 'DEAD')),
    attempts    integer NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL DEFAULT now(), -- while it is being sent: when it counts as lost
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_at) WHERE state = 'PENDING';
CREATE INDEX webhook_delivery_newest ON webhook_delivery (webhook_id, seq DESC);
CREATE INDEX webhook_delivery_finished ON webhook_delivery (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE webhook_attempt (
    delivery_id uuid NOT NULL REFERENCES webhook_delivery ON DELETE CASCADE,
    number      integer NOT NULL,
    at          timestamptz NOT NULL,
    millis      integer NOT NULL,
    status      integer,                     -- of the answer, if there was one
    problem     text NOT NULL,               -- '' for none
    PRIMARY KEY (delivery_id, number)
);

-- ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Triggers write the queue, so no way of changing a run, a version or an assessment can forget to. Where nobody listens
-- an event costs one look-up.
CREATE FUNCTION webhook_event(workspace bigint, entity text, action text, data jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO webhook_delivery (webhook_id, event, body)
    SELECT w.id, entity || '.' || action, jsonb_build_object(
        'entity', entity, 'action', action,
        'timestamp', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        'workspace', (SELECT name FROM workspace k WHERE k.id = workspace), 'data', data)::text
    FROM webhook w
    WHERE w.workspace_id = workspace AND w.status = 'ACTIVE' AND entity || '.' || action = ANY(w.events)
$$;

CREATE FUNCTION webhook_listens(workspace bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM webhook WHERE workspace_id = workspace AND status = 'ACTIVE')
$$;

CREATE FUNCTION webhook_of_activity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whole text := CASE WHEN NEW.is_prompt THEN 'prompt' ELSE 'registered_model' END;
    one text := CASE WHEN NEW.is_prompt THEN 'prompt_version' ELSE 'model_version' END;
    alias text := CASE WHEN NEW.is_prompt THEN 'prompt_alias' ELSE 'model_version_alias' END;
    called text;
    numbered jsonb;
    hidden text[] := CASE WHEN NEW.is_prompt THEN
        ARRAY['mlflow.prompt.is_prompt', 'mlflow.prompt.text', '_mlflow_prompt_type'] ELSE '{}' END;
BEGIN
    IF NOT webhook_listens(NEW.workspace_id) THEN
        RETURN NULL;
    END IF;
    SELECT coalesce((SELECT name FROM registered_model WHERE id = NEW.model_id), NEW.full_name) INTO called;
    numbered := jsonb_build_object('name', called, 'version', NEW.version::text);
    CASE
    WHEN NEW.action = 'created' AND NEW.version IS NULL THEN
        PERFORM webhook_event(NEW.workspace_id, whole, 'created', jsonb_build_object('name', called,
            'tags', (SELECT coalesce(jsonb_object_agg(t.key, t.value), '{}') FROM registered_model_tag t
                     WHERE t.model_id = NEW.model_id AND t.key <> ALL (hidden)),
            'description', r.description)) FROM registered_model r WHERE r.id = NEW.model_id;
    WHEN NEW.action = 'created' THEN
        PERFORM webhook_event(NEW.workspace_id, one, 'created', numbered || jsonb_build_object(
            'tags', (SELECT coalesce(jsonb_object_agg(t.key, t.value), '{}') FROM model_version_tag t
                     WHERE t.model_id = v.model_id AND t.version = v.version AND t.key <> ALL (hidden)),
            'description', nullif(v.description, '')) || CASE WHEN NEW.is_prompt THEN jsonb_build_object(
                'template', (SELECT t.value FROM model_version_tag t WHERE t.model_id = v.model_id
                             AND t.version = v.version AND t.key = 'mlflow.prompt.text'))
            ELSE jsonb_build_object('source', v.source, 'run_id', nullif(v.run_id, '')) END)
        FROM model_version v WHERE v.model_id = NEW.model_id AND v.version = NEW.version;
        IF NOT NEW.is_prompt AND EXISTS (SELECT FROM model_version v WHERE v.model_id = NEW.model_id
                                         AND v.version = NEW.version AND v.status = 'READY') THEN
            PERFORM webhook_event(NEW.workspace_id, one, 'ready', numbered);
        END IF;
    WHEN NEW.action = 'finalized' THEN
        PERFORM webhook_event(NEW.workspace_id, one, 'ready', numbered);
    WHEN NEW.action = 'stage_set' THEN
        PERFORM webhook_event(NEW.workspace_id, one, 'stage_set',
            numbered || jsonb_build_object('from_stage', NEW.before, 'to_stage', NEW.value));
    WHEN NEW.action = 'deleted' AND NEW.version IS NULL THEN
        PERFORM webhook_event(NEW.workspace_id, whole, 'deleted', jsonb_build_object('name', called));
    WHEN NEW.action = 'deleted' THEN
        PERFORM webhook_event(NEW.workspace_id, one, 'deleted', numbered);
    WHEN NEW.action = 'tag_set' AND NEW.version IS NULL THEN
        PERFORM webhook_event(NEW.workspace_id, whole || '_tag', 'set',
            jsonb_build_object('name', called, 'key', NEW.key, 'value', NEW.value));
    WHEN NEW.action = 'tag_set' THEN
        PERFORM webhook_event(NEW.workspace_id, one || '_tag', 'set',
            numbered || jsonb_build_object('key', NEW.key, 'value', NEW.value));
    WHEN NEW.action = 'tag_deleted' AND NEW.version IS NULL THEN
        PERFORM webhook_event(NEW.workspace_id, whole || '_tag', 'deleted',
            jsonb_build_object('name', called, 'key', NEW.key));
    WHEN NEW.action = 'tag_deleted' THEN
        PERFORM webhook_event(NEW.workspace_id, one || '_tag', 'deleted', numbered || jsonb_build_object('key', NEW.key));
    WHEN NEW.action = 'alias_set' THEN
        PERFORM webhook_event(NEW.workspace_id, alias, 'created', numbered || jsonb_build_object('alias', NEW.key));
    WHEN NEW.action = 'alias_deleted' THEN
        PERFORM webhook_event(NEW.workspace_id, alias, 'deleted',
            jsonb_build_object('name', called, 'alias', NEW.key));
    ELSE
        NULL;
    END CASE;
    RETURN NULL;
END
$$;
CREATE TRIGGER webhook_event AFTER INSERT ON registry_activity FOR EACH ROW EXECUTE FUNCTION webhook_of_activity();

CREATE FUNCTION webhook_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    workspace bigint := (SELECT e.workspace_id FROM experiment e WHERE e.id = NEW.experiment_id);
BEGIN
    IF webhook_listens(workspace) THEN
        PERFORM webhook_event(workspace, 'run', lower(NEW.status), jsonb_build_object(
            'run_id', NEW.run_id, 'run_name', NEW.name, 'experiment_id', NEW.experiment_id::text,
            'status', NEW.status, 'user_id', NEW.user_id, 'start_time', NEW.start_time, 'end_time', NEW.end_time));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER webhook_event AFTER UPDATE OF status ON run FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('FINISHED', 'FAILED', 'KILLED')) EXECUTE FUNCTION webhook_of_run();

-- JSON may hold what jsonb does not, such as half a character; nobody's assessment may fail for that.
CREATE FUNCTION jsonb_or_text(said text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN said::jsonb;
EXCEPTION WHEN OTHERS THEN
    RETURN to_jsonb(said);
END
$$;

CREATE FUNCTION webhook_of_assessment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    judged trace := (SELECT t FROM trace t WHERE t.seq = NEW.trace_seq);
BEGIN
    IF webhook_listens(judged.workspace_id) THEN
        PERFORM webhook_event(judged.workspace_id, 'assessment', CASE TG_OP WHEN 'INSERT' THEN 'created' ELSE 'updated' END,
            jsonb_build_object(
                'trace_id', judged.trace_id, 'experiment_id', NEW.experiment_id::text,
                'assessment_id', NEW.assessment_id, 'kind', NEW.kind, 'name', NEW.name, 'span_id', NEW.span_id,
                'source_type', NEW.source_type, 'source_id', NEW.source_id, 'value', jsonb_or_text(NEW.value),
                'rationale', NEW.rationale));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER webhook_created AFTER INSERT ON trace_assessment FOR EACH ROW EXECUTE FUNCTION webhook_of_assessment();
CREATE TRIGGER webhook_updated AFTER UPDATE OF value, rationale, name ON trace_assessment FOR EACH ROW
    EXECUTE FUNCTION webhook_of_assessment();
