-- Webhooks: who is told of what, and a queue of what is still to be told.

CREATE TABLE webhook (
    id           text COLLATE "C" PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace,
    model_id     bigint,                     -- of this model or prompt alone; no reference: it is told of its end too
    name         text COLLATE "C" NOT NULL,
    description  text NOT NULL,
    url          text NOT NULL,
    form         text COLLATE "C" NOT NULL CHECK (form IN ('MLFLOW', 'DATABRICKS')),
    events       text[] COLLATE "C" NOT NULL,
    status       text COLLATE "C" NOT NULL CHECK (status IN ('ACTIVE', 'DISABLED', 'TEST_MODE')),
    data_key_id  uuid REFERENCES data_key,
    secret       bytea,                      -- what it signs and signs in with, sealed under the data key
    created_by   text COLLATE "C" NOT NULL,
    created_at   bigint NOT NULL,
    updated_at   bigint NOT NULL,
    CHECK ((data_key_id IS NULL) = (secret IS NULL))
);
CREATE INDEX webhook_of_workspace ON webhook (workspace_id, created_at DESC, id DESC);
CREATE INDEX webhook_of_model ON webhook (model_id) WHERE model_id IS NOT NULL;

-- A row for each event and webhook, written in the transaction of what it tells of. The body is made once, so that every
-- attempt sends the same bytes under the same id. No reference to the webhook: what happens must neither wait for one
-- that is being deleted nor fail for it. What is left behind is never sent, and swept.
CREATE TABLE webhook_delivery (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    webhook_id  text COLLATE "C" NOT NULL,
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
-- an event costs one look-up in a table of a few rows.
CREATE FUNCTION webhook_event(in_workspace bigint, of_model bigint, entity text, action text, data jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO webhook_delivery (webhook_id, event, body)
    SELECT w.id, entity || '.' || action, jsonb_build_object(
        'entity', entity, 'action', action,
        'timestamp', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        'workspace', (SELECT k.name FROM workspace k WHERE k.id = in_workspace), 'data', data)::text
    FROM webhook w
    WHERE w.workspace_id = in_workspace AND w.status = 'ACTIVE' AND entity || '.' || action = ANY(w.events)
          AND (w.model_id IS NULL OR w.model_id = of_model)
$$;

CREATE FUNCTION webhook_of_activity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whole text;
    one text;
    alias text;
    called text;
    numbered jsonb;
    hidden text[] := '{}';
BEGIN
    IF NOT EXISTS (SELECT FROM webhook) THEN -- costs less than the question below
        RETURN NULL;
    ELSIF NOT EXISTS (SELECT FROM webhook w WHERE w.workspace_id = NEW.workspace_id AND w.status = 'ACTIVE') THEN
        RETURN NULL;
    END IF;
    IF NEW.is_prompt THEN
        whole := 'prompt'; one := 'prompt_version'; alias := 'prompt_alias';
        hidden := ARRAY['mlflow.prompt.is_prompt', 'mlflow.prompt.text', '_mlflow_prompt_type'];
    ELSE
        whole := 'registered_model'; one := 'model_version'; alias := 'model_version_alias';
    END IF;
    SELECT coalesce((SELECT name FROM registered_model WHERE id = NEW.model_id), NEW.full_name) INTO called;
    numbered := jsonb_build_object('name', called, 'version', NEW.version::text);
    CASE
    WHEN NEW.action = 'created' AND NEW.version IS NULL THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, whole, 'created', jsonb_build_object('name', called,
            'tags', (SELECT coalesce(jsonb_object_agg(t.key, t.value), '{}') FROM registered_model_tag t
                     WHERE t.model_id = NEW.model_id AND t.key <> ALL (hidden)),
            'description', r.description)) FROM registered_model r WHERE r.id = NEW.model_id;
    WHEN NEW.action = 'created' THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, one, 'created', numbered || jsonb_build_object(
            'tags', (SELECT coalesce(jsonb_object_agg(t.key, t.value), '{}') FROM model_version_tag t
                     WHERE t.model_id = v.model_id AND t.version = v.version AND t.key <> ALL (hidden)),
            'description', nullif(v.description, '')) || CASE WHEN NEW.is_prompt THEN jsonb_build_object(
                'template', (SELECT t.value FROM model_version_tag t WHERE t.model_id = v.model_id
                             AND t.version = v.version AND t.key = 'mlflow.prompt.text'))
            ELSE jsonb_build_object('source', v.source, 'run_id', nullif(v.run_id, '')) END)
        FROM model_version v WHERE v.model_id = NEW.model_id AND v.version = NEW.version;
        IF NOT NEW.is_prompt AND EXISTS (SELECT FROM model_version v WHERE v.model_id = NEW.model_id
                                         AND v.version = NEW.version AND v.status = 'READY') THEN
            PERFORM webhook_event(NEW.workspace_id, NEW.model_id, one, 'ready', numbered);
        END IF;
    WHEN NEW.action = 'finalized' THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, one, 'ready', numbered);
    WHEN NEW.action = 'stage_set' THEN
        numbered := numbered || jsonb_build_object('from_stage', NEW.before, 'to_stage', NEW.value);
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, one, 'stage_set', numbered);
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, one, 'to_' || lower(NEW.value), numbered);
    WHEN NEW.action = 'deleted' AND NEW.version IS NULL THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, whole, 'deleted', jsonb_build_object('name', called));
    WHEN NEW.action = 'deleted' THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, one, 'deleted', numbered);
    WHEN NEW.action = 'tag_set' AND NEW.version IS NULL THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, whole || '_tag', 'set',
            jsonb_build_object('name', called, 'key', NEW.key, 'value', NEW.value));
    WHEN NEW.action = 'tag_set' THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, one || '_tag', 'set',
            numbered || jsonb_build_object('key', NEW.key, 'value', NEW.value));
    WHEN NEW.action = 'tag_deleted' AND NEW.version IS NULL THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, whole || '_tag', 'deleted',
            jsonb_build_object('name', called, 'key', NEW.key));
    WHEN NEW.action = 'tag_deleted' THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, one || '_tag', 'deleted',
            numbered || jsonb_build_object('key', NEW.key));
    WHEN NEW.action = 'alias_set' THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, alias, 'created',
            numbered || jsonb_build_object('alias', NEW.key));
    WHEN NEW.action = 'alias_deleted' THEN
        PERFORM webhook_event(NEW.workspace_id, NEW.model_id, alias, 'deleted',
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
    workspace bigint;
BEGIN
    IF OLD.status = NEW.status OR NEW.status NOT IN ('FINISHED', 'FAILED', 'KILLED') THEN
        RETURN NULL;
    ELSIF NOT EXISTS (SELECT FROM webhook) THEN
        RETURN NULL;
    END IF;
    SELECT w.workspace_id INTO workspace FROM experiment e JOIN webhook w ON w.workspace_id = e.workspace_id
    WHERE e.id = NEW.experiment_id AND w.status = 'ACTIVE' LIMIT 1;
    IF FOUND THEN
        PERFORM webhook_event(workspace, NULL, 'run', lower(NEW.status), jsonb_build_object(
            'run_id', NEW.run_id, 'run_name', NEW.name, 'experiment_id', NEW.experiment_id::text,
            'status', NEW.status, 'user_id', NEW.user_id, 'start_time', NEW.start_time, 'end_time', NEW.end_time));
    END IF;
    RETURN NULL;
END
$$;
-- Without WHEN, whose condition is read anew for each statement: that costs more than the call.
CREATE TRIGGER webhook_event AFTER UPDATE OF status ON run FOR EACH ROW EXECUTE FUNCTION webhook_of_run();

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
    workspace bigint;
    judged text;
BEGIN
    IF NOT EXISTS (SELECT FROM webhook) THEN
        RETURN NULL;
    END IF;
    SELECT w.workspace_id, t.trace_id INTO workspace, judged
    FROM trace t JOIN webhook w ON w.workspace_id = t.workspace_id
    WHERE t.seq = NEW.trace_seq AND w.status = 'ACTIVE' LIMIT 1;
    IF FOUND THEN
        PERFORM webhook_event(workspace, NULL, 'assessment', CASE TG_OP WHEN 'INSERT' THEN 'created' ELSE 'updated' END,
            jsonb_build_object(
                'trace_id', judged, 'experiment_id', NEW.experiment_id::text,
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
