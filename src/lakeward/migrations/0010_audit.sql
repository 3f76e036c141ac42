-- The audit log. A call writes to the inbox in its own transaction; the sealer moves what is there into the chain, where
-- each event has a dense number and the hash of all before it. Nothing here is ever updated.

CREATE TABLE audit_inbox (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record json NOT NULL
);

CREATE TABLE audit_event (
    seq          bigint PRIMARY KEY,
    record       json NOT NULL, -- kept as text: these bytes are what is hashed
    hash         bytea NOT NULL, -- SHA-256 of the hash before and the record
    -- what searches ask for, as the record has it; generated columns would parse the record once each
    time         bigint NOT NULL,
    principal    text COLLATE "C",
    service_name text COLLATE "C" NOT NULL,
    action_name  text COLLATE "C" NOT NULL,
    request_id   text COLLATE "C",
    workspace_id bigint NOT NULL,
    status_code  integer NOT NULL
);
CREATE INDEX audit_event_by_time ON audit_event USING brin (time) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX audit_event_of_principal ON audit_event (principal, seq);
CREATE INDEX audit_event_of_action ON audit_event (action_name, seq);
CREATE INDEX audit_event_of_request ON audit_event (request_id) WHERE request_id IS NOT NULL;

-- After each batch: the chain up to here, under a key that is not in the database.
CREATE TABLE audit_seal (
    seq        bigint PRIMARY KEY,
    hash       bytea NOT NULL,
    sealed_at  bigint NOT NULL, -- epoch milliseconds
    master_key text COLLATE "C" NOT NULL, -- fingerprint
    mac        bytea NOT NULL
);

-- Where the chain begins: retention takes whole batches off its old end.
CREATE TABLE audit_start (
    only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    seq        bigint NOT NULL, -- of the last event that is not kept
    hash       bytea NOT NULL,
    sealed_at  bigint NOT NULL,
    master_key text COLLATE "C" NOT NULL,
    mac        bytea NOT NULL
);

-- A guard against mistakes and against whoever may only write: who owns the tables can take it away, and is found out
-- by `lakeward audit verify`.
CREATE FUNCTION audit_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('lakeward.audit', true) = TG_ARGV[0] THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_inbox
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only('seal');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only('retention');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only('retention');
