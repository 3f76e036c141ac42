-- Rollups of traces: what metrics sum up, as columns of up to some thousand traces and their spans. They are exact at
-- every moment: whatever changes a trace notes it in the same transaction, and a trace that is noted is read as it is
-- until the worker has rolled it up anew.

CREATE TABLE trace_changed (
    trace_seq     bigint NOT NULL,
    experiment_id bigint NOT NULL -- where it is, and once more where it was
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
CREATE INDEX trace_changed_in_experiment ON trace_changed (experiment_id, trace_seq);

CREATE FUNCTION note_new_traces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO trace_changed (trace_seq, experiment_id) SELECT seq, experiment_id FROM now_there;
    RETURN NULL;
END $$;
CREATE FUNCTION note_changed_traces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO trace_changed (trace_seq, experiment_id) SELECT seq, experiment_id FROM now_there
        UNION SELECT seq, experiment_id FROM was_there;
    RETURN NULL;
END $$;
CREATE FUNCTION note_deleted_traces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO trace_changed (trace_seq, experiment_id) SELECT seq, experiment_id FROM was_there;
    RETURN NULL;
END $$;
CREATE TRIGGER new_traces_are_noted AFTER INSERT ON trace REFERENCING NEW TABLE AS now_there
    FOR EACH STATEMENT EXECUTE FUNCTION note_new_traces();
CREATE TRIGGER changed_traces_are_noted AFTER UPDATE ON trace REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_traces();
CREATE TRIGGER deleted_traces_are_noted AFTER DELETE ON trace REFERENCING OLD TABLE AS was_there
    FOR EACH STATEMENT EXECUTE FUNCTION note_deleted_traces();

CREATE TABLE trace_rollup (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment_id bigint NOT NULL REFERENCES experiment ON DELETE CASCADE,
    traces        integer NOT NULL,
    spans         integer NOT NULL,
    first_seq     bigint NOT NULL,
    last_seq      bigint NOT NULL,
    first_ms      bigint NOT NULL, -- starts of its traces
    last_ms       bigint NOT NULL,
    first_span_ms bigint,          -- starts of its spans
    last_span_ms  bigint,
    gone          bytea NOT NULL DEFAULT '' -- numbers of its traces that changed since, eight bytes little-endian each
);
CREATE INDEX trace_rollup_in_time ON trace_rollup (experiment_id, last_ms);

CREATE TABLE trace_rollup_column (
    rollup_id bigint NOT NULL REFERENCES trace_rollup ON DELETE CASCADE,
    name      text COLLATE "C" NOT NULL, -- trace.latency, span.model …
    data      bytea NOT NULL,            -- an array, compressed (tracing/columns.py)
    PRIMARY KEY (rollup_id, name)
);
ALTER TABLE trace_rollup_column ALTER data SET STORAGE EXTERNAL;

INSERT INTO trace_changed (trace_seq, experiment_id) SELECT seq, experiment_id FROM trace;
