-- What charts draw of metrics with many points: sampled once, when the run has ended (tracking/curves.py), all metrics of
-- a bucket together. `most` is how many points it may have; a row with 0 and a key of -1 - bucket says that the bucket is
-- done. That is true as long as the bucket has as many segments as then: writers only add, and who merges segments
-- deletes it. Unlogged: after a crash it is empty and fills itself.
CREATE UNLOGGED TABLE metric_curve (
    run_seq  bigint NOT NULL,
    key_id   integer NOT NULL,
    most     integer NOT NULL,
    segments integer NOT NULL,
    points   bytea NOT NULL, -- all times, all steps, all values: doubles, the lowest byte first
    PRIMARY KEY (run_seq, key_id, most)
) WITH (toast_tuple_target = 8160);
ALTER TABLE metric_curve ALTER points SET STORAGE EXTERNAL;

-- The outline of a trace with very many spans, sealed as spans are (tracing/outline.py). It is true while the trace has
-- the segments it was made of, and prices are the same. Unlogged, as above.
CREATE UNLOGGED TABLE trace_outline (
    trace_seq    bigint PRIMARY KEY REFERENCES trace ON DELETE CASCADE,
    segments     integer NOT NULL,
    last_segment bigint NOT NULL,
    prices       bytea NOT NULL, -- a digest of all that are said
    outline      bytea NOT NULL
);
ALTER TABLE trace_outline ALTER outline SET STORAGE EXTERNAL;
