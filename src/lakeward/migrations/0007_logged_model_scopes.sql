-- On which data sets a model was measured at all: one row each, where an index over every point stood before.

CREATE TABLE logged_model_scope (
    model_seq     bigint NOT NULL REFERENCES logged_model ON DELETE CASCADE,
    scope_id      integer NOT NULL,
    experiment_id bigint NOT NULL,
    PRIMARY KEY (model_seq, scope_id)
);
CREATE INDEX logged_model_measured_on_dataset ON logged_model_scope (scope_id, experiment_id, model_seq);

INSERT INTO logged_model_scope (model_seq, scope_id, experiment_id)
SELECT DISTINCT model_seq, scope_id, experiment_id FROM logged_model_metric WHERE scope_id <> 0;

DROP INDEX logged_model_metric_of_scope;
