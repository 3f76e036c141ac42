"""Statements about principals and who is in which group."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from lakeward.identity.records import ADMINS_ID, Identity, Kind, Link, Principal, Profile
from lakeward.identity.search import Query
from lakeward.runtime.db import Tx

_profile = msgspec.json.Decoder(Profile)
_links = msgspec.json.Decoder(tuple[Link, ...])

# `seen` are the ids that may be shown: $1 is a workspace, or NULL for the whole server, where nobody need be counted.
_SEEN: Final = "WITH seen(id) AS MATERIALIZED (SELECT principals_seen_in($1)) "
_MAY_BE_SEEN: Final = "($1::bigint IS NULL OR p.id IN (SELECT id FROM seen))"
_IDENTITY: Final = """
    SELECT p.id, p.kind, p.name, p.display_name, p.is_active, p.external_id, p.profile,
           (SELECT json_agg(json_build_array(g.id, g.kind, g.name, g.id = 2 OR EXISTS (
                       SELECT FROM group_member m WHERE m.member_id = p.id AND m.group_id = g.id)) ORDER BY g.id)
            FROM principals_of(p.id) held(id) JOIN principal g ON g.id = held.id AND g.id <> p.id
            WHERE $1::bigint IS NULL OR g.id IN (SELECT id FROM seen)) groups,
           (SELECT json_agg(json_build_array(c.id, c.kind, coalesce(nullif(c.display_name, ''), c.name)) ORDER BY c.id)
            FROM group_member m JOIN principal c ON c.id = m.member_id
            WHERE m.group_id = p.id AND ($1::bigint IS NULL OR c.id IN (SELECT id FROM seen))) members
    FROM principal p
"""


async def find_principal(tx: Tx, name: str) -> Principal | None:
    """Who may hold a token: no group."""
    row = await tx.fetchrow(
        "SELECT id, name, $2 IN (SELECT principals_of(id)) FROM principal WHERE name = $1 AND kind <> 'GROUP'",
        name,
        ADMINS_ID,
    )
    return Principal(*row) if row else None


async def find_service_principal(tx: Tx, application_id: str) -> int | None:
    """Its id. Application ids are UUIDs, which have no case."""
    statement = "SELECT id FROM principal WHERE kind = 'SERVICE_PRINCIPAL' AND lower(name) = lower($1)"
    found: int | None = await tx.fetchval(statement, application_id)
    return found


async def add_principal(tx: Tx, name: str) -> int | None:
    """The id of the new user; None if there is a principal of this name, in whatever case."""
    statement = "INSERT INTO principal (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id"
    found: int | None = await tx.fetchval(statement, name)
    return found


async def add_identity(
    tx: Tx, kind: Kind, name: str, display_name: str, external_id: str, profile: Profile, *, is_active: bool
) -> int | None:
    """The id of the new principal; None if the name is taken, in whatever case."""
    found: int | None = await tx.fetchval(
        "INSERT INTO principal (kind, name, display_name, external_id, profile, is_active)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
        kind, name, display_name, external_id, msgspec.json.encode(profile).decode(), is_active,
    )  # fmt: skip
    return found


async def find_identity(tx: Tx, principal_id: int, kind: Kind | None, workspace: int | None) -> Identity | None:
    """The principal with this id, if it is of this kind and may be seen in this workspace (None: everywhere)."""
    row = await tx.fetchrow(
        _SEEN + _IDENTITY + f"WHERE p.id = $2 AND p.kind = coalesce($3, p.kind) AND {_MAY_BE_SEEN}",
        workspace, principal_id, kind,
    )  # fmt: skip
    return _identity(row) if row else None


async def list_identities(tx: Tx, query: Query, *, offset: int, limit: int) -> list[Identity]:
    """The page of a search; its first parameter is the workspace."""
    parameters = query.parameters
    statement = (
        f"{_SEEN}{_IDENTITY} WHERE {_MAY_BE_SEEN} AND {query.where}"
        f" ORDER BY {query.ordering} OFFSET {parameters.add(offset)} LIMIT {parameters.add(limit)}"
    )
    return [_identity(row) for row in await tx.fetch(statement, *parameters.values)]


async def count_identities(tx: Tx, query: Query) -> int:
    statement = f"{_SEEN}SELECT count(*) FROM principal p WHERE {_MAY_BE_SEEN} AND {query.where}"
    found: int = await tx.fetchval(statement, *query.parameters.values)
    return found


def _identity(row: Any) -> Identity:
    *_, profile, groups, members = row
    return Identity(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        display_name=row["display_name"],
        is_active=row["is_active"],
        external_id=row["external_id"],
        profile=_profile.decode(profile),
        groups=_links.decode(groups) if groups else (),
        members=_links.decode(members) if members else (),
    )


async def list_everybody(tx: Tx, workspace: int | None, limit: int) -> list[Link]:
    """The members of the group of everybody, who have no rows there."""
    rows = await tx.fetch(
        f"{_SEEN}SELECT p.id, p.kind, coalesce(nullif(p.display_name, ''), p.name), true FROM principal p"
        f" WHERE p.kind <> 'GROUP' AND {_MAY_BE_SEEN} ORDER BY p.id LIMIT $2",
        workspace, limit,
    )  # fmt: skip
    return [Link(*row) for row in rows]


async def lock_membership(tx: Tx) -> None:
    """One after another: what keeps groups free of cycles and administrators from running out looks at all rows."""
    await tx.execute("SELECT FROM principal WHERE id = $1 FOR NO KEY UPDATE", ADMINS_ID)


async def save_identity(tx: Tx, changed: Identity) -> None:
    """Everything but kind, name of a user and membership."""
    await tx.execute(
        "UPDATE principal SET name = $2, display_name = $3, is_active = $4, external_id = $5, profile = $6,"
        " updated_at = now() WHERE id = $1",
        changed.id, changed.name, changed.display_name, changed.is_active, changed.external_id,
        msgspec.json.encode(changed.profile).decode(),
    )  # fmt: skip


async def name_taken(tx: Tx, name: str, but: int) -> bool:
    return bool(
        await tx.fetchval("SELECT EXISTS (SELECT FROM principal WHERE lower(name) = lower($1) AND id <> $2)", name, but)
    )


async def delete_principal(tx: Tx, principal_id: int) -> None:
    await tx.execute("DELETE FROM principal WHERE id = $1", principal_id)


async def missing(tx: Tx, ids: Collection[int]) -> list[int]:
    """Those of these ids that are nobody's."""
    rows = await tx.fetch(
        "SELECT id FROM unnest($1::bigint[]) AS id WHERE NOT EXISTS (SELECT FROM principal p WHERE p.id = id.id)"
        " ORDER BY id", list(ids),
    )  # fmt: skip
    return [row["id"] for row in rows]


