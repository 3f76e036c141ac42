-- What `lakeward import` has brought from which server, so that the next import brings only what is new. Everything in
-- it can be found out again: without it an import looks at all of the source once more and changes nothing.

CREATE TABLE import_source (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    url          text COLLATE "C" NOT NULL, -- without credentials
    UNIQUE (workspace_id, url)
);

-- Experiments there and here. One that was merged into an experiment that was here keeps that one's name and state.
CREATE TABLE imported_experiment (
    source_id     bigint NOT NULL REFERENCES import_source ON DELETE CASCADE,
    there         text COLLATE "C" NOT NULL,
    experiment_id bigint NOT NULL REFERENCES experiment ON DELETE CASCADE,
    merged        boolean NOT NULL,
    PRIMARY KEY (source_id, there)
);
CREATE INDEX imported_experiment_of_experiment ON imported_experiment (experiment_id);

-- Objects that came over whole, and what the source said of them then.
CREATE TABLE imported_object (
    source_id bigint NOT NULL REFERENCES import_source ON DELETE CASCADE,
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('experiment', 'run', 'logged model', 'registered model', 'trace')),
    there     text COLLATE "C" NOT NULL,
    digest    bytea NOT NULL,
    PRIMARY KEY (source_id, kind, there)
);

-- Files that came over: their size and SHA-256 as the source sent them.
CREATE TABLE imported_file (
    source_id bigint NOT NULL REFERENCES import_source ON DELETE CASCADE,
    key       text COLLATE "C" NOT NULL, -- of the object here
    size      bigint NOT NULL,
    sha256    bytea NOT NULL,
    PRIMARY KEY (source_id, key)
);
