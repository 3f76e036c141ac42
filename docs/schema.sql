-- The schema after all migrations. Made by `make docs`; `make check` keeps it true.
CREATE FUNCTION public.arm_score(model_id bigint, alias text, version integer, weight double precision, key text) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT -ln((('x' || encode(substring(sha256(convert_to(
        model_id || '/' || alias || '/' || version || '/' || key, 'UTF8')) FROM 1 FOR 6), 'hex'))::bit(48)::bigint + 0.5)
        / 281474976710656.0::double precision) / weight
$$;

CREATE FUNCTION public.audit_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('lakeward.audit', true) = TG_ARGV[0] THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION public.forget_asset() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.forget_connection() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM access_grant WHERE workspace_id = OLD.workspace_id AND kind = 'connection' AND object = OLD.id::text;
    DELETE FROM data_key WHERE id = OLD.data_key_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.forget_external_lineage() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.forget_grants() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM access_grant
    WHERE workspace_id = OLD.workspace_id AND kind = TG_ARGV[0] AND object = OLD.id::text;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.forget_place() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    gone text := CASE TG_ARGV[0] WHEN 'schema' THEN to_jsonb(OLD) ->> 'catalog_name' || '.' || OLD.name ELSE OLD.name END;
BEGIN
    DELETE FROM access_grant WHERE workspace_id = OLD.workspace_id AND kind = TG_ARGV[0] AND object = gone;
    DELETE FROM entity_tag WHERE workspace_id = OLD.workspace_id AND kind = TG_ARGV[0] AND object = gone;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.forget_staging() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM asset WHERE id = OLD.id) THEN
        INSERT INTO asset_remains (prefix)
        VALUES ('tables/' || OLD.workspace_id || '/' || replace(OLD.id::text, '-', ''));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.forget_tag_policy() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM access_grant WHERE workspace_id = OLD.workspace_id AND kind = 'tag_policy' AND object = OLD.id::text;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.go_astray() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE trace_moved SET astray = experiment_id <> NEW.experiment_id WHERE trace_seq = NEW.seq;
    RETURN NULL;
END $$;

CREATE FUNCTION public.jsonb_or_text(said text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE STRICT
    AS $$
BEGIN
    RETURN said::jsonb;
EXCEPTION WHEN OTHERS THEN
    RETURN to_jsonb(said);
END
$$;

CREATE FUNCTION public.leave_the_lake() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH gone AS (
        DELETE FROM trace_moved m USING was_there w WHERE m.trace_seq = w.seq
        RETURNING m.experiment_id, m.batch, m.day, m.trace_seq
    )
    INSERT INTO trace_unmoved SELECT * FROM gone;
    RETURN NULL;
END $$;

CREATE FUNCTION public.log_points(run_ids text[], workspace_ids bigint[], places integer[], key_ids integer[], stamps bigint[], steps bigint[], vals double precision[]) RETURNS SETOF text
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    seqs bigint[];
    experiment_ids bigint[];
    states text[];
    first boolean := false;
    erased boolean;
BEGIN
    SELECT array_agg(CASE WHEN NOT t.deleted THEN t.seq END ORDER BY w.place),
           array_agg(CASE WHEN t.seq IS NULL THEN 'missing' WHEN t.deleted THEN 'deleted' ELSE 'ok' END ORDER BY w.place)
    INTO seqs, states
    FROM unnest(run_ids, workspace_ids) WITH ORDINALITY AS w(run_id, workspace_id, place)
    LEFT JOIN LATERAL (
        SELECT r.seq, (r.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL) AS deleted,
               pg_advisory_xact_lock_shared(r.seq)
        FROM run r JOIN experiment e ON e.id = r.experiment_id
        WHERE r.run_id = w.run_id AND e.workspace_id = w.workspace_id AND NOT r.purging AND NOT e.purging
    ) AS t ON true;

    DELETE FROM run_document WHERE run_seq = ANY(seqs);

    -- Under the lock, as a run may have moved, or gone, while it was awaited.
    SELECT array_agg(r.experiment_id ORDER BY w.place), bool_or(w.seq IS NOT NULL AND r.seq IS NULL)
    INTO experiment_ids, erased
    FROM unnest(seqs) WITH ORDINALITY AS w(seq, place)
    LEFT JOIN LATERAL (SELECT seq, experiment_id FROM run WHERE run.seq = w.seq AND NOT purging OFFSET 0) AS r ON true;
    IF erased THEN
        RAISE EXCEPTION 'a run was erased while its lock was awaited' USING ERRCODE = 'serialization_failure';
    END IF;

    INSERT INTO metric_segment (run_seq, bucket, max_ts, keys, ts, steps, vals)
    SELECT seqs[p.place], p.key_id / 64, max(p.ts), array_agg(p.key_id), array_agg(p.ts), array_agg(p.step),
           array_agg(p.val)
    FROM unnest(places, key_ids, stamps, steps, vals) AS p(place, key_id, ts, step, val)
    WHERE seqs[p.place] IS NOT NULL
    GROUP BY 1, 2;

    IF cardinality(key_ids) > 4 THEN
        first := NOT EXISTS (SELECT FROM latest_metric WHERE run_seq = ANY(seqs));
    END IF;
    -- In the order of the primary key, so that two writers take row locks in the same order.
    IF first THEN
        INSERT INTO latest_metric (run_seq, key_id, experiment_id, value, step, ts)
        SELECT DISTINCT ON (1, 2) seqs[p.place], p.key_id, experiment_ids[p.place], p.val, p.step, p.ts
        FROM unnest(places, key_ids, stamps, steps, vals) AS p(place, key_id, ts, step, val)
        WHERE seqs[p.place] IS NOT NULL
        ORDER BY 1, 2, p.step DESC, p.ts DESC, p.val DESC;
    ELSE
        INSERT INTO latest_metric AS l (run_seq, key_id, experiment_id, value, step, ts)
        SELECT DISTINCT ON (1, 2) seqs[p.place], p.key_id, experiment_ids[p.place], p.val, p.step, p.ts
        FROM unnest(places, key_ids, stamps, steps, vals) AS p(place, key_id, ts, step, val)
        WHERE seqs[p.place] IS NOT NULL
        ORDER BY 1, 2, p.step DESC, p.ts DESC, p.val DESC
        ON CONFLICT (run_seq, key_id) DO UPDATE SET value = excluded.value, step = excluded.step, ts = excluded.ts
        WHERE (excluded.step, excluded.ts, excluded.value) > (l.step, l.ts, l.value);
    END IF;

    RETURN QUERY SELECT unnest(states);
END
$$;

CREATE FUNCTION public.log_words(wanted_run text, wanted_workspace bigint, param_keys integer[], param_values text[], tag_keys integer[], tag_values text[], new_name text) RETURNS text
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    target record;
    home bigint;
    added bigint;
    kept record;
BEGIN
    SELECT r.seq, (r.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL) AS deleted, pg_advisory_xact_lock_shared(r.seq)
    INTO target
    FROM run r JOIN experiment e ON e.id = r.experiment_id
    WHERE r.run_id = wanted_run AND e.workspace_id = wanted_workspace AND NOT r.purging AND NOT e.purging;
    IF NOT FOUND THEN
        RETURN 'missing';
    ELSIF target.deleted THEN
        RETURN 'deleted';
    END IF;

    DELETE FROM run_document WHERE run_seq = target.seq;

    SELECT experiment_id INTO home FROM run WHERE seq = target.seq AND NOT purging; -- it may have moved meanwhile
    IF NOT FOUND THEN
        RETURN 'missing'; -- it was erased while its lock was awaited
    END IF;

    IF cardinality(param_keys) > 4 AND NOT EXISTS (SELECT FROM run_param WHERE run_seq = target.seq) THEN
        INSERT INTO run_param (run_seq, key_id, experiment_id, value)
        SELECT target.seq, p.key_id, home, p.value
        FROM unnest(param_keys, param_values) AS p(key_id, value) ORDER BY p.key_id;
    ELSIF cardinality(param_keys) > 0 THEN
        INSERT INTO run_param (run_seq, key_id, experiment_id, value)
        SELECT target.seq, p.key_id, home, p.value
        FROM unnest(param_keys, param_values) AS p(key_id, value) ORDER BY p.key_id
        ON CONFLICT (run_seq, key_id) DO NOTHING;
        GET DIAGNOSTICS added = ROW_COUNT;
        IF added < cardinality(param_keys) THEN
            SELECT s.key_id, s.value INTO kept
            FROM unnest(param_keys, param_values) AS p(key_id, value)
            JOIN run_param s ON s.run_seq = target.seq AND s.key_id = p.key_id
            WHERE s.value <> p.value LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'param has another value'
                    USING ERRCODE = 'LW001', DETAIL = kept.key_id || ':' || kept.value;
            END IF;
        END IF;
    END IF;

    IF cardinality(tag_keys) > 4
        AND NOT EXISTS (SELECT FROM run_tag WHERE run_seq = target.seq AND key_id = ANY(tag_keys)) THEN
        INSERT INTO run_tag (run_seq, key_id, experiment_id, value)
        SELECT target.seq, t.key_id, home, t.value
        FROM unnest(tag_keys, tag_values) AS t(key_id, value) ORDER BY t.key_id;
    ELSIF cardinality(tag_keys) > 0 THEN
        INSERT INTO run_tag (run_seq, key_id, experiment_id, value)
        SELECT target.seq, t.key_id, home, t.value
        FROM unnest(tag_keys, tag_values) AS t(key_id, value) ORDER BY t.key_id
        ON CONFLICT (run_seq, key_id) DO UPDATE SET value = excluded.value WHERE run_tag.value <> excluded.value;
    END IF;

    IF new_name IS NOT NULL THEN
        UPDATE run SET name = new_name WHERE seq = target.seq;
    END IF;
    RETURN 'ok';
END
$$;

CREATE FUNCTION public.may_use(what text, held bigint[]) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT 3 = ANY (held) OR EXISTS (SELECT FROM credential_use u WHERE u.kind = what AND u.principal_id = ANY (held))
$$;

CREATE FUNCTION public.model_stands_in_schema() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM stand_in_schema(NEW.workspace_id, NEW.catalog_name, NEW.schema_name, NEW.created_by);
    RETURN NEW;
END
$$;

CREATE FUNCTION public.note_arm_of_trace() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
DECLARE
    prompt text := regexp_replace(NEW.target, '/[0-9]+$', '');
    used integer := substring(NEW.target FROM '/([0-9]+)$')::integer;
    said jsonb;
BEGIN
    SELECT jsonb_object_agg('lakeward.arm.' || found.name, found.arms) INTO said FROM (
        SELECT r.name, string_agg(a.alias || '=' || a.version, ', ' ORDER BY a.alias) AS arms
        FROM trace t JOIN registered_model r ON r.workspace_id = t.workspace_id AND r.is_prompt
             AND (r.name = prompt OR r.full_name = prompt)
        JOIN alias_arm a ON a.model_id = r.id AND a.version = used
        WHERE t.seq = NEW.trace_seq AND length(r.name) <= 200 GROUP BY r.name
    ) found;
    IF said IS NOT NULL THEN
        UPDATE trace SET tags = tags || said WHERE seq = NEW.trace_seq;
    END IF;
    RETURN NULL;
END
$_$;

CREATE FUNCTION public.note_changed_traces() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO trace_changed (trace_seq, experiment_id) SELECT seq, experiment_id FROM now_there
        UNION SELECT seq, experiment_id FROM was_there;
    RETURN NULL;
END $$;

CREATE FUNCTION public.note_deleted_traces() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO trace_changed (trace_seq, experiment_id) SELECT seq, experiment_id FROM was_there;
    RETURN NULL;
END $$;

CREATE FUNCTION public.note_new_traces() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO trace_changed (trace_seq, experiment_id) SELECT seq, experiment_id FROM now_there;
    RETURN NULL;
END $$;

CREATE FUNCTION public.open_default_schema() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM stand_in_schema(NEW.id, 'main', 'default', '');
    INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)
    VALUES (NEW.id, 'catalog', 'main', 2, 'USE_CATALOG'),
           (NEW.id, 'schema', 'main.default', 2, 'USE_SCHEMA'),
           (NEW.id, 'schema', 'main.default', 2, 'CREATE_MODEL');
    RETURN NULL;