async def add_member(tx: Tx, group_id: int, member_id: int) -> bool:
    """Whether it was not one already."""
    return bool(
        await tx.fetchval(
            "INSERT INTO group_member (group_id, member_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
            group_id,
            member_id,
        )
    )


async def add_members(tx: Tx, group_id: int, ids: Sequence[int]) -> None:
    await tx.execute(
        "INSERT INTO group_member (group_id, member_id) SELECT $1, id FROM unnest($2::bigint[]) AS id"
        " ON CONFLICT DO NOTHING",
        group_id, ids,
    )  # fmt: skip


async def remove_members(tx: Tx, group_id: int, ids: Sequence[int]) -> None:
    await tx.execute("DELETE FROM group_member WHERE group_id = $1 AND member_id = ANY ($2::bigint[])", group_id, ids)


async def keep_members(tx: Tx, group_id: int, ids: Sequence[int]) -> None:
    """Remove everybody else."""
    await tx.execute("DELETE FROM group_member WHERE group_id = $1 AND member_id <> ALL ($2::bigint[])", group_id, ids)


async def containing(tx: Tx, group_id: int, ids: Sequence[int]) -> list[str]:
    """The names of those of these groups that are this group, or contain it by way of others."""
    rows = await tx.fetch(
        "SELECT p.name FROM principals_of($1) held(id) JOIN principal p USING (id) WHERE p.id = ANY ($2::bigint[])",
        group_id, ids,
    )  # fmt: skip
    return [row["name"] for row in rows]


async def any_administrator(tx: Tx) -> bool:
    """Whether somebody active is in the group of administrators, by way of other groups too."""
    return bool(
        await tx.fetchval(
            """
            WITH RECURSIVE inside(id) AS (
                SELECT $1::bigint UNION SELECT m.member_id FROM inside JOIN group_member m ON m.group_id = inside.id
            )
            SELECT EXISTS (SELECT FROM inside JOIN principal p USING (id) WHERE p.kind <> 'GROUP' AND p.is_active)
            """,
            ADMINS_ID,
        )
    )


async def is_administrator(tx: Tx, principal_id: int) -> bool:
    return bool(await tx.fetchval("SELECT $2::bigint IN (SELECT principals_of($1))", principal_id, ADMINS_ID))


async def is_active(tx: Tx, principal_id: int) -> bool:
    return bool(await tx.fetchval("SELECT is_active FROM principal WHERE id = $1", principal_id))


async def activate(tx: Tx, principal_id: int) -> bool:
    """Whether it was deactivated."""
    statement = "UPDATE principal SET is_active = true WHERE id = $1 AND NOT is_active RETURNING true"
    return bool(await tx.fetchval(statement, principal_id))
