-- Identity: what SCIM clients keep with a principal, and whom one may see.

-- ── principals ───────────────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE principal
    ADD COLUMN external_id text COLLATE "C" NOT NULL DEFAULT '', -- the identity provider's own id for it
    ADD COLUMN profile     jsonb NOT NULL DEFAULT '{}',          -- names, emails, entitlements, roles as SCIM gave them
    ADD COLUMN updated_at  timestamptz NOT NULL DEFAULT now();

-- Two names that differ in case alone would be taken for one another.
CREATE UNIQUE INDEX principal_name_folded ON principal (lower(name));

-- Whom the people of a workspace may see: who has a role in it, by way of groups too, and the administrators.
-- NULL stands for the whole server.
CREATE FUNCTION principals_seen_in(one bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    WITH RECURSIVE inside(id) AS (
        SELECT principal_id FROM workspace_member WHERE workspace_id = one
        UNION SELECT 3
        UNION SELECT m.member_id FROM inside JOIN group_member m ON m.group_id = inside.id
    )
    SELECT id FROM inside
    UNION SELECT id FROM principal
        WHERE one IS NULL OR id = 2 OR (kind <> 'GROUP' AND 2 IN (SELECT id FROM inside))
$$;
