-- LoggedModels: models as results of an experiment, with params, tags and metrics by data set.

CREATE TABLE logged_model (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id      text COLLATE "C" NOT NULL UNIQUE,
    experiment_id bigint NOT NULL REFERENCES experiment,
    name          text COLLATE "C" NOT NULL,
    model_type    text COLLATE "C" NOT NULL,
    source_run_id text COLLATE "C" NOT NULL, -- '' for a model without a run; the run may be gone, the model stays
    status        text COLLATE "C" NOT NULL,
    creator_id    bigint NOT NULL,
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL,
    deleted_at    bigint,
    purging       boolean NOT NULL DEFAULT false,
    home_id       bigint, -- as of a run: a model moves with the run that made it, its artifacts stay
    home_location text,
    CHECK (deleted_at IS NOT NULL OR NOT purging)
);
CREATE INDEX logged_model_newest_in_experiment ON logged_model (experiment_id, created_at DESC, model_id);
-- Clients look a model up by its name whenever they read the artifacts of a run.
CREATE INDEX logged_model_newest_of_name ON logged_model (experiment_id, name, created_at DESC, model_id)
    WHERE deleted_at IS NULL;
CREATE INDEX logged_model_of_source_run ON logged_model (source_run_id) WHERE source_run_id <> '';
CREATE INDEX logged_model_trashed ON logged_model (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX logged_model_away_from_home ON logged_model (home_id) WHERE home_id IS NOT NULL;
CREATE INDEX logged_model_purging ON logged_model (seq) WHERE purging;

CREATE TABLE logged_model_param (
    model_seq     bigint NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    key_id        integer NOT NULL,
    experiment_id bigint NOT NULL,
    value         text COLLATE "C" NOT NULL,
    PRIMARY KEY (model_seq, key_id)
);
CREATE INDEX logged_model_param_by_value ON logged_model_param (key_id, experiment_id, (left(value, 100)), model_seq);

CREATE TABLE logged_model_tag (
    model_seq     bigint NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    key_id        integer NOT NULL,
    experiment_id bigint NOT NULL,
    value         text COLLATE "C" NOT NULL,
    PRIMARY KEY (model_seq, key_id)
);
CREATE INDEX logged_model_tag_by_value ON logged_model_tag (key_id, experiment_id, (left(value, 100)), model_seq);

-- What a metric was measured on, once each: a data set by name, or by name and digest. Row 0 is "whatever".
CREATE TABLE metric_scope (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name   text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    UNIQUE (name, digest)
);
INSERT INTO metric_scope (id, name, digest) OVERRIDING SYSTEM VALUE VALUES (0, '', '');

-- Every point measured on a model, by any run. Equal points are one point, which makes a client's retry harmless.
CREATE TABLE logged_model_metric (
    model_seq     bigint NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    key_id        integer NOT NULL,
    scope_id      integer NOT NULL,
    experiment_id bigint NOT NULL,
    ts            bigint NOT NULL,
    step          bigint NOT NULL,
    value         double precision NOT NULL,
    run_id        text COLLATE "C" NOT NULL,
    PRIMARY KEY (model_seq, key_id, scope_id, ts, step, run_id, value)
);
CREATE INDEX logged_model_metric_by_value ON logged_model_metric (key_id, experiment_id, value, model_seq);

-- On which data sets a model was measured at all.
CREATE TABLE logged_model_scope (
    model_seq     bigint NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    scope_id      integer NOT NULL,
    experiment_id bigint NOT NULL,
    PRIMARY KEY (model_seq, scope_id)
);
CREATE INDEX logged_model_measured_on_dataset ON logged_model_scope (scope_id, experiment_id, model_seq);

-- The newest value of each metric of a model, three times: on whatever data set, on one of that name, on one of that
-- name and digest. So a ranking is one walk along one index, however it is restricted.
CREATE TABLE logged_model_rank (
    model_seq     bigint NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    key_id        integer NOT NULL,
    scope_id      integer NOT NULL,
    experiment_id bigint NOT NULL,
    value         double precision NOT NULL,
    ts            bigint NOT NULL,
    step          bigint NOT NULL,
    run_id        text COLLATE "C" NOT NULL,
    PRIMARY KEY (model_seq, key_id, scope_id)
) WITH (fillfactor = 85);
-- NaN ranks with the models that have no value: last, whatever the direction.
CREATE INDEX logged_model_rank_best_on_dataset ON logged_model_rank (experiment_id, key_id, scope_id, value, model_seq)
    WHERE value <> 'NaN';
