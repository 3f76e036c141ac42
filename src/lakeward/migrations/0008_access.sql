-- Identity: what SCIM clients keep with a principal, whom one may see, and how one gets in.

-- ── principals ───────────────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE principal
    ADD COLUMN external_id text COLLATE "C" NOT NULL DEFAULT '', -- the identity provider's own id for it
    ADD COLUMN profile     jsonb NOT NULL DEFAULT '{}',          -- names, emails, entitlements, roles as SCIM gave them
    ADD COLUMN updated_at  timestamptz NOT NULL DEFAULT now();

-- Two names that differ in case alone would be taken for one another.
CREATE UNIQUE INDEX principal_name_folded ON principal (lower(name));

-- Whom the people of a workspace may see: who has a role in it, by way of groups too, and the administrators.
CREATE FUNCTION principals_seen_in(one bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 100 AS $$
    WITH RECURSIVE inside(id) AS (
        SELECT principal_id FROM workspace_member WHERE workspace_id = one
        UNION SELECT 3
        UNION SELECT m.member_id FROM inside JOIN group_member m ON m.group_id = inside.id
    )
    SELECT id FROM inside
    UNION SELECT id FROM principal
        WHERE id = 2 OR (kind <> 'GROUP' AND 2 IN (SELECT id FROM inside))
$$;

-- ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- The secrets of service principals: exchanged for access tokens, good for nothing else.
CREATE TABLE service_secret (
    id           text COLLATE "C" PRIMARY KEY,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    hash         bytea NOT NULL UNIQUE, -- SHA-256, as of tokens
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX service_secret_of_principal ON service_secret (principal_id);

ALTER TABLE access_token
    ADD COLUMN kind       text NOT NULL DEFAULT 'PERSONAL' CHECK (kind IN ('PERSONAL', 'OAUTH', 'SESSION')),
    ADD COLUMN created_by bigint REFERENCES principal ON DELETE SET NULL,
    ADD COLUMN scopes     text[]; -- which APIs it opens; NULL for all
CREATE INDEX access_token_made_by ON access_token (created_by);
CREATE INDEX access_token_expiring ON access_token (expires_at) WHERE kind <> 'PERSONAL';

-- Who may come in with which kind of credential: `users` (2) at first, which is everybody. Administrators always may.
CREATE TABLE credential_use (
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('tokens', 'passwords')),
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    PRIMARY KEY (kind, principal_id)
);
INSERT INTO credential_use VALUES ('tokens', 2), ('passwords', 2);

-- Whether somebody may who is all of these principals.
CREATE FUNCTION may_use(what text, held bigint[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT 3 = ANY (held) OR EXISTS (SELECT FROM credential_use u WHERE u.kind = what AND u.principal_id = ANY (held))
$$;

-- When a token was last used, to the minute: beside the tokens, whose rows every request reads.
CREATE TABLE access_token_use (
    token_id text COLLATE "C" PRIMARY KEY REFERENCES access_token ON DELETE CASCADE,
    used_at  timestamptz NOT NULL
);

-- ── OAuth ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- What a person has let a program do: refresh tokens lead here, and the access tokens made for it go with it.
CREATE TABLE oauth_grant (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    client_id    text COLLATE "C" NOT NULL,
    scopes       text NOT NULL,
    refresh_hash bytea UNIQUE, -- SHA-256 of the token that is good; NULL if the program asked for no `offline_access`
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX oauth_grant_of_principal ON oauth_grant (principal_id);
CREATE INDEX oauth_grant_expiring ON oauth_grant (expires_at);

-- Refresh tokens that gave way to their successor: whoever presents one again ends the grant.
CREATE TABLE oauth_spent (
    hash     bytea PRIMARY KEY,
    grant_id bigint NOT NULL REFERENCES oauth_grant ON DELETE CASCADE
);
CREATE INDEX oauth_spent_of_grant ON oauth_spent (grant_id);

CREATE TABLE oauth_code (
    hash         bytea PRIMARY KEY,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    client_id    text COLLATE "C" NOT NULL,
    redirect_uri text NOT NULL,
    challenge    text COLLATE "C" NOT NULL, -- PKCE, S256
    scopes       text NOT NULL,
    expires_at   timestamptz NOT NULL,
    grant_id     bigint REFERENCES oauth_grant ON DELETE CASCADE -- once it was redeemed; a second time ends the grant
);
CREATE INDEX oauth_code_of_principal ON oauth_code (principal_id);
CREATE INDEX oauth_code_of_grant ON oauth_code (grant_id);
CREATE INDEX oauth_code_expiring ON oauth_code (expires_at);

ALTER TABLE service_secret ADD COLUMN generation integer NOT NULL DEFAULT 0; -- of the access tokens derived from it
ALTER TABLE access_token
    ADD COLUMN secret_id text COLLATE "C" REFERENCES service_secret ON DELETE CASCADE,
    ADD COLUMN grant_id  bigint REFERENCES oauth_grant ON DELETE CASCADE;
CREATE INDEX access_token_of_secret ON access_token (secret_id);
CREATE INDEX access_token_of_grant ON access_token (grant_id);

-- ── passwords ────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE password (
    principal_id bigint PRIMARY KEY REFERENCES principal ON DELETE CASCADE,
    hash         text NOT NULL, -- argon2id, with its salt and costs
    changed_at   timestamptz NOT NULL DEFAULT now()
);

-- Attempts to sign in with a password that did not succeed (yet), by name, by address and by both.
CREATE TABLE sign_in_attempt (
    key           text COLLATE "C" PRIMARY KEY,
    failures      integer NOT NULL,
    last_at       timestamptz NOT NULL DEFAULT now(),
    blocked_until timestamptz NOT NULL
);
CREATE INDEX sign_in_attempt_old ON sign_in_attempt (last_at);

-- ── single sign-on ───────────────────────────────────────────────────────────────────────────────────────────────

-- Whom the OpenID provider means: it knows people by a subject that never changes, whatever their names become.
CREATE TABLE sso_identity (
    issuer       text COLLATE "C" NOT NULL,
    subject      text COLLATE "C" NOT NULL,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX sso_identity_of_principal ON sso_identity (principal_id, issuer);

-- Memberships that the provider gave, which it may take away again; those that people gave have no row here.
CREATE TABLE sso_membership (
    member_id bigint NOT NULL,
    group_id  bigint NOT NULL,
    PRIMARY KEY (member_id, group_id),
    FOREIGN KEY (member_id, group_id) REFERENCES group_member (member_id, group_id) ON DELETE CASCADE
);

-- People on their way to the provider and back. Whoever comes back takes the row away, so nobody comes back twice.
CREATE TABLE sso_attempt (
    state        bytea PRIMARY KEY, -- SHA-256 of what goes through the provider
    browser      bytea NOT NULL,    -- SHA-256 of what stays in the browser's cookie
    nonce        text NOT NULL,
    verifier     text NOT NULL,     -- PKCE
    redirect_uri text NOT NULL,
    back         text NOT NULL,     -- where the person was going
    address      text COLLATE "C" NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sso_attempt_expiring ON sso_attempt (expires_at);
CREATE INDEX sso_attempt_from ON sso_attempt (address);

-- ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ip_access_list (
    id         text COLLATE "C" PRIMARY KEY,
    label      text NOT NULL,
    list_type  text NOT NULL CHECK (list_type IN ('ALLOW', 'BLOCK')),
    addresses  text[] NOT NULL, -- addresses and networks, as they were given
    enabled    boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by bigint REFERENCES principal ON DELETE SET NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by bigint REFERENCES principal ON DELETE SET NULL
);
CREATE INDEX ip_access_list_made_by ON ip_access_list (created_by);
CREATE INDEX ip_access_list_changed_by ON ip_access_list (updated_by);

-- Switches of the whole server that administrators turn at run time.
CREATE TABLE server_switch (
    name  text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);
