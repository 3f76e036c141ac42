-- Retention: spans that left the database for Delta tables in the catalog (docs/decisions/0008-retention.md).

-- What lives and dies with an experiment; to read it takes rights on that too.
ALTER TABLE asset ADD COLUMN of_experiment bigint REFERENCES experiment ON DELETE CASCADE;
CREATE INDEX asset_of_experiment ON asset (of_experiment) WHERE of_experiment IS NOT NULL;

-- An experiment's two tables, and how far the worker has come: what began before `through_ms` has been looked at, all
-- that is older was at `looked_at` (epoch milliseconds).
CREATE TABLE trace_lake (
    experiment_id bigint PRIMARY KEY REFERENCES experiment ON DELETE CASCADE,
    traces_prefix text COLLATE "C" NOT NULL,
    spans_prefix  text COLLATE "C" NOT NULL,
    through_ms    bigint NOT NULL DEFAULT 0,
    looked_at     bigint NOT NULL DEFAULT 0
);

-- A batch on its way: which segments it takes along. Its number is that of its commits in the lake.
CREATE TABLE trace_move (
    batch         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment_id bigint NOT NULL UNIQUE REFERENCES experiment ON DELETE CASCADE,
    seqs          bigint[] NOT NULL,
    days          date[] NOT NULL, -- the partition of each
    segments      bigint[] NOT NULL
);

-- Traces whose spans are in the lake, all but those that came since. Without a reference, as what was deleted in the
-- database is then deleted in the lake.
CREATE TABLE trace_moved (
    trace_seq     bigint PRIMARY KEY,
    experiment_id bigint NOT NULL, -- whose tables
    batch         bigint NOT NULL,
    day           date NOT NULL,
    astray        boolean NOT NULL DEFAULT false -- the trace is another experiment's now
);
CREATE INDEX trace_moved_of_experiment ON trace_moved (experiment_id, day);
CREATE INDEX trace_moved_astray ON trace_moved (experiment_id) WHERE astray;

-- Rows of the lake that count no more, until they are deleted there.
CREATE TABLE trace_unmoved (
    experiment_id bigint NOT NULL,
    batch         bigint NOT NULL,
    day           date NOT NULL,
    trace_seq     bigint NOT NULL
);
CREATE INDEX trace_unmoved_of_experiment ON trace_unmoved (experiment_id, day, batch);

-- Traces that came back on demand, and stay until then (epoch milliseconds).
CREATE TABLE trace_kept (
    trace_seq bigint PRIMARY KEY REFERENCES trace ON DELETE CASCADE,
    until_ms  bigint NOT NULL
);

CREATE FUNCTION leave_the_lake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (
        DELETE FROM trace_moved m USING was_there w WHERE m.trace_seq = w.seq
        RETURNING m.experiment_id, m.batch, m.day, m.trace_seq
    )
    INSERT INTO trace_unmoved SELECT * FROM gone;
    RETURN NULL;
END $$;
CREATE TRIGGER deleted_traces_leave_the_lake AFTER DELETE ON trace REFERENCING OLD TABLE AS was_there
    FOR EACH STATEMENT EXECUTE FUNCTION leave_the_lake();

-- Only what a client tells about a whole trace sets its experiment; spans that arrive do not, and pay nothing for this.
CREATE FUNCTION go_astray() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE trace_moved SET astray = experiment_id <> NEW.experiment_id WHERE trace_seq = NEW.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER traces_go_astray AFTER UPDATE OF experiment_id ON trace
    FOR EACH ROW WHEN (OLD.experiment_id IS DISTINCT FROM NEW.experiment_id) EXECUTE FUNCTION go_astray();
