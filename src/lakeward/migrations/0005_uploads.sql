-- Uploads in parts. The parts themselves are objects (`uploads/<id>/<part>`), so nothing is written here per part.

CREATE TABLE upload (
    id           text COLLATE "C" PRIMARY KEY, -- 128 random bits: who knows it may add parts
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text COLLATE "C" NOT NULL,    -- the object it becomes
    overwrite    boolean NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz                   -- kept for a while, so that a repeated completion is answered
);
CREATE INDEX upload_oldest ON upload (created_at);
