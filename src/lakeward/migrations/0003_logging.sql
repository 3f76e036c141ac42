-- The hot writes, each one round trip and one transaction (docs/decisions/0002). Inside a PL/pgSQL function every
-- statement sees what was committed before it, so what follows the lock sees, and removes, a document made meanwhile.
-- Most writes are the first of their kind in a run. A plain INSERT then costs a fifth less than one with ON CONFLICT; of
-- two that are first at once, one fails for the unique key and is run again by `Database.run`.

-- Append metric points to runs. Runs are given once, points refer to them by place (from 1). Answers one row per run
-- in the same order: 'ok', 'missing' (nothing in that workspace) or 'deleted'; points of the latter two are dropped.
CREATE FUNCTION log_points(
    run_ids text[], workspace_ids bigint[],
    places integer[], key_ids integer[], stamps bigint[], steps bigint[], vals double precision[]
) RETURNS SETOF text
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
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

-- Log params and tags of one run. Answers as above; a param that stands with another value raises LW001, its detail
-- being the key id and the kept value. A tag that names the run renames it (`new_name`).
CREATE FUNCTION log_words(
    wanted_run text, wanted_workspace bigint, param_keys integer[], param_values text[], tag_keys integer[],
    tag_values text[], new_name text
) RETURNS text
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
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
