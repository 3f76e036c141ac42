-- Encryption at rest, and secrets. Master keys are never in the database: they are named by their fingerprints here.

-- Which master key wraps new data keys.
CREATE TABLE key_ring (
    only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    master_key text COLLATE "C" NOT NULL
);

-- Keys that payload is sealed under, each wrapped by a master key. Without its row all of that is unreadable for good.
CREATE TABLE data_key (
    id         uuid PRIMARY KEY,
    purpose    text NOT NULL,
    master_key text COLLATE "C" NOT NULL,
    wrapped    bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE secret_scope (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace,
    name         text COLLATE "C" NOT NULL,
    data_key_id  uuid NOT NULL REFERENCES data_key,
    created_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name)
);

CREATE TABLE secret (
    scope_id   bigint NOT NULL REFERENCES secret_scope ON DELETE CASCADE,
    key        text COLLATE "C" NOT NULL,
    sealed     bytea NOT NULL,
    updated_at bigint NOT NULL, -- epoch milliseconds
    PRIMARY KEY (scope_id, key)
);

CREATE TABLE secret_acl (
    scope_id     bigint NOT NULL REFERENCES secret_scope ON DELETE CASCADE,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    permission   text NOT NULL CHECK (permission IN ('READ', 'WRITE', 'MANAGE')),
    PRIMARY KEY (scope_id, principal_id)
);
CREATE INDEX secret_acl_of_principal ON secret_acl (principal_id);
