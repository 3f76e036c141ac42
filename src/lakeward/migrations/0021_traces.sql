-- Of each span what rollups sum up, beside the segment it came in: made while the span is in the hand, so that the
-- worker reads no span a second time (tracing/gist.py). NULL where it is not known: then the spans are read.
ALTER TABLE trace_segment ADD COLUMN gist bytea, ALTER COLUMN gist SET STORAGE EXTERNAL;

-- Issues: what is wrong with an application, found in its traces; assessments of the kind issue bear their id as name.
CREATE TABLE trace_issue (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue_id      text COLLATE "C" NOT NULL UNIQUE,
    experiment_id bigint NOT NULL REFERENCES experiment ON DELETE CASCADE,
    name          text NOT NULL,
    description   text NOT NULL,
    status        text COLLATE "C" NOT NULL,
    severity      smallint NOT NULL, -- its place in records.SEVERITIES; -1 where nothing is said
    root_causes   text[] NOT NULL,
    categories    text[] NOT NULL,
    source_run_id text COLLATE "C",
    created_by    text NOT NULL,
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL
);
CREATE INDEX trace_issue_of_experiment ON trace_issue (experiment_id, severity, seq);
CREATE INDEX trace_assessment_issue ON trace_assessment (name) WHERE kind = 'issue';