END
$$;

CREATE FUNCTION public.principals_of(one bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE STRICT ROWS 10 PARALLEL SAFE
    AS $$
    WITH RECURSIVE held(id) AS (
        SELECT one
        UNION SELECT 2 FROM principal WHERE id = one AND kind <> 'GROUP'
        UNION SELECT m.group_id FROM held JOIN group_member m ON m.member_id = held.id
    )
    SELECT id FROM held
$$;

CREATE FUNCTION public.principals_seen_in(one bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE STRICT ROWS 100 PARALLEL SAFE
    AS $$
    WITH RECURSIVE inside(id) AS (
        SELECT principal_id FROM workspace_member WHERE workspace_id = one
        UNION SELECT 3
        UNION SELECT m.member_id FROM inside JOIN group_member m ON m.group_id = inside.id
    )
    SELECT id FROM inside
    UNION SELECT id FROM principal
        WHERE id = 2 OR (kind <> 'GROUP' AND 2 IN (SELECT id FROM inside))
$$;

CREATE FUNCTION public.stand_in_schema(workspace bigint, catalog_written text, schema_written text, maker text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.trigrams(name text) RETURNS integer[]
    LANGUAGE plpgsql IMMUTABLE STRICT COST 5000 PARALLEL SAFE
    AS $$
DECLARE
    letter text;
    a integer := -1;
    b integer := -1;
    c integer;
    found integer[] := '{}';
BEGIN
    FOREACH letter IN ARRAY string_to_array(lower(name COLLATE "C"), NULL) LOOP
        c := ascii(letter) & 1023;
        IF a >= 0 THEN
            found := found || ((a << 20) + (b << 10) + c);
        END IF;
        a := b;
        b := c;
    END LOOP;
    RETURN found;
END
$$;

CREATE FUNCTION public.webhook_event(in_workspace bigint, of_model bigint, entity text, action text, data jsonb) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO webhook_delivery (webhook_id, event, body)
    SELECT w.id, entity || '.' || action, jsonb_build_object(
        'entity', entity, 'action', action,
        'timestamp', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        'workspace', (SELECT k.name FROM workspace k WHERE k.id = in_workspace), 'data', data)::text
    FROM webhook w
    WHERE w.workspace_id = in_workspace AND w.status = 'ACTIVE' AND entity || '.' || action = ANY(w.events)
          AND (w.model_id IS NULL OR w.model_id = of_model)
$$;

CREATE FUNCTION public.webhook_of_activity() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.webhook_of_assessment() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.webhook_of_review() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.webhook_of_run() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE TABLE public.access_grant (
    workspace_id bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    object text NOT NULL COLLATE pg_catalog."C",
    principal_id bigint NOT NULL,
    privilege text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.access_token (
    id text NOT NULL COLLATE pg_catalog."C",
    principal_id bigint NOT NULL,
    hash bytea NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    kind text DEFAULT 'PERSONAL'::text NOT NULL,
    created_by bigint,
    scopes text[],
    secret_id text COLLATE pg_catalog."C",
    grant_id bigint,
    CONSTRAINT access_token_kind_check CHECK ((kind = ANY (ARRAY['PERSONAL'::text, 'OAUTH'::text, 'SESSION'::text])))
);

CREATE TABLE public.access_token_use (
    token_id text NOT NULL COLLATE pg_catalog."C",
    used_at timestamp with time zone NOT NULL
);

CREATE TABLE public.alias_arm (
    model_id bigint NOT NULL,
    alias text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    weight double precision NOT NULL,
    CONSTRAINT alias_arm_weight_check CHECK ((weight > (0)::double precision))
);

CREATE TABLE public.asset (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id bigint NOT NULL,
    catalog_name text NOT NULL COLLATE pg_catalog."C",
    schema_name text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    comment text DEFAULT ''::text NOT NULL,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    detail jsonb NOT NULL,
    storage_location text DEFAULT ''::text NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint NOT NULL,
    updated_by text NOT NULL COLLATE pg_catalog."C",
    of_experiment bigint,
    CONSTRAINT asset_kind_check CHECK ((kind = ANY (ARRAY['volume'::text, 'table'::text, 'function'::text])))
);

CREATE TABLE public.asset_remains (
    prefix text NOT NULL COLLATE pg_catalog."C",
    deleted_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.audit_event (
    seq bigint NOT NULL,
    record json NOT NULL,
    hash bytea NOT NULL,
    "time" bigint NOT NULL,
    principal text COLLATE pg_catalog."C",
    service_name text NOT NULL COLLATE pg_catalog."C",
    action_name text NOT NULL COLLATE pg_catalog."C",
    request_id text COLLATE pg_catalog."C",
    workspace_id bigint NOT NULL,
    status_code integer NOT NULL
);

CREATE TABLE public.audit_inbox (
    id bigint NOT NULL,
    record json NOT NULL
);

ALTER TABLE public.audit_inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit_seal (
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    sealed_at bigint NOT NULL,
    master_key text NOT NULL COLLATE pg_catalog."C",
    mac bytea NOT NULL
);

CREATE TABLE public.audit_start (
    only_one boolean DEFAULT true NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    sealed_at bigint NOT NULL,
    master_key text NOT NULL COLLATE pg_catalog."C",
    mac bytea NOT NULL,
    CONSTRAINT audit_start_only_one_check CHECK (only_one)
);

CREATE TABLE public.audit_table (
    only_one boolean DEFAULT true NOT NULL,
    written bigint DEFAULT 0 NOT NULL,
    tidied date DEFAULT '1970-01-01'::date NOT NULL,
    CONSTRAINT audit_table_only_one_check CHECK (only_one)
);

CREATE TABLE public.catalog (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    comment text DEFAULT ''::text NOT NULL,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    storage_root text DEFAULT ''::text NOT NULL,
    isolation_mode text DEFAULT 'ISOLATED'::text NOT NULL COLLATE pg_catalog."C",
    created_at bigint DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint NOT NULL,
    created_by text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint NOT NULL,
    updated_by text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT catalog_check CHECK (((name <> 'system'::text) OR (workspace_id = 0))),
    CONSTRAINT catalog_isolation_mode_check CHECK ((isolation_mode = ANY (ARRAY['OPEN'::text, 'ISOLATED'::text])))
);

CREATE TABLE public.catalog_binding (
    catalog_id uuid NOT NULL,
    workspace_id bigint NOT NULL,
    binding_type text DEFAULT 'BINDING_TYPE_READ_WRITE'::text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT catalog_binding_binding_type_check CHECK ((binding_type = ANY (ARRAY['BINDING_TYPE_READ_WRITE'::text, 'BINDING_TYPE_READ_ONLY'::text])))
);

CREATE TABLE public.catalog_schema (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id bigint NOT NULL,
    catalog_name text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    comment text DEFAULT ''::text NOT NULL,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    storage_root text DEFAULT ''::text NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint NOT NULL,
    created_by text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint NOT NULL,
    updated_by text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.connection (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    connection_type text NOT NULL COLLATE pg_catalog."C",
    comment text DEFAULT ''::text NOT NULL,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    sealed bytea NOT NULL,
    data_key_id uuid NOT NULL,
    read_only boolean NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint NOT NULL,
    updated_by text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.credential_use (
    kind text NOT NULL COLLATE pg_catalog."C",
    principal_id bigint NOT NULL,
    CONSTRAINT credential_use_kind_check CHECK ((kind = ANY (ARRAY['tokens'::text, 'passwords'::text])))
);

CREATE TABLE public.data_key (
    id uuid NOT NULL,
    purpose text NOT NULL,
    master_key text NOT NULL COLLATE pg_catalog."C",
    wrapped bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.dataset (
    id bigint NOT NULL,
    experiment_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    source_type text NOT NULL,
    source text NOT NULL,
    schema text DEFAULT ''::text NOT NULL,
    profile text DEFAULT ''::text NOT NULL
);

ALTER TABLE public.dataset ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dataset_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.entity_tag (
    workspace_id bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    object text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL,
    updated_at bigint NOT NULL,
    updated_by text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.experiment (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    artifact_location text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint,
    purging boolean DEFAULT false NOT NULL
);

ALTER TABLE public.experiment ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.experiment_tag (
    experiment_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.external_lineage (
    seq bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id bigint NOT NULL,
    source_kind text NOT NULL COLLATE pg_catalog."C",
    source text NOT NULL COLLATE pg_catalog."C",
    source_version integer NOT NULL,
    target_kind text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    target_version integer NOT NULL,
    columns jsonb NOT NULL,
    properties jsonb NOT NULL,
    updated_at bigint NOT NULL,
    updated_by text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE public.external_lineage ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.external_lineage_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.external_metadata (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    system_type text NOT NULL COLLATE pg_catalog."C",
    entity_type text NOT NULL,
    url text NOT NULL,
    description text NOT NULL,
    columns jsonb NOT NULL,
    properties jsonb NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint NOT NULL,
    updated_by text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.group_member (
    group_id bigint NOT NULL,
    member_id bigint NOT NULL
);

CREATE TABLE public.import_source (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    url text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE public.import_source ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.import_source_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.imported_experiment (
    source_id bigint NOT NULL,
    there text NOT NULL COLLATE pg_catalog."C",
    experiment_id bigint NOT NULL,
    merged boolean NOT NULL
);

CREATE TABLE public.imported_file (
    source_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    sha256 bytea NOT NULL
);

CREATE TABLE public.imported_object (
    source_id bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    there text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL,
    CONSTRAINT imported_object_kind_check CHECK ((kind = ANY (ARRAY['experiment'::text, 'run'::text, 'logged model'::text, 'registered model'::text, 'trace'::text])))
);

CREATE TABLE public.ip_access_list (
    id text NOT NULL COLLATE pg_catalog."C",
    label text NOT NULL,
    list_type text NOT NULL,
    addresses text[] NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by bigint,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_by bigint,
    CONSTRAINT ip_access_list_list_type_check CHECK ((list_type = ANY (ARRAY['ALLOW'::text, 'BLOCK'::text])))
);

CREATE TABLE public.key_name (
    id integer NOT NULL,
    text text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE public.key_name ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.key_name_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.key_ring (
    only_one boolean DEFAULT true NOT NULL,
    master_key text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT key_ring_only_one_check CHECK (only_one)
);

CREATE TABLE public.latest_metric (
    run_seq bigint NOT NULL,
    key_id integer NOT NULL,
    experiment_id bigint NOT NULL,
    value double precision NOT NULL,
    step bigint NOT NULL,
    ts bigint NOT NULL
)
WITH (fillfactor='85');

CREATE TABLE public.logged_model (
    seq bigint NOT NULL,
    model_id text NOT NULL COLLATE pg_catalog."C",
    experiment_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    model_type text NOT NULL COLLATE pg_catalog."C",
    source_run_id text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    creator_id bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint,
    purging boolean DEFAULT false NOT NULL,
    home_id bigint,
    home_location text,
    CONSTRAINT logged_model_check CHECK (((deleted_at IS NOT NULL) OR (NOT purging)))
);

CREATE TABLE public.logged_model_metric (
    model_seq bigint NOT NULL,
    key_id integer NOT NULL,
    scope_id integer NOT NULL,
    experiment_id bigint NOT NULL,
    ts bigint NOT NULL,
    step bigint NOT NULL,
    value double precision NOT NULL,
    run_id text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.logged_model_param (
    model_seq bigint NOT NULL,
    key_id integer NOT NULL,
    experiment_id bigint NOT NULL,
    value text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.logged_model_rank (
    model_seq bigint NOT NULL,
    key_id integer NOT NULL,
    scope_id integer NOT NULL,
    experiment_id bigint NOT NULL,
    value double precision NOT NULL,
    ts bigint NOT NULL,
    step bigint NOT NULL,
    run_id text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='85');

CREATE TABLE public.logged_model_scope (
    model_seq bigint NOT NULL,
    scope_id integer NOT NULL,
    experiment_id bigint NOT NULL
);

ALTER TABLE public.logged_model ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.logged_model_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.logged_model_tag (
    model_seq bigint NOT NULL,
    key_id integer NOT NULL,
    experiment_id bigint NOT NULL,
    value text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.metastore (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    created_at bigint DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint NOT NULL
);

CREATE UNLOGGED TABLE public.metric_curve (
    run_seq bigint NOT NULL,
    key_id integer NOT NULL,
    most integer NOT NULL,
    segments integer NOT NULL,
    points bytea NOT NULL
)
WITH (toast_tuple_target='8160');
ALTER TABLE ONLY public.metric_curve ALTER COLUMN points SET STORAGE EXTERNAL;

CREATE TABLE public.metric_scope (
    id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE public.metric_scope ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.metric_scope_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.metric_segment (
    run_seq bigint NOT NULL,
    bucket integer NOT NULL,
    max_ts bigint NOT NULL,
    keys integer[] NOT NULL,
    ts bigint[] NOT NULL,
    steps bigint[] NOT NULL,
    vals double precision[] NOT NULL
);
ALTER TABLE ONLY public.metric_segment ALTER COLUMN keys SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.metric_segment ALTER COLUMN ts SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.metric_segment ALTER COLUMN steps SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.metric_segment ALTER COLUMN vals SET STORAGE EXTERNAL;

CREATE TABLE public.model_alias (
    model_id bigint NOT NULL,
    alias text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL
);

CREATE TABLE public.model_files (
    id text NOT NULL COLLATE pg_catalog."C",
    workspace_id bigint NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE public.model_price (
    id bigint NOT NULL,
    provider text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    model text NOT NULL COLLATE pg_catalog."C",
    input double precision NOT NULL,
    output double precision NOT NULL,
    cache_read double precision,
    cache_write double precision,
    valid_from bigint NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    set_by text NOT NULL,
    set_at bigint NOT NULL
);

ALTER TABLE public.model_price ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.model_price_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.model_version (
    model_id bigint NOT NULL,
    version integer NOT NULL,
    workspace_id bigint NOT NULL,
    is_prompt boolean NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    status_message text NOT NULL,
    stage text NOT NULL COLLATE pg_catalog."C",
    description text,
    source text NOT NULL COLLATE pg_catalog."C",
    storage text NOT NULL COLLATE pg_catalog."C",
    files_id text COLLATE pg_catalog."C",
    run_id text NOT NULL COLLATE pg_catalog."C",
    run_link text NOT NULL COLLATE pg_catalog."C",
    logged_model_id text NOT NULL COLLATE pg_catalog."C",
    created_by text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE public.model_version_input (
    model_id bigint NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    place bigint NOT NULL,
    CONSTRAINT model_version_input_kind_check CHECK ((kind = ANY (ARRAY['TABLE'::text, 'FUNCTION'::text])))
);

ALTER TABLE public.model_version_input ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.model_version_input_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.model_version_tag (
    model_id bigint NOT NULL,
    version integer NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.oauth_code (
    hash bytea NOT NULL,
    principal_id bigint NOT NULL,
    client_id text NOT NULL COLLATE pg_catalog."C",
    redirect_uri text NOT NULL,
    challenge text NOT NULL COLLATE pg_catalog."C",
    scopes text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    grant_id bigint
);

CREATE TABLE public.oauth_grant (
    id bigint NOT NULL,
    principal_id bigint NOT NULL,
    client_id text NOT NULL COLLATE pg_catalog."C",
    scopes text NOT NULL,
    refresh_hash bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE public.oauth_grant ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.oauth_grant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.oauth_spent (
    hash bytea NOT NULL,
    grant_id bigint NOT NULL
);

CREATE TABLE public.password (
    principal_id bigint NOT NULL,
    hash text NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.principal (
    id bigint NOT NULL,
    kind text DEFAULT 'USER'::text NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    display_name text DEFAULT ''::text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    external_id text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    profile jsonb DEFAULT '{}'::jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT principal_kind_check CHECK ((kind = ANY (ARRAY['USER'::text, 'GROUP'::text, 'SERVICE_PRINCIPAL'::text])))
);

ALTER TABLE public.principal ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.principal_id_seq
    START WITH 100
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.principal_role (
    principal_id bigint NOT NULL,
    holder_id bigint NOT NULL,
    role text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.registered_model (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    full_name text NOT NULL COLLATE pg_catalog."C",
    catalog_name text NOT NULL COLLATE pg_catalog."C",
    schema_name text NOT NULL COLLATE pg_catalog."C",
    is_prompt boolean NOT NULL,
    description text NOT NULL,
    deployment_job_id text NOT NULL COLLATE pg_catalog."C",
    created_by text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    last_version integer DEFAULT 0 NOT NULL
);

ALTER TABLE public.registered_model ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.registered_model_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.registered_model_tag (
    model_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.registry_activity (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    model_id bigint NOT NULL,
    full_name text NOT NULL COLLATE pg_catalog."C",
    is_prompt boolean NOT NULL,
    version integer,
    action text NOT NULL COLLATE pg_catalog."C",
    key text COLLATE pg_catalog."C",
    value text,
    before text,
    actor text NOT NULL COLLATE pg_catalog."C",
    at bigint DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint NOT NULL
);

ALTER TABLE public.registry_activity ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.registry_activity_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.run (
    seq bigint NOT NULL,
    run_id text NOT NULL COLLATE pg_catalog."C",
    experiment_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    start_time bigint NOT NULL,
    end_time bigint,
    deleted_at bigint,
    purging boolean DEFAULT false NOT NULL,
    home_id bigint,
    home_location text
);

CREATE TABLE public.run_dataset (
    run_seq bigint NOT NULL,
    dataset_id bigint NOT NULL,
    context text COLLATE pg_catalog."C",
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    seq bigint NOT NULL
);

ALTER TABLE public.run_dataset ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.run_dataset_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE public.run_document (
    run_seq bigint NOT NULL,
    data text NOT NULL,
    inputs text NOT NULL,
    outputs text NOT NULL
);

CREATE TABLE public.run_model (
    run_seq bigint NOT NULL,
    direction text NOT NULL,
    model_id text NOT NULL COLLATE pg_catalog."C",
    step bigint DEFAULT 0 NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT run_model_direction_check CHECK ((direction = ANY (ARRAY['input'::text, 'output'::text])))
);

ALTER TABLE public.run_model ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.run_model_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.run_param (
    run_seq bigint NOT NULL,
    key_id integer NOT NULL,
    experiment_id bigint NOT NULL,
    value text NOT NULL COLLATE pg_catalog."C",
    head text GENERATED ALWAYS AS ("left"(value, 100)) STORED COLLATE pg_catalog."C"
);

ALTER TABLE public.run ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.run_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.run_tag (
    run_seq bigint NOT NULL,
    key_id integer NOT NULL,
    experiment_id bigint NOT NULL,
    value text NOT NULL COLLATE pg_catalog."C",
    head text GENERATED ALWAYS AS ("left"(value, 100)) STORED COLLATE pg_catalog."C"
);

CREATE TABLE public.saved_view (
    id bigint NOT NULL,
    experiment_id bigint NOT NULL,
    of_table text NOT NULL COLLATE pg_catalog."C",
    owner_id bigint,
    name text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL,
    changed_by text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint NOT NULL,
    CONSTRAINT saved_view_of_table_check CHECK ((of_table = ANY (ARRAY['runs'::text, 'traces'::text])))
);

ALTER TABLE public.saved_view ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.saved_view_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schema_migration (
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.secret (
    scope_id bigint CONSTRAINT secret_scope_id_not_null1 NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    sealed bytea NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE public.secret_acl (
    scope_id bigint NOT NULL,
    principal_id bigint NOT NULL,
    permission text NOT NULL,
    CONSTRAINT secret_acl_permission_check CHECK ((permission = ANY (ARRAY['READ'::text, 'WRITE'::text, 'MANAGE'::text])))
);

CREATE TABLE public.secret_key (
    name text NOT NULL COLLATE pg_catalog."C",
    value bytea NOT NULL
);

CREATE TABLE public.secret_scope (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    data_key_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.secret_scope ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.secret_scope_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.server_switch (
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL
);

CREATE TABLE public.service_secret (
    id text NOT NULL COLLATE pg_catalog."C",
    principal_id bigint NOT NULL,
    hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    generation integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.sign_in_attempt (
    key text NOT NULL COLLATE pg_catalog."C",
    failures integer NOT NULL,
    last_at timestamp with time zone DEFAULT now() NOT NULL,
    blocked_until timestamp with time zone NOT NULL
);

CREATE TABLE public.sso_attempt (
    state bytea NOT NULL,
    browser bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    redirect_uri text NOT NULL,
    back text NOT NULL,
    address text NOT NULL COLLATE pg_catalog."C",
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.sso_identity (
    issuer text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    principal_id bigint NOT NULL
);

CREATE TABLE public.sso_membership (
    member_id bigint NOT NULL,
    group_id bigint NOT NULL
);

CREATE TABLE public.staging_table (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id bigint NOT NULL,
    catalog_name text NOT NULL COLLATE pg_catalog."C",
    schema_name text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    principal_id bigint NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE public.tag_policy (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id bigint NOT NULL,
    tag_key text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL,
    allowed_values text[] NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE public.trace (
    seq bigint NOT NULL,
    trace_id text NOT NULL COLLATE pg_catalog."C",
    workspace_id bigint NOT NULL,
    experiment_id bigint NOT NULL,
    location_id bigint,
    start_ms bigint NOT NULL,
    end_ms bigint,
    state text NOT NULL COLLATE pg_catalog."C",
    finalized boolean DEFAULT false NOT NULL,
    name text COLLATE pg_catalog."C",
    client_request_id text COLLATE pg_catalog."C",
    session_id text COLLATE pg_catalog."C",
    request_preview text,
    response_preview text,
    tags jsonb DEFAULT '{}'::jsonb NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    input_tokens bigint,
    output_tokens bigint,
    total_tokens bigint,
    cache_read_tokens bigint,
    cache_creation_tokens bigint,
    input_cost double precision,
    output_cost double precision,
    total_cost double precision
)
WITH (fillfactor='90', toast_tuple_target='4080');

CREATE TABLE public.trace_assessment (
    seq bigint NOT NULL,
    assessment_id text NOT NULL COLLATE pg_catalog."C",
    trace_seq bigint NOT NULL,
    experiment_id bigint NOT NULL,
    start_ms bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    span_id text COLLATE pg_catalog."C",
    source_type text NOT NULL COLLATE pg_catalog."C",
    source_id text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL,
    number double precision,
    is_number boolean NOT NULL,
    error jsonb,
    rationale text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    overrides text COLLATE pg_catalog."C",
    valid boolean DEFAULT true NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    CONSTRAINT trace_assessment_kind_check CHECK ((kind = ANY (ARRAY['feedback'::text, 'expectation'::text, 'issue'::text])))
);

ALTER TABLE public.trace_assessment ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trace_assessment_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trace_block (
    id bigint NOT NULL,
    experiment_id bigint NOT NULL,
    first_ms bigint NOT NULL,
    last_ms bigint NOT NULL,
    members bytea NOT NULL,
    planes bytea NOT NULL
);
ALTER TABLE ONLY public.trace_block ALTER COLUMN members SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.trace_block ALTER COLUMN planes SET STORAGE EXTERNAL;

ALTER TABLE public.trace_block ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trace_block_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trace_changed (
    trace_seq bigint NOT NULL,
    experiment_id bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000');

CREATE TABLE public.trace_issue (
    seq bigint NOT NULL,
    issue_id text NOT NULL COLLATE pg_catalog."C",
    experiment_id bigint NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    severity smallint NOT NULL,
    root_causes text[] NOT NULL,
    categories text[] NOT NULL,
    source_run_id text COLLATE pg_catalog."C",
    created_by text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

ALTER TABLE public.trace_issue ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trace_issue_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trace_kept (
    trace_seq bigint NOT NULL,
    until_ms bigint NOT NULL
);

CREATE TABLE public.trace_lake (
    experiment_id bigint NOT NULL,
    traces_prefix text NOT NULL COLLATE pg_catalog."C",
    spans_prefix text NOT NULL COLLATE pg_catalog."C",
    through_ms bigint DEFAULT 0 NOT NULL,
    looked_at bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.trace_link (
    trace_seq bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT trace_link_kind_check CHECK ((kind = ANY (ARRAY['run'::text, 'prompt'::text])))
);

CREATE TABLE public.trace_location (
    id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    path text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE public.trace_location ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trace_location_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trace_location_link (
    location_id bigint NOT NULL,
    experiment_id bigint NOT NULL,
    linked boolean NOT NULL
);

CREATE TABLE public.trace_move (
    batch bigint NOT NULL,
    experiment_id bigint NOT NULL,
    seqs bigint[] NOT NULL,
    days date[] NOT NULL,
    segments bigint[] NOT NULL
);

ALTER TABLE public.trace_move ALTER COLUMN batch ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trace_move_batch_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trace_moved (
    trace_seq bigint NOT NULL,
    experiment_id bigint NOT NULL,
    batch bigint NOT NULL,
    day date NOT NULL,
    astray boolean DEFAULT false NOT NULL
);

CREATE UNLOGGED TABLE public.trace_outline (
    trace_seq bigint NOT NULL,
    segments integer NOT NULL,
    last_segment bigint NOT NULL,
    prices bytea NOT NULL,
    outline bytea NOT NULL
);
ALTER TABLE ONLY public.trace_outline ALTER COLUMN outline SET STORAGE EXTERNAL;

CREATE TABLE public.trace_rollup (
    id bigint NOT NULL,
    experiment_id bigint NOT NULL,
    traces integer NOT NULL,
    spans integer NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    first_ms bigint NOT NULL,
    last_ms bigint NOT NULL,
    first_span_ms bigint,
    last_span_ms bigint,
    gone bytea DEFAULT '\x'::bytea NOT NULL
);

CREATE TABLE public.trace_rollup_column (
    rollup_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    data bytea NOT NULL
);
ALTER TABLE ONLY public.trace_rollup_column ALTER COLUMN data SET STORAGE EXTERNAL;

ALTER TABLE public.trace_rollup ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trace_rollup_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trace_segment (
    id bigint NOT NULL,
    trace_seq bigint NOT NULL,
    spans integer NOT NULL,
    payload bytea NOT NULL,
    gist bytea
)
WITH (toast_tuple_target='8160');
ALTER TABLE ONLY public.trace_segment ALTER COLUMN payload SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.trace_segment ALTER COLUMN gist SET STORAGE EXTERNAL;

ALTER TABLE public.trace_segment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trace_segment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.trace ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trace_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trace_signature (
    segment_id bigint NOT NULL,
    trace_seq bigint NOT NULL,
    experiment_id bigint NOT NULL,
    start_ms bigint NOT NULL,
    bits bytea NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='4000');
ALTER TABLE ONLY public.trace_signature ALTER COLUMN bits SET STORAGE PLAIN;

CREATE TABLE public.trace_unmoved (
    experiment_id bigint NOT NULL,
    batch bigint NOT NULL,
    day date NOT NULL,
    trace_seq bigint NOT NULL
);

CREATE TABLE public.transition_request (
    id bigint NOT NULL,
    model_id bigint NOT NULL,
    version integer NOT NULL,
    stage text NOT NULL COLLATE pg_catalog."C",
    comment text NOT NULL,
    creator text NOT NULL COLLATE pg_catalog."C",
    creator_id bigint NOT NULL,
    created_at bigint NOT NULL
);

ALTER TABLE public.transition_request ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.transition_request_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.upload (
    id text NOT NULL COLLATE pg_catalog."C",
    workspace_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    overwrite boolean NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone
);

CREATE TABLE public.version_comment (
    id bigint NOT NULL,
    model_id bigint NOT NULL,
    version integer NOT NULL,
    comment text NOT NULL,
    creator text NOT NULL COLLATE pg_catalog."C",
    creator_id bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

ALTER TABLE public.version_comment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.version_comment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.webhook (
    id text NOT NULL COLLATE pg_catalog."C",
    workspace_id bigint NOT NULL,
    model_id bigint,
    name text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL,
    url text NOT NULL,
    form text NOT NULL COLLATE pg_catalog."C",
    events text[] NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    data_key_id uuid,
    secret bytea,
    created_by text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    CONSTRAINT webhook_check CHECK (((data_key_id IS NULL) = (secret IS NULL))),
    CONSTRAINT webhook_form_check CHECK ((form = ANY (ARRAY['MLFLOW'::text, 'DATABRICKS'::text]))),
    CONSTRAINT webhook_status_check CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'DISABLED'::text, 'TEST_MODE'::text])))
);

CREATE TABLE public.webhook_attempt (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone NOT NULL,
    millis integer NOT NULL,
    status integer,
    problem text NOT NULL
);

CREATE TABLE public.webhook_delivery (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    seq bigint NOT NULL,
    webhook_id text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL,
    state text DEFAULT 'PENDING'::text NOT NULL COLLATE pg_catalog."C",
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT webhook_delivery_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'DELIVERED'::text, 'DEAD'::text])))
);

ALTER TABLE public.webhook_delivery ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.webhook_delivery_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE public.worker (
    id text NOT NULL COLLATE pg_catalog."C",
    host text NOT NULL,
    pid bigint NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    waiting text NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.workspace (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.workspace ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.workspace_id_seq
    START WITH 2
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.workspace_member (
    workspace_id bigint NOT NULL,
    principal_id bigint NOT NULL,
    role text NOT NULL,
    CONSTRAINT workspace_member_role_check CHECK ((role = ANY (ARRAY['USE'::text, 'READ'::text, 'EDIT'::text, 'MANAGE'::text])))
);

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_pkey PRIMARY KEY (workspace_id, kind, object, principal_id, privilege);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.access_token_use
    ADD CONSTRAINT access_token_use_pkey PRIMARY KEY (token_id);

ALTER TABLE ONLY public.alias_arm
    ADD CONSTRAINT alias_arm_pkey PRIMARY KEY (model_id, alias, version);

ALTER TABLE ONLY public.asset
    ADD CONSTRAINT asset_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.asset_remains
    ADD CONSTRAINT asset_remains_pkey PRIMARY KEY (prefix);

ALTER TABLE ONLY public.asset
    ADD CONSTRAINT asset_workspace_id_kind_catalog_name_schema_name_name_key UNIQUE (workspace_id, kind, catalog_name, schema_name, name);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.audit_inbox
    ADD CONSTRAINT audit_inbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.audit_start
    ADD CONSTRAINT audit_start_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY public.audit_table
    ADD CONSTRAINT audit_table_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY public.catalog_binding
    ADD CONSTRAINT catalog_binding_pkey PRIMARY KEY (catalog_id, workspace_id);

ALTER TABLE ONLY public.catalog
    ADD CONSTRAINT catalog_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.catalog_schema
    ADD CONSTRAINT catalog_schema_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.catalog_schema
    ADD CONSTRAINT catalog_schema_workspace_id_catalog_name_name_key UNIQUE (workspace_id, catalog_name, name);

ALTER TABLE ONLY public.catalog
    ADD CONSTRAINT catalog_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.connection
    ADD CONSTRAINT connection_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.connection
    ADD CONSTRAINT connection_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.credential_use
    ADD CONSTRAINT credential_use_pkey PRIMARY KEY (kind, principal_id);

ALTER TABLE ONLY public.data_key
    ADD CONSTRAINT data_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_experiment_id_name_digest_key UNIQUE (experiment_id, name, digest);

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.entity_tag
    ADD CONSTRAINT entity_tag_pkey PRIMARY KEY (workspace_id, kind, object, key);

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.experiment_tag
    ADD CONSTRAINT experiment_tag_pkey PRIMARY KEY (experiment_id, key);

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.external_lineage
    ADD CONSTRAINT external_lineage_id_key UNIQUE (id);

ALTER TABLE ONLY public.external_lineage
    ADD CONSTRAINT external_lineage_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.external_lineage
    ADD CONSTRAINT external_lineage_workspace_id_source_kind_source_source_ver_key UNIQUE (workspace_id, source_kind, source, source_version, target_kind, target, target_version);

ALTER TABLE ONLY public.external_metadata
    ADD CONSTRAINT external_metadata_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.external_metadata
    ADD CONSTRAINT external_metadata_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.group_member
    ADD CONSTRAINT group_member_pkey PRIMARY KEY (member_id, group_id);

ALTER TABLE ONLY public.import_source
    ADD CONSTRAINT import_source_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.import_source
    ADD CONSTRAINT import_source_workspace_id_url_key UNIQUE (workspace_id, url);

ALTER TABLE ONLY public.imported_experiment
    ADD CONSTRAINT imported_experiment_pkey PRIMARY KEY (source_id, there);

ALTER TABLE ONLY public.imported_file
    ADD CONSTRAINT imported_file_pkey PRIMARY KEY (source_id, key);

ALTER TABLE ONLY public.imported_object
    ADD CONSTRAINT imported_object_pkey PRIMARY KEY (source_id, kind, there);

ALTER TABLE ONLY public.ip_access_list
    ADD CONSTRAINT ip_access_list_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.key_name
    ADD CONSTRAINT key_name_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.key_name
    ADD CONSTRAINT key_name_text_key UNIQUE (text);

ALTER TABLE ONLY public.key_ring
    ADD CONSTRAINT key_ring_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY public.latest_metric
    ADD CONSTRAINT latest_metric_pkey PRIMARY KEY (run_seq, key_id);

ALTER TABLE ONLY public.logged_model_metric
    ADD CONSTRAINT logged_model_metric_pkey PRIMARY KEY (model_seq, key_id, scope_id, ts, step, run_id, value);

ALTER TABLE ONLY public.logged_model
    ADD CONSTRAINT logged_model_model_id_key UNIQUE (model_id);

ALTER TABLE ONLY public.logged_model_param
    ADD CONSTRAINT logged_model_param_pkey PRIMARY KEY (model_seq, key_id);

ALTER TABLE ONLY public.logged_model
    ADD CONSTRAINT logged_model_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.logged_model_rank
    ADD CONSTRAINT logged_model_rank_pkey PRIMARY KEY (model_seq, key_id, scope_id);

ALTER TABLE ONLY public.logged_model_scope
    ADD CONSTRAINT logged_model_scope_pkey PRIMARY KEY (model_seq, scope_id);

ALTER TABLE ONLY public.logged_model_tag
    ADD CONSTRAINT logged_model_tag_pkey PRIMARY KEY (model_seq, key_id);

ALTER TABLE ONLY public.metastore
    ADD CONSTRAINT metastore_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.metric_curve
    ADD CONSTRAINT metric_curve_pkey PRIMARY KEY (run_seq, key_id, most);

ALTER TABLE ONLY public.metric_scope
    ADD CONSTRAINT metric_scope_name_digest_key UNIQUE (name, digest);

ALTER TABLE ONLY public.metric_scope
    ADD CONSTRAINT metric_scope_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.model_alias
    ADD CONSTRAINT model_alias_pkey PRIMARY KEY (model_id, alias);

ALTER TABLE ONLY public.model_files
    ADD CONSTRAINT model_files_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.model_price
    ADD CONSTRAINT model_price_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.model_price
    ADD CONSTRAINT model_price_provider_model_valid_from_key UNIQUE (provider, model, valid_from);

ALTER TABLE ONLY public.model_version_input
    ADD CONSTRAINT model_version_input_pkey PRIMARY KEY (model_id, version, kind, name);

ALTER TABLE ONLY public.model_version
    ADD CONSTRAINT model_version_pkey PRIMARY KEY (model_id, version);

ALTER TABLE ONLY public.model_version_tag
    ADD CONSTRAINT model_version_tag_pkey PRIMARY KEY (model_id, version, key);

ALTER TABLE ONLY public.oauth_code
    ADD CONSTRAINT oauth_code_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.oauth_grant
    ADD CONSTRAINT oauth_grant_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.oauth_grant
    ADD CONSTRAINT oauth_grant_refresh_hash_key UNIQUE (refresh_hash);

ALTER TABLE ONLY public.oauth_spent
    ADD CONSTRAINT oauth_spent_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.password
    ADD CONSTRAINT password_pkey PRIMARY KEY (principal_id);

ALTER TABLE ONLY public.principal
    ADD CONSTRAINT principal_name_key UNIQUE (name);

ALTER TABLE ONLY public.principal
    ADD CONSTRAINT principal_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.principal_role
    ADD CONSTRAINT principal_role_pkey PRIMARY KEY (principal_id, holder_id, role);

ALTER TABLE ONLY public.registered_model
    ADD CONSTRAINT registered_model_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.registered_model_tag
    ADD CONSTRAINT registered_model_tag_pkey PRIMARY KEY (model_id, key);

ALTER TABLE ONLY public.registered_model
    ADD CONSTRAINT registered_model_workspace_id_full_name_key UNIQUE (workspace_id, full_name);

ALTER TABLE ONLY public.registry_activity
    ADD CONSTRAINT registry_activity_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.run_dataset
    ADD CONSTRAINT run_dataset_pkey PRIMARY KEY (run_seq, dataset_id);

ALTER TABLE ONLY public.run_document
    ADD CONSTRAINT run_document_pkey PRIMARY KEY (run_seq);

ALTER TABLE ONLY public.run_model
    ADD CONSTRAINT run_model_pkey PRIMARY KEY (run_seq, direction, model_id, step);

ALTER TABLE ONLY public.run_param
    ADD CONSTRAINT run_param_pkey PRIMARY KEY (run_seq, key_id);

ALTER TABLE ONLY public.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.run
    ADD CONSTRAINT run_run_id_key UNIQUE (run_id);

ALTER TABLE ONLY public.run_tag
    ADD CONSTRAINT run_tag_pkey PRIMARY KEY (run_seq, key_id);

ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_experiment_id_of_table_owner_id_name_key UNIQUE NULLS NOT DISTINCT (experiment_id, of_table, owner_id, name);

ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.secret_acl
    ADD CONSTRAINT secret_acl_pkey PRIMARY KEY (scope_id, principal_id);

ALTER TABLE ONLY public.secret_key
    ADD CONSTRAINT secret_key_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.secret
    ADD CONSTRAINT secret_pkey PRIMARY KEY (scope_id, key);

ALTER TABLE ONLY public.secret_scope
    ADD CONSTRAINT secret_scope_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.secret_scope
    ADD CONSTRAINT secret_scope_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.server_switch
    ADD CONSTRAINT server_switch_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.service_secret
    ADD CONSTRAINT service_secret_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.service_secret
    ADD CONSTRAINT service_secret_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sign_in_attempt
    ADD CONSTRAINT sign_in_attempt_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.sso_attempt
    ADD CONSTRAINT sso_attempt_pkey PRIMARY KEY (state);

ALTER TABLE ONLY public.sso_identity
    ADD CONSTRAINT sso_identity_pkey PRIMARY KEY (issuer, subject);

ALTER TABLE ONLY public.sso_membership
    ADD CONSTRAINT sso_membership_pkey PRIMARY KEY (member_id, group_id);

ALTER TABLE ONLY public.staging_table
    ADD CONSTRAINT staging_table_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tag_policy
    ADD CONSTRAINT tag_policy_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tag_policy
    ADD CONSTRAINT tag_policy_workspace_id_tag_key_key UNIQUE (workspace_id, tag_key);

ALTER TABLE ONLY public.trace_assessment
    ADD CONSTRAINT trace_assessment_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.trace_assessment
    ADD CONSTRAINT trace_assessment_trace_seq_assessment_id_key UNIQUE (trace_seq, assessment_id);

ALTER TABLE ONLY public.trace_block
    ADD CONSTRAINT trace_block_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.trace_issue
    ADD CONSTRAINT trace_issue_issue_id_key UNIQUE (issue_id);

ALTER TABLE ONLY public.trace_issue
    ADD CONSTRAINT trace_issue_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.trace_kept
    ADD CONSTRAINT trace_kept_pkey PRIMARY KEY (trace_seq);

ALTER TABLE ONLY public.trace_lake
    ADD CONSTRAINT trace_lake_pkey PRIMARY KEY (experiment_id);

ALTER TABLE ONLY public.trace_link
    ADD CONSTRAINT trace_link_pkey PRIMARY KEY (kind, target, trace_seq);

ALTER TABLE ONLY public.trace_location_link
    ADD CONSTRAINT trace_location_link_pkey PRIMARY KEY (location_id, experiment_id);

ALTER TABLE ONLY public.trace_location
    ADD CONSTRAINT trace_location_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.trace_location
    ADD CONSTRAINT trace_location_workspace_id_path_key UNIQUE (workspace_id, path);

ALTER TABLE ONLY public.trace_move
    ADD CONSTRAINT trace_move_experiment_id_key UNIQUE (experiment_id);

ALTER TABLE ONLY public.trace_move
    ADD CONSTRAINT trace_move_pkey PRIMARY KEY (batch);

ALTER TABLE ONLY public.trace_moved
    ADD CONSTRAINT trace_moved_pkey PRIMARY KEY (trace_seq);

ALTER TABLE ONLY public.trace_outline
    ADD CONSTRAINT trace_outline_pkey PRIMARY KEY (trace_seq);

ALTER TABLE ONLY public.trace
    ADD CONSTRAINT trace_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.trace_rollup_column
    ADD CONSTRAINT trace_rollup_column_pkey PRIMARY KEY (rollup_id, name);

ALTER TABLE ONLY public.trace_rollup
    ADD CONSTRAINT trace_rollup_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.trace_segment
    ADD CONSTRAINT trace_segment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.trace_signature
    ADD CONSTRAINT trace_signature_pkey PRIMARY KEY (segment_id);

ALTER TABLE ONLY public.trace
    ADD CONSTRAINT trace_trace_id_workspace_id_key UNIQUE (trace_id, workspace_id);

ALTER TABLE ONLY public.transition_request
    ADD CONSTRAINT transition_request_model_id_version_stage_creator_key UNIQUE (model_id, version, stage, creator);

ALTER TABLE ONLY public.transition_request
    ADD CONSTRAINT transition_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.version_comment
    ADD CONSTRAINT version_comment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_attempt
    ADD CONSTRAINT webhook_attempt_pkey PRIMARY KEY (delivery_id, number);

ALTER TABLE ONLY public.webhook_delivery
    ADD CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT webhook_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.workspace_member
    ADD CONSTRAINT workspace_member_pkey PRIMARY KEY (principal_id, workspace_id);

ALTER TABLE ONLY public.workspace
    ADD CONSTRAINT workspace_name_key UNIQUE (name);

ALTER TABLE ONLY public.workspace
    ADD CONSTRAINT workspace_pkey PRIMARY KEY (id);

CREATE INDEX access_grant_of_principal ON public.access_grant USING btree (principal_id, workspace_id, kind, privilege, object);

CREATE UNIQUE INDEX access_grant_owner ON public.access_grant USING btree (workspace_id, kind, object) WHERE (privilege = 'OWN'::text);

CREATE INDEX access_token_expiring ON public.access_token USING btree (expires_at) WHERE (kind <> 'PERSONAL'::text);

CREATE INDEX access_token_made_by ON public.access_token USING btree (created_by);

CREATE INDEX access_token_of_grant ON public.access_token USING btree (grant_id);

CREATE INDEX access_token_of_principal ON public.access_token USING btree (principal_id);

CREATE INDEX access_token_of_secret ON public.access_token USING btree (secret_id);

CREATE INDEX alias_arm_of_version ON public.alias_arm USING btree (model_id, version);

CREATE INDEX asset_in_schema ON public.asset USING btree (workspace_id, catalog_name, schema_name);

CREATE INDEX asset_of_experiment ON public.asset USING btree (of_experiment) WHERE (of_experiment IS NOT NULL);

CREATE INDEX audit_event_by_time ON public.audit_event USING brin ("time") WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX audit_event_of_action ON public.audit_event USING btree (action_name, seq);

CREATE INDEX audit_event_of_principal ON public.audit_event USING btree (principal, seq);

CREATE INDEX audit_event_of_request ON public.audit_event USING btree (request_id) WHERE (request_id IS NOT NULL);

CREATE INDEX catalog_binding_of_workspace ON public.catalog_binding USING btree (workspace_id);

CREATE INDEX catalog_by_name ON public.catalog USING btree (name, isolation_mode);

CREATE INDEX dataset_by_name ON public.dataset USING btree (name, digest);

CREATE INDEX experiment_latest ON public.experiment USING btree (workspace_id, updated_at DESC, id DESC);

CREATE INDEX experiment_purging ON public.experiment USING btree (id) WHERE purging;

CREATE INDEX experiment_trashed ON public.experiment USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE INDEX external_lineage_of_target ON public.external_lineage USING btree (workspace_id, target_kind, target, target_version);

CREATE INDEX group_member_of_group ON public.group_member USING btree (group_id, member_id);

CREATE INDEX imported_experiment_of_experiment ON public.imported_experiment USING btree (experiment_id);

CREATE INDEX ip_access_list_changed_by ON public.ip_access_list USING btree (updated_by);

CREATE INDEX ip_access_list_made_by ON public.ip_access_list USING btree (created_by);

CREATE INDEX latest_metric_by_value ON public.latest_metric USING btree (key_id, experiment_id, value, run_seq);

CREATE INDEX logged_model_away_from_home ON public.logged_model USING btree (home_id) WHERE (home_id IS NOT NULL);

CREATE INDEX logged_model_measured_on_dataset ON public.logged_model_scope USING btree (scope_id, experiment_id, model_seq);

CREATE INDEX logged_model_metric_by_value ON public.logged_model_metric USING btree (key_id, experiment_id, value, model_seq);

CREATE INDEX logged_model_newest_in_experiment ON public.logged_model USING btree (experiment_id, created_at DESC, model_id);

CREATE INDEX logged_model_newest_of_name ON public.logged_model USING btree (experiment_id, name, created_at DESC, model_id) WHERE (deleted_at IS NULL);

CREATE INDEX logged_model_of_source_run ON public.logged_model USING btree (source_run_id) WHERE (source_run_id <> ''::text);

CREATE INDEX logged_model_param_by_value ON public.logged_model_param USING btree (key_id, experiment_id, "left"(value, 100), model_seq);

CREATE INDEX logged_model_purging ON public.logged_model USING btree (seq) WHERE purging;

CREATE INDEX logged_model_rank_best_on_dataset ON public.logged_model_rank USING btree (experiment_id, key_id, scope_id, value, model_seq) WHERE (value <> 'NaN'::double precision);

CREATE INDEX logged_model_tag_by_value ON public.logged_model_tag USING btree (key_id, experiment_id, "left"(value, 100), model_seq);

CREATE INDEX logged_model_trashed ON public.logged_model USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE INDEX metric_segment_of_run ON public.metric_segment USING btree (run_seq, bucket, max_ts);

CREATE INDEX model_alias_of_version ON public.model_alias USING btree (model_id, version);

CREATE INDEX model_version_copied_from ON public.model_version USING btree (workspace_id, source) WHERE (source ~~ 'models:/%'::text);

CREATE INDEX model_version_input_by_name ON public.model_version_input USING btree (kind, name, place);

CREATE INDEX model_version_latest ON public.model_version USING btree (workspace_id, updated_at DESC);

CREATE INDEX model_version_newest_of_stage ON public.model_version USING btree (model_id, stage, version DESC);

CREATE INDEX model_version_of_logged_model ON public.model_version USING btree (logged_model_id) WHERE (logged_model_id <> ''::text);

CREATE INDEX model_version_of_run ON public.model_version USING btree (run_id) WHERE (run_id <> ''::text);

CREATE INDEX model_version_tag_by_value ON public.model_version_tag USING btree (key, "left"(value, 100), model_id, version);

CREATE INDEX model_version_with_files ON public.model_version USING btree (files_id) WHERE (files_id IS NOT NULL);

CREATE INDEX oauth_code_expiring ON public.oauth_code USING btree (expires_at);

CREATE INDEX oauth_code_of_grant ON public.oauth_code USING btree (grant_id);

CREATE INDEX oauth_code_of_principal ON public.oauth_code USING btree (principal_id);

CREATE INDEX oauth_grant_expiring ON public.oauth_grant USING btree (expires_at);

CREATE INDEX oauth_grant_of_principal ON public.oauth_grant USING btree (principal_id);

CREATE INDEX oauth_spent_of_grant ON public.oauth_spent USING btree (grant_id);

CREATE UNIQUE INDEX principal_name_folded ON public.principal USING btree (lower(name));

CREATE INDEX principal_role_of_holder ON public.principal_role USING btree (holder_id);

CREATE INDEX registered_model_by_name ON public.registered_model USING btree (workspace_id, is_prompt, name);

CREATE INDEX registered_model_in_any_case ON public.registered_model USING btree (workspace_id, lower(full_name));

CREATE INDEX registered_model_latest ON public.registered_model USING btree (workspace_id, is_prompt, updated_at DESC, name);

CREATE INDEX registry_activity_of_model ON public.registry_activity USING btree (model_id);

CREATE INDEX registry_activity_of_name ON public.registry_activity USING btree (workspace_id, full_name, id DESC);

CREATE INDEX registry_activity_of_version ON public.registry_activity USING btree (workspace_id, full_name, version, id DESC);

CREATE INDEX run_away_from_home ON public.run USING btree (home_id) WHERE (home_id IS NOT NULL);

CREATE INDEX run_dataset_of_dataset ON public.run_dataset USING btree (dataset_id, run_seq);

CREATE INDEX run_hidden ON public.run USING btree (experiment_id) INCLUDE (seq) WHERE (deleted_at IS NOT NULL);

CREATE INDEX run_model_of_model ON public.run_model USING btree (model_id);

CREATE INDEX run_name_text ON public.run USING gin (public.trigrams(name));

CREATE INDEX run_newest ON public.run USING btree (start_time DESC, run_id) INCLUDE (seq, experiment_id, deleted_at);

CREATE INDEX run_newest_in_experiment ON public.run USING btree (experiment_id, start_time DESC, run_id) INCLUDE (seq, deleted_at);

CREATE INDEX run_param_by_value ON public.run_param USING btree (key_id, experiment_id, head, run_seq);

CREATE INDEX run_purging ON public.run USING btree (seq) WHERE purging;

CREATE INDEX run_tag_by_value ON public.run_tag USING btree (key_id, head, experiment_id, run_seq);

CREATE INDEX run_trashed ON public.run USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE INDEX saved_view_of_owner ON public.saved_view USING btree (owner_id);

CREATE INDEX secret_acl_of_principal ON public.secret_acl USING btree (principal_id);

CREATE INDEX service_secret_of_principal ON public.service_secret USING btree (principal_id);

CREATE INDEX sign_in_attempt_old ON public.sign_in_attempt USING btree (last_at);

CREATE INDEX sso_attempt_expiring ON public.sso_attempt USING btree (expires_at);

CREATE INDEX sso_attempt_from ON public.sso_attempt USING btree (address);

CREATE UNIQUE INDEX sso_identity_of_principal ON public.sso_identity USING btree (principal_id, issuer);

CREATE INDEX staging_table_by_age ON public.staging_table USING btree (created_at);

CREATE INDEX trace_assessment_in_time ON public.trace_assessment USING btree (experiment_id, start_ms) INCLUDE (kind, name, number) WHERE valid;

CREATE INDEX trace_assessment_issue ON public.trace_assessment USING btree (name) WHERE (kind = 'issue'::text);

CREATE INDEX trace_assessment_named ON public.trace_assessment USING btree (experiment_id, kind, name, trace_seq);

CREATE INDEX trace_block_newest ON public.trace_block USING btree (experiment_id, last_ms DESC);

CREATE INDEX trace_by_client_request ON public.trace USING btree (client_request_id) WHERE (client_request_id IS NOT NULL);

CREATE INDEX trace_changed_in_experiment ON public.trace_changed USING btree (experiment_id, trace_seq);

CREATE INDEX trace_in_location ON public.trace USING btree (location_id) WHERE (location_id IS NOT NULL);

CREATE INDEX trace_in_session ON public.trace USING btree (experiment_id, session_id, start_ms) WHERE (session_id IS NOT NULL);

CREATE INDEX trace_issue_of_experiment ON public.trace_issue USING btree (experiment_id, severity, seq);

CREATE INDEX trace_link_of_trace ON public.trace_link USING btree (trace_seq);

CREATE UNIQUE INDEX trace_location_has_one_experiment ON public.trace_location_link USING btree (location_id) WHERE linked;

CREATE UNIQUE INDEX trace_location_of_experiment ON public.trace_location_link USING btree (experiment_id) WHERE linked;

CREATE INDEX trace_metadata_is ON public.trace USING gin (metadata jsonb_path_ops);

CREATE INDEX trace_moved_astray ON public.trace_moved USING btree (experiment_id) WHERE astray;

CREATE INDEX trace_moved_of_experiment ON public.trace_moved USING btree (experiment_id, day);

CREATE INDEX trace_newest_in_experiment ON public.trace USING btree (experiment_id, start_ms DESC, trace_id) INCLUDE (seq);

CREATE INDEX trace_rollup_in_time ON public.trace_rollup USING btree (experiment_id, last_ms);

CREATE INDEX trace_segment_of_trace ON public.trace_segment USING btree (trace_seq, id);

CREATE INDEX trace_signature_of_experiment ON public.trace_signature USING btree (experiment_id, start_ms);

CREATE INDEX trace_tag_is ON public.trace USING gin (tags jsonb_path_ops);

CREATE INDEX trace_unmoved_of_experiment ON public.trace_unmoved USING btree (experiment_id, day, batch);

CREATE INDEX upload_oldest ON public.upload USING btree (created_at);

CREATE INDEX version_comment_newest ON public.version_comment USING btree (model_id, version, id DESC);

CREATE INDEX webhook_delivery_due ON public.webhook_delivery USING btree (webhook_id, next_at) WHERE (state = 'PENDING'::text);

CREATE INDEX webhook_delivery_finished ON public.webhook_delivery USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX webhook_delivery_newest ON public.webhook_delivery USING btree (webhook_id, seq DESC);

CREATE INDEX webhook_of_model ON public.webhook USING btree (model_id) WHERE (model_id IS NOT NULL);

CREATE INDEX webhook_of_workspace ON public.webhook USING btree (workspace_id, created_at DESC, id DESC);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_event FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_append_only('retention');

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_inbox FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_append_only('seal');

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_seal FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_append_only('retention');

CREATE TRIGGER asset_is_forgotten AFTER DELETE ON public.asset FOR EACH ROW EXECUTE FUNCTION public.forget_asset();

CREATE TRIGGER catalog_is_forgotten AFTER DELETE ON public.catalog FOR EACH ROW EXECUTE FUNCTION public.forget_place('catalog');

CREATE TRIGGER changed_traces_are_noted AFTER UPDATE ON public.trace REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION public.note_changed_traces();

CREATE TRIGGER connection_is_forgotten AFTER DELETE ON public.connection FOR EACH ROW EXECUTE FUNCTION public.forget_connection();

CREATE TRIGGER deleted_traces_are_noted AFTER DELETE ON public.trace REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION public.note_deleted_traces();

CREATE TRIGGER deleted_traces_leave_the_lake AFTER DELETE ON public.trace REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION public.leave_the_lake();

CREATE TRIGGER experiment_forgets_grants AFTER DELETE ON public.experiment FOR EACH ROW EXECUTE FUNCTION public.forget_grants('experiment');

CREATE TRIGGER lineage_is_forgotten AFTER DELETE ON public.asset FOR EACH ROW WHEN ((old.kind = 'table'::text)) EXECUTE FUNCTION public.forget_external_lineage('TABLE');

CREATE TRIGGER lineage_is_forgotten AFTER DELETE ON public.external_metadata FOR EACH ROW EXECUTE FUNCTION public.forget_external_lineage('EXTERNAL_METADATA');

CREATE TRIGGER lineage_is_forgotten AFTER DELETE ON public.registered_model FOR EACH ROW EXECUTE FUNCTION public.forget_external_lineage('MODEL_VERSION');

CREATE TRIGGER model_in_schema BEFORE INSERT OR UPDATE OF catalog_name, schema_name ON public.registered_model FOR EACH ROW EXECUTE FUNCTION public.model_stands_in_schema();

CREATE TRIGGER new_traces_are_noted AFTER INSERT ON public.trace REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION public.note_new_traces();

CREATE TRIGGER note_arm AFTER INSERT ON public.trace_link FOR EACH ROW WHEN (((new.kind = 'prompt'::text) AND (new.target ~ '/[0-9]{1,9}$'::text))) EXECUTE FUNCTION public.note_arm_of_trace();

CREATE TRIGGER registered_model_forgets_grants AFTER DELETE ON public.registered_model FOR EACH ROW EXECUTE FUNCTION public.forget_grants('registered_model');

CREATE TRIGGER schema_is_forgotten AFTER DELETE ON public.catalog_schema FOR EACH ROW EXECUTE FUNCTION public.forget_place('schema');

CREATE TRIGGER staging_is_forgotten AFTER DELETE ON public.staging_table FOR EACH ROW EXECUTE FUNCTION public.forget_staging();

CREATE TRIGGER tag_policy_is_forgotten AFTER DELETE ON public.tag_policy FOR EACH ROW EXECUTE FUNCTION public.forget_tag_policy();

CREATE TRIGGER traces_go_astray AFTER UPDATE OF experiment_id ON public.trace FOR EACH ROW WHEN ((old.experiment_id IS DISTINCT FROM new.experiment_id)) EXECUTE FUNCTION public.go_astray();

CREATE TRIGGER webhook_created AFTER INSERT ON public.trace_assessment FOR EACH ROW EXECUTE FUNCTION public.webhook_of_assessment();

CREATE TRIGGER webhook_event AFTER INSERT ON public.registry_activity FOR EACH ROW EXECUTE FUNCTION public.webhook_of_activity();

CREATE TRIGGER webhook_event AFTER UPDATE OF status ON public.run FOR EACH ROW EXECUTE FUNCTION public.webhook_of_run();

CREATE TRIGGER webhook_event AFTER INSERT ON public.transition_request FOR EACH ROW EXECUTE FUNCTION public.webhook_of_review();

CREATE TRIGGER webhook_event AFTER INSERT ON public.version_comment FOR EACH ROW EXECUTE FUNCTION public.webhook_of_review();

CREATE TRIGGER webhook_updated AFTER UPDATE OF value, rationale, name ON public.trace_assessment FOR EACH ROW EXECUTE FUNCTION public.webhook_of_assessment();

CREATE TRIGGER workspace_opens_default_schema AFTER INSERT ON public.workspace FOR EACH ROW WHEN ((new.id <> 0)) EXECUTE FUNCTION public.open_default_schema();

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_grant
    ADD CONSTRAINT access_grant_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.principal(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES public.oauth_grant(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_secret_id_fkey FOREIGN KEY (secret_id) REFERENCES public.service_secret(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_token_use
    ADD CONSTRAINT access_token_use_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.access_token(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.alias_arm
    ADD CONSTRAINT alias_arm_model_id_alias_fkey FOREIGN KEY (model_id, alias) REFERENCES public.model_alias(model_id, alias) ON DELETE CASCADE;

ALTER TABLE ONLY public.alias_arm
    ADD CONSTRAINT alias_arm_model_id_version_fkey FOREIGN KEY (model_id, version) REFERENCES public.model_version(model_id, version) ON DELETE CASCADE;

ALTER TABLE ONLY public.asset
    ADD CONSTRAINT asset_of_experiment_fkey FOREIGN KEY (of_experiment) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.asset
    ADD CONSTRAINT asset_workspace_id_catalog_name_schema_name_fkey FOREIGN KEY (workspace_id, catalog_name, schema_name) REFERENCES public.catalog_schema(workspace_id, catalog_name, name) ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE ONLY public.catalog_binding
    ADD CONSTRAINT catalog_binding_catalog_id_fkey FOREIGN KEY (catalog_id) REFERENCES public.catalog(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.catalog_binding
    ADD CONSTRAINT catalog_binding_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.catalog_schema
    ADD CONSTRAINT catalog_schema_workspace_id_catalog_name_fkey FOREIGN KEY (workspace_id, catalog_name) REFERENCES public.catalog(workspace_id, name) ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE ONLY public.catalog
    ADD CONSTRAINT catalog_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connection
    ADD CONSTRAINT connection_data_key_id_fkey FOREIGN KEY (data_key_id) REFERENCES public.data_key(id);

ALTER TABLE ONLY public.connection
    ADD CONSTRAINT connection_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id);

ALTER TABLE ONLY public.credential_use
    ADD CONSTRAINT credential_use_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.entity_tag
    ADD CONSTRAINT entity_tag_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.experiment_tag
    ADD CONSTRAINT experiment_tag_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id);

ALTER TABLE ONLY public.external_lineage
    ADD CONSTRAINT external_lineage_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.external_metadata
    ADD CONSTRAINT external_metadata_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.group_member
    ADD CONSTRAINT group_member_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.group_member
    ADD CONSTRAINT group_member_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.import_source
    ADD CONSTRAINT import_source_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.imported_experiment
    ADD CONSTRAINT imported_experiment_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.imported_experiment
    ADD CONSTRAINT imported_experiment_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.import_source(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.imported_file
    ADD CONSTRAINT imported_file_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.import_source(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.imported_object
    ADD CONSTRAINT imported_object_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.import_source(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ip_access_list
    ADD CONSTRAINT ip_access_list_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.principal(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.ip_access_list
    ADD CONSTRAINT ip_access_list_updated_by_fkey FOREIGN KEY (updated_by) REFERENCES public.principal(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.logged_model
    ADD CONSTRAINT logged_model_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id);

ALTER TABLE ONLY public.logged_model_metric
    ADD CONSTRAINT logged_model_metric_model_seq_fkey FOREIGN KEY (model_seq) REFERENCES public.logged_model(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.logged_model_param
    ADD CONSTRAINT logged_model_param_model_seq_fkey FOREIGN KEY (model_seq) REFERENCES public.logged_model(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.logged_model_rank
    ADD CONSTRAINT logged_model_rank_model_seq_fkey FOREIGN KEY (model_seq) REFERENCES public.logged_model(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.logged_model_scope
    ADD CONSTRAINT logged_model_scope_model_seq_fkey FOREIGN KEY (model_seq) REFERENCES public.logged_model(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.logged_model_tag
    ADD CONSTRAINT logged_model_tag_model_seq_fkey FOREIGN KEY (model_seq) REFERENCES public.logged_model(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.model_alias
    ADD CONSTRAINT model_alias_model_id_version_fkey FOREIGN KEY (model_id, version) REFERENCES public.model_version(model_id, version) ON DELETE CASCADE;

ALTER TABLE ONLY public.model_files
    ADD CONSTRAINT model_files_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id);

ALTER TABLE ONLY public.model_version
    ADD CONSTRAINT model_version_files_id_fkey FOREIGN KEY (files_id) REFERENCES public.model_files(id);

ALTER TABLE ONLY public.model_version_input
    ADD CONSTRAINT model_version_input_model_id_version_fkey FOREIGN KEY (model_id, version) REFERENCES public.model_version(model_id, version) ON DELETE CASCADE;

ALTER TABLE ONLY public.model_version
    ADD CONSTRAINT model_version_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.registered_model(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.model_version_tag
    ADD CONSTRAINT model_version_tag_model_id_version_fkey FOREIGN KEY (model_id, version) REFERENCES public.model_version(model_id, version) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_code
    ADD CONSTRAINT oauth_code_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES public.oauth_grant(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_code
    ADD CONSTRAINT oauth_code_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_grant
    ADD CONSTRAINT oauth_grant_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_spent
    ADD CONSTRAINT oauth_spent_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES public.oauth_grant(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.password
    ADD CONSTRAINT password_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.principal_role
    ADD CONSTRAINT principal_role_holder_id_fkey FOREIGN KEY (holder_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.principal_role
    ADD CONSTRAINT principal_role_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.registered_model_tag
    ADD CONSTRAINT registered_model_tag_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.registered_model(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.registered_model
    ADD CONSTRAINT registered_model_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id);

ALTER TABLE ONLY public.run_dataset
    ADD CONSTRAINT run_dataset_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.dataset(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.run_dataset
    ADD CONSTRAINT run_dataset_run_seq_fkey FOREIGN KEY (run_seq) REFERENCES public.run(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.run
    ADD CONSTRAINT run_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id);

ALTER TABLE ONLY public.run_model
    ADD CONSTRAINT run_model_run_seq_fkey FOREIGN KEY (run_seq) REFERENCES public.run(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.secret_acl
    ADD CONSTRAINT secret_acl_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.secret_acl
    ADD CONSTRAINT secret_acl_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.secret_scope(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.secret_scope
    ADD CONSTRAINT secret_scope_data_key_id_fkey FOREIGN KEY (data_key_id) REFERENCES public.data_key(id);

ALTER TABLE ONLY public.secret
    ADD CONSTRAINT secret_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.secret_scope(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.secret_scope
    ADD CONSTRAINT secret_scope_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id);

ALTER TABLE ONLY public.service_secret
    ADD CONSTRAINT service_secret_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sso_identity
    ADD CONSTRAINT sso_identity_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sso_membership
    ADD CONSTRAINT sso_membership_member_id_group_id_fkey FOREIGN KEY (member_id, group_id) REFERENCES public.group_member(member_id, group_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.staging_table
    ADD CONSTRAINT staging_table_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.staging_table
    ADD CONSTRAINT staging_table_workspace_id_catalog_name_schema_name_fkey FOREIGN KEY (workspace_id, catalog_name, schema_name) REFERENCES public.catalog_schema(workspace_id, catalog_name, name) ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE ONLY public.tag_policy
    ADD CONSTRAINT tag_policy_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_assessment
    ADD CONSTRAINT trace_assessment_trace_seq_fkey FOREIGN KEY (trace_seq) REFERENCES public.trace(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_block
    ADD CONSTRAINT trace_block_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace
    ADD CONSTRAINT trace_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id);

ALTER TABLE ONLY public.trace_issue
    ADD CONSTRAINT trace_issue_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_kept
    ADD CONSTRAINT trace_kept_trace_seq_fkey FOREIGN KEY (trace_seq) REFERENCES public.trace(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_lake
    ADD CONSTRAINT trace_lake_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_link
    ADD CONSTRAINT trace_link_trace_seq_fkey FOREIGN KEY (trace_seq) REFERENCES public.trace(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace
    ADD CONSTRAINT trace_location_id_fkey FOREIGN KEY (location_id) REFERENCES public.trace_location(id);

ALTER TABLE ONLY public.trace_location_link
    ADD CONSTRAINT trace_location_link_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_location_link
    ADD CONSTRAINT trace_location_link_location_id_fkey FOREIGN KEY (location_id) REFERENCES public.trace_location(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_location
    ADD CONSTRAINT trace_location_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id);

ALTER TABLE ONLY public.trace_move
    ADD CONSTRAINT trace_move_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_outline
    ADD CONSTRAINT trace_outline_trace_seq_fkey FOREIGN KEY (trace_seq) REFERENCES public.trace(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_rollup_column
    ADD CONSTRAINT trace_rollup_column_rollup_id_fkey FOREIGN KEY (rollup_id) REFERENCES public.trace_rollup(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_rollup
    ADD CONSTRAINT trace_rollup_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_segment
    ADD CONSTRAINT trace_segment_trace_seq_fkey FOREIGN KEY (trace_seq) REFERENCES public.trace(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace_signature
    ADD CONSTRAINT trace_signature_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES public.trace_segment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.trace
    ADD CONSTRAINT trace_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id);

ALTER TABLE ONLY public.transition_request
    ADD CONSTRAINT transition_request_model_id_version_fkey FOREIGN KEY (model_id, version) REFERENCES public.model_version(model_id, version) ON DELETE CASCADE;

ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.version_comment
    ADD CONSTRAINT version_comment_model_id_version_fkey FOREIGN KEY (model_id, version) REFERENCES public.model_version(model_id, version) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_attempt
    ADD CONSTRAINT webhook_attempt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.webhook_delivery(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT webhook_data_key_id_fkey FOREIGN KEY (data_key_id) REFERENCES public.data_key(id);

ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT webhook_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id);

ALTER TABLE ONLY public.workspace_member
    ADD CONSTRAINT workspace_member_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES public.principal(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.workspace_member
    ADD CONSTRAINT workspace_member_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(id) ON DELETE CASCADE;
