-- What happened to models and prompts, and what reading their lineage backwards needs.

-- One row for each change, written by the statement that changes. Without references: it outlives what it tells of, and
-- a model made again under a name continues the log of that name.
CREATE TABLE registry_activity (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    model_id     bigint NOT NULL,
    full_name    text COLLATE "C" NOT NULL,
    is_prompt    boolean NOT NULL,
    version      integer,                 -- NULL: the model as a whole
    action       text COLLATE "C" NOT NULL,
    key          text COLLATE "C",        -- of a tag; an alias
    value        text,                    -- what it is now
    before       text,                    -- what it was, where it was something
    actor        text COLLATE "C" NOT NULL,
    at           bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
);
CREATE INDEX registry_activity_of_name ON registry_activity (workspace_id, full_name, id DESC);
CREATE INDEX registry_activity_of_version ON registry_activity (workspace_id, full_name, version, id DESC);
CREATE INDEX registry_activity_of_model ON registry_activity (model_id);

CREATE INDEX model_version_of_logged_model ON model_version (logged_model_id) WHERE logged_model_id <> '';
CREATE INDEX model_version_copied_from ON model_version (workspace_id, source) WHERE source LIKE 'models:/%';
CREATE INDEX dataset_by_name ON dataset (name, digest);

-- ── one alias of a prompt, several versions ──────────────────────────────────────────────────────────────────────────

-- While an alias has arms, each caller's key decides which of them it leads to; `model_alias.version` is the one of the
-- greatest weight, for whoever asks without regard to arms.
CREATE TABLE alias_arm (
    model_id bigint NOT NULL,
    alias    text COLLATE "C" NOT NULL,
    version  integer NOT NULL,
    weight   double precision NOT NULL CHECK (weight > 0),
    PRIMARY KEY (model_id, alias, version),
    FOREIGN KEY (model_id, alias) REFERENCES model_alias ON DELETE CASCADE,
    FOREIGN KEY (model_id, version) REFERENCES model_version ON DELETE CASCADE
);
CREATE INDEX alias_arm_of_version ON alias_arm (model_id, version);

-- The arm with the smallest score is the key's. Weighted rendezvous hashing: an arm wins in proportion to its weight,
-- and when weights change only those keys move that must.
CREATE FUNCTION arm_score(model_id bigint, alias text, version integer, weight double precision, key text)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT -ln((('x' || encode(substring(sha256(convert_to(
        model_id || '/' || alias || '/' || version || '/' || key, 'UTF8')) FROM 1 FOR 6), 'hex'))::bit(48)::bigint + 0.5)
        / 281474976710656.0::double precision) / weight
$$;

-- A trace that used a version which is an arm says so: the tag `lakeward.arm.<prompt>` is `<alias>=<version>`.
CREATE FUNCTION note_arm_of_trace() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    prompt text := regexp_replace(NEW.target, '/[0-9]+$', '');
    used integer := substring(NEW.target FROM '/([0-9]+)$')::integer;
    said jsonb;
BEGIN
    SELECT jsonb_object_agg('lakeward.arm.' || found.name, found.arms) INTO said FROM (
        SELECT r.name, string_agg(a.alias || '=' || a.version, ', ' ORDER BY a.alias) AS arms
        FROM trace t JOIN registered_model r ON r.workspace_id = t.workspace_id AND r.is_prompt
             AND (r.name = prompt OR r.full_name = prompt)
        JOIN alias_arm a ON a.model_id = r.id AND a.version = used
        WHERE t.seq = NEW.trace_seq AND length(r.name) <= 200 GROUP BY r.name
    ) found;
    IF said IS NOT NULL THEN
        UPDATE trace SET tags = tags || said WHERE seq = NEW.trace_seq;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_arm AFTER INSERT ON trace_link FOR EACH ROW
    WHEN (NEW.kind = 'prompt' AND NEW.target ~ '/[0-9]{1,9}$') EXECUTE FUNCTION note_arm_of_trace();
