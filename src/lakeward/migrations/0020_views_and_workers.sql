-- Views of an experiment's tables that somebody saved: what stands in the address of the page, under a name. Those of an
-- owner are for him alone; those without are shared with whoever sees the experiment.
CREATE TABLE saved_view (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment_id bigint NOT NULL REFERENCES experiment ON DELETE CASCADE,
    of_table      text COLLATE "C" NOT NULL CHECK (of_table IN ('runs', 'traces')),
    owner_id      bigint REFERENCES principal ON DELETE CASCADE,
    name          text COLLATE "C" NOT NULL,
    state         text NOT NULL, -- a JSON object of texts
    changed_by    text COLLATE "C" NOT NULL,
    updated_at    bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (experiment_id, of_table, owner_id, name)
);
CREATE INDEX saved_view_of_owner ON saved_view (owner_id);

-- Worker processes say every few seconds that they live, and how much waits for them. After a crash of the database they
-- say it anew.
CREATE UNLOGGED TABLE worker (
    id         text COLLATE "C" PRIMARY KEY,
    host       text NOT NULL,
    pid        bigint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    waiting    text NOT NULL -- a JSON object: what waits, and how many
) WITH (fillfactor = 50);
