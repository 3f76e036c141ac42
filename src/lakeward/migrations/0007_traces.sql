-- Traces: what happened in an application, as spans, and what people and judges say about it (docs/decisions/0003).

-- Unity Catalog locations: paths that clients in `databricks` mode send traces to and read them from. A path belongs to
-- one experiment at a time; traces stay with the one they came to.
CREATE TABLE trace_location (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace,
    path         text COLLATE "C" NOT NULL, -- catalog.schema, or catalog.schema.prefix
    UNIQUE (workspace_id, path)
);

CREATE TABLE trace_location_link (
    location_id   bigint NOT NULL REFERENCES trace_location ON DELETE CASCADE,
    experiment_id bigint NOT NULL REFERENCES experiment ON DELETE CASCADE,
    linked        boolean NOT NULL, -- false: it was, and traces of then are there
    PRIMARY KEY (location_id, experiment_id)
);
CREATE UNIQUE INDEX trace_location_of_experiment ON trace_location_link (experiment_id) WHERE linked;
CREATE UNIQUE INDEX trace_location_has_one_experiment ON trace_location_link (location_id) WHERE linked;

-- One row tells all that a list shows and most that a filter asks. Spans are not rows: they are kept as they came, in
-- segments. A trace may begin with any of its spans, in any order, or with what its client says about the whole.
CREATE TABLE trace (
    seq                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trace_id              text COLLATE "C" NOT NULL,
    workspace_id          bigint NOT NULL REFERENCES workspace,
    experiment_id         bigint NOT NULL REFERENCES experiment,
    location_id           bigint REFERENCES trace_location, -- if it was sent to one
    start_ms              bigint NOT NULL,
    end_ms                bigint,
    state                 text COLLATE "C" NOT NULL,
    finalized             boolean NOT NULL DEFAULT false, -- the client told about the whole; spans change no more of it
    name                  text COLLATE "C",
    client_request_id     text COLLATE "C",
    session_id            text COLLATE "C",
    request_preview       text,
    response_preview      text,
    tags                  jsonb NOT NULL DEFAULT '{}',
    metadata              jsonb NOT NULL DEFAULT '{}', -- without what the columns hold
    input_tokens          bigint,
    output_tokens         bigint,
    total_tokens          bigint,
    cache_read_tokens     bigint,
    cache_creation_tokens bigint,
    input_cost            double precision,
    output_cost           double precision,
    total_cost            double precision,
    UNIQUE (trace_id, workspace_id) -- whoever knows the id of another workspace's trace makes one of his own
) WITH (fillfactor = 90, toast_tuple_target = 4080);
CREATE INDEX trace_newest_in_experiment ON trace (experiment_id, start_ms DESC, trace_id) INCLUDE (seq);
CREATE INDEX trace_in_location ON trace (location_id) WHERE location_id IS NOT NULL;
CREATE INDEX trace_in_session ON trace (experiment_id, session_id, start_ms) WHERE session_id IS NOT NULL;
CREATE INDEX trace_by_client_request ON trace (client_request_id) WHERE client_request_id IS NOT NULL;
CREATE INDEX trace_tag_is ON trace USING gin (tags jsonb_path_ops);
CREATE INDEX trace_metadata_is ON trace USING gin (metadata jsonb_path_ops);

-- Spans as they arrived: the spans of one trace in one request, OTLP's own bytes, compressed, never changed. A span that
-- came twice is in two segments; readers keep the later.
CREATE TABLE trace_segment (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trace_seq bigint NOT NULL REFERENCES trace ON DELETE CASCADE,
    spans     integer NOT NULL,
    payload   bytea NOT NULL
) WITH (toast_tuple_target = 8160); -- most segments stay in their row
ALTER TABLE trace_segment ALTER payload SET STORAGE EXTERNAL;
CREATE INDEX trace_segment_of_trace ON trace_segment (trace_seq, id);

-- Which texts a segment may hold: a bit for every few characters and every name in it. The signatures of new segments
-- stand here side by side; the worker turns those of 4,096 traces into one block, bit by bit, so that a question reads
-- 512 bytes for each of its bits instead of the signature of every trace.
CREATE TABLE trace_signature (
    segment_id    bigint PRIMARY KEY REFERENCES trace_segment ON DELETE CASCADE,
    trace_seq     bigint NOT NULL,
    experiment_id bigint NOT NULL,
    start_ms      bigint NOT NULL,
    bits          bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 4000);
ALTER TABLE trace_signature ALTER bits SET STORAGE PLAIN;
CREATE INDEX trace_signature_of_experiment ON trace_signature (experiment_id, start_ms);

CREATE TABLE trace_block (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment_id bigint NOT NULL REFERENCES experiment ON DELETE CASCADE,
    first_ms      bigint NOT NULL,
    last_ms       bigint NOT NULL,
    members       bytea NOT NULL, -- (trace seq, start in ms) of each, eight bytes little-endian each
    planes        bytea NOT NULL  -- 8,192 bit planes of 512 bytes: bit m of plane b, from the left, is bit b of member m
);
ALTER TABLE trace_block ALTER members SET STORAGE EXTERNAL, ALTER planes SET STORAGE EXTERNAL;
CREATE INDEX trace_block_newest ON trace_block (experiment_id, last_ms DESC);

-- Runs and prompt versions a trace belongs to: by its own metadata, or linked later.
CREATE TABLE trace_link (
    trace_seq bigint NOT NULL REFERENCES trace ON DELETE CASCADE,
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('run', 'prompt')),
    target    text COLLATE "C" NOT NULL, -- a run id, or name/version
    PRIMARY KEY (kind, target, trace_seq)
);
CREATE INDEX trace_link_of_trace ON trace_link (trace_seq);

CREATE TABLE trace_assessment (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    assessment_id text COLLATE "C" NOT NULL,
    trace_seq     bigint NOT NULL REFERENCES trace ON DELETE CASCADE,
    experiment_id bigint NOT NULL,        -- of the trace, as is its start: metrics then need not look at it
    start_ms      bigint NOT NULL,
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('feedback', 'expectation', 'issue')),
    name          text COLLATE "C" NOT NULL,
    span_id       text COLLATE "C",
    source_type   text COLLATE "C" NOT NULL,
    source_id     text COLLATE "C" NOT NULL,
    value         text NOT NULL,      -- JSON
    number        double precision,   -- the same as a number: also of true, false, yes and no
    is_number     boolean NOT NULL,
    error         jsonb,
    rationale     text,
    metadata      jsonb NOT NULL DEFAULT '{}',
    overrides     text COLLATE "C",
    valid         boolean NOT NULL DEFAULT true,
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL,
    UNIQUE (trace_seq, assessment_id)
);
CREATE INDEX trace_assessment_named ON trace_assessment (experiment_id, kind, name, trace_seq);
CREATE INDEX trace_assessment_in_time ON trace_assessment (experiment_id, start_ms) INCLUDE (kind, name, number)
    WHERE valid;
