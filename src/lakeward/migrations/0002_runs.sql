-- Runs and what is logged to them. Indexes hold all that a search asks, because searches over very many runs read
-- indexes alone: 0.1 µs an entry, where a visit to a row costs 10.

CREATE TABLE run (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id        text COLLATE "C" NOT NULL UNIQUE,
    experiment_id bigint NOT NULL REFERENCES experiment,
    name          text COLLATE "C" NOT NULL,
    status        text COLLATE "C" NOT NULL,
    user_id       text COLLATE "C" NOT NULL,
    start_time    bigint NOT NULL,
    end_time      bigint,
    deleted_at    bigint,
    purging       boolean NOT NULL DEFAULT false,
    home_id       bigint, -- of a run that moved: the experiment it came from, perhaps long gone, where its artifacts are
    home_location text    -- the artifact location that one had chosen
);
CREATE INDEX run_away_from_home ON run (home_id) WHERE home_id IS NOT NULL;
-- Paging by start time, with the number of the run and whether it is in the trash.
CREATE INDEX run_newest_in_experiment ON run (experiment_id, start_time DESC, run_id) INCLUDE (seq, deleted_at);
CREATE INDEX run_newest ON run (start_time DESC, run_id) INCLUDE (seq, experiment_id, deleted_at);
CREATE INDEX run_name_text ON run USING gin (trigrams(name));
CREATE INDEX run_hidden ON run (experiment_id) INCLUDE (seq) WHERE deleted_at IS NOT NULL;
CREATE INDEX run_trashed ON run (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX run_purging ON run (seq) WHERE purging;

-- What is logged has no foreign key to its run: a check for each row would cost a fifth of the write. Writers hold a
-- shared advisory lock of the run and look at it under the lock; who erases a run holds the exclusive one.

-- Values may be 6,000 characters, an index entry may not: the first 100 find, the whole value decides. They are a column
-- of their own, because PostgreSQL reads no expression from an index alone.
CREATE TABLE run_param (
    run_seq       bigint NOT NULL,
    key_id        integer NOT NULL,
    experiment_id bigint NOT NULL,
    value         text COLLATE "C" NOT NULL,
    head          text COLLATE "C" GENERATED ALWAYS AS (left(value, 100)) STORED,
    PRIMARY KEY (run_seq, key_id)
);
CREATE INDEX run_param_by_value ON run_param (key_id, experiment_id, head, run_seq);

CREATE TABLE run_tag (
    run_seq       bigint NOT NULL,
    key_id        integer NOT NULL,
    experiment_id bigint NOT NULL,
    value         text COLLATE "C" NOT NULL,
    head          text COLLATE "C" GENERATED ALWAYS AS (left(value, 100)) STORED,
    PRIMARY KEY (run_seq, key_id)
);
CREATE INDEX run_tag_by_value ON run_tag (key_id, head, experiment_id, run_seq);

CREATE TABLE latest_metric (
    run_seq       bigint NOT NULL,
    key_id        integer NOT NULL,
    experiment_id bigint NOT NULL,
    value         double precision NOT NULL,
    step          bigint NOT NULL,
    ts            bigint NOT NULL,
    PRIMARY KEY (run_seq, key_id)
) WITH (fillfactor = 85);
CREATE INDEX latest_metric_by_value ON latest_metric (key_id, experiment_id, value, run_seq);

-- All points of a run, appended as arrays: one row per write and bucket of 64 keys (bucket = key_id / 64), so that a
-- batch of 1,000 points is a handful of rows (docs/decisions/0002). Equal points are one point; readers say DISTINCT,
-- which makes a client's retry harmless.
CREATE TABLE metric_segment (
    run_seq bigint NOT NULL,
    bucket  integer NOT NULL,
    max_ts  bigint NOT NULL,
    keys    integer[] NOT NULL,
    ts      bigint[] NOT NULL,
    steps   bigint[] NOT NULL,
    vals    double precision[] NOT NULL
);
ALTER TABLE metric_segment
    ALTER keys SET STORAGE EXTERNAL, ALTER ts SET STORAGE EXTERNAL,
    ALTER steps SET STORAGE EXTERNAL, ALTER vals SET STORAGE EXTERNAL;
CREATE INDEX metric_segment_of_run ON metric_segment (run_seq, bucket, max_ts);

CREATE TABLE dataset (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment_id bigint NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name          text COLLATE "C" NOT NULL,
    digest        text COLLATE "C" NOT NULL,
    source_type   text NOT NULL,
    source        text NOT NULL,
    schema        text NOT NULL DEFAULT '',
    profile       text NOT NULL DEFAULT '',
    UNIQUE (experiment_id, name, digest)
);

CREATE TABLE run_dataset (
    run_seq    bigint NOT NULL REFERENCES run ON DELETE CASCADE,
    dataset_id bigint NOT NULL REFERENCES dataset ON DELETE CASCADE,
    context    text COLLATE "C",           -- the tag `mlflow.data.context`, which filters ask for
    tags       jsonb NOT NULL DEFAULT '[]', -- [{"key": …, "value": …}, …] as on the wire
    seq        bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (run_seq, dataset_id)
);
CREATE INDEX run_dataset_of_dataset ON run_dataset (dataset_id, run_seq);

-- LoggedModels a run read (input) or made (output).
CREATE TABLE run_model (
    run_seq   bigint NOT NULL REFERENCES run ON DELETE CASCADE,
    direction text NOT NULL CHECK (direction IN ('input', 'output')),
    model_id  text COLLATE "C" NOT NULL,
    step      bigint NOT NULL DEFAULT 0,
    seq       bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (run_seq, direction, model_id, step)
);
CREATE INDEX run_model_of_model ON run_model (model_id);

-- The read model: params, tags, latest metrics, inputs and outputs of a run as the JSON an answer carries. A missing
-- row is a stale one: writers delete it under a shared advisory lock of the run (key: seq), readers make it again under
-- the exclusive one. Unlogged: after a crash it is empty and fills itself.
CREATE UNLOGGED TABLE run_document (
    run_seq bigint PRIMARY KEY,
    data    text NOT NULL,
    inputs  text NOT NULL,
    outputs text NOT NULL
);
