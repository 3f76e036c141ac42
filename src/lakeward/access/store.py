"""Every statement about grants. Each is bounded by a workspace."""

import functools
from collections.abc import Collection, Sequence

from lakeward.access.records import OWN, Grant, Kind, Principal, Way
from lakeward.access.sql import condition
from lakeward.runtime.db import Tx

_PRINCIPAL = "p.id, p.kind, p.name, p.display_name"


@functools.cache
def _decision(way: Way, right: str) -> str:
    held = condition(way.kind, right, row="o", workspace="$2", principals="$3", many=False)
    return f"""
        SELECT n.place, o.workspace_id IS NOT NULL, o.workspace_id IS NOT NULL AND {held}
        FROM unnest($1::text[]) WITH ORDINALITY AS n(name, place) LEFT JOIN LATERAL ({way.rows}) o ON true
    """


async def decide(
    tx: Tx, way: Way, right: str, workspace: int, principals: Collection[int], names: Sequence[str]
) -> list[bool | None]:
    """Whether these principals have this right on each object, in the order of the names; None where there is none."""
    rows = await tx.fetch(_decision(way, right), names, workspace, list(principals))
    found: list[bool | None] = [None] * len(names)
    for place, exists, allowed in rows:
        found[place - 1] = allowed if exists else None
    return found


@functools.cache
def _resolution(way: Way) -> str:
    names = ", ".join(level.name.format(o="o") for level in way.kind.levels)
    return f"SELECT {names} FROM unnest($1::text[]) AS n(name) CROSS JOIN LATERAL ({way.rows}) o"


async def levels(tx: Tx, way: Way, workspace: int, name: str) -> list[tuple[str, str]] | None:
    """(kind, name) of the object and of all it lies in, as grants call them; None if there is no such object."""
    row = await tx.fetchrow(_resolution(way), [name], workspace)
    return None if row is None else list(zip((level.kind for level in way.kind.levels), row, strict=True))


async def locate(tx: Tx, way: Way, name: str) -> tuple[int, str] | None:
    """The workspace in which an object is at home, whichever that is, and its catalog; None if there is no such object.

    `way` is one that has `located`.
    """
    row = await tx.fetchrow(way.located, name)
    return (row["workspace_id"], row["catalog_name"].lower()) if row else None


async def own(tx: Tx, kind: Kind, workspace: int, name: str, principal: int) -> None:
    """Make this principal the owner of an object that has none."""
    await grant(tx, workspace, kind.name, name, [(principal, OWN)])


async def transfer(tx: Tx, kind: Kind, workspace: int, name: str, principal: int) -> None:
    """Make this principal the owner instead of whoever was. Needs a transaction."""
    await revoke(tx, workspace, kind.name, name, None, [OWN])
    await own(tx, kind, workspace, name, principal)


async def grants_on(tx: Tx, workspace: int, kind: str, name: str, privileges: Collection[str]) -> list[Grant]:
    """Who holds which of these privileges on one object, by name."""
    rows = await tx.fetch(
        f"SELECT {_PRINCIPAL}, g.kind, g.object, g.privilege FROM access_grant g JOIN principal p"
        " ON p.id = g.principal_id WHERE g.workspace_id = $1 AND g.kind = $2 AND g.object = $3"
        " AND g.privilege = ANY ($4::text[]) ORDER BY p.name, g.privilege",
        workspace, kind, name, list(privileges),
    )  # fmt: skip
    return [Grant(Principal(*row[:4]), *row[4:]) for row in rows]


async def grant(tx: Tx, workspace: int, kind: str, name: str, given: Sequence[tuple[int, str]]) -> None:
    """`given` is (principal, privilege) of each; what is there already stays."""
    await tx.execute(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT $1, $2, $3, p, v FROM unnest($4::bigint[], $5::text[]) AS t(p, v) ON CONFLICT DO NOTHING",
        workspace, kind, name, [principal for principal, _ in given], [privilege for _, privilege in given],
    )  # fmt: skip


async def revoke(
    tx: Tx, workspace: int, kind: str, name: str, principals: Sequence[int] | None, privileges: Collection[str]
) -> None:
    """Take these privileges from these principals, or from all."""
    await tx.execute(
        "DELETE FROM access_grant WHERE workspace_id = $1 AND kind = $2 AND object = $3"
        " AND ($4::bigint[] IS NULL OR principal_id = ANY ($4)) AND privilege = ANY ($5::text[])",
        workspace, kind, name, principals, list(privileges),
    )  # fmt: skip


async def lock(tx: Tx, workspace: int, kind: str, name: str) -> None:
    """Changes of one object's grants wait for each other until the transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, '/', $2::text, '/', $3::text), 5))",
        str(workspace), kind, name,
    )  # fmt: skip


async def find_principals(
    tx: Tx, names: Sequence[str], workspace: int | None, catalog: str = ""
) -> dict[str, Principal]:
    """By name; if a workspace is named, only those its people may know of: who is in it, and the groups of these.

    With a catalog of it also those of the workspaces that it is bound to.
    """
    rows = await tx.fetch(
        f"""
        WITH RECURSIVE known(id) AS (
            SELECT principals_seen_in($2::bigint)
            UNION SELECT s FROM catalog c JOIN catalog_binding b ON b.catalog_id = c.id,
                LATERAL principals_seen_in(b.workspace_id) s WHERE c.workspace_id = $2 AND c.name = $3
            UNION SELECT m.group_id FROM known JOIN group_member m ON m.member_id = known.id
        )
        SELECT {_PRINCIPAL} FROM principal p
        WHERE p.name = ANY ($1::text[]) AND ($2::bigint IS NULL OR p.id IN (SELECT id FROM known))
        """,
        names, workspace, catalog,
    )  # fmt: skip
    return {row[2]: Principal(*row) for row in rows}


async def roles(tx: Tx, workspace: int) -> list[tuple[Principal, str]]:
    """Who has which role in the workspace, by name."""
    rows = await tx.fetch(
        f"SELECT {_PRINCIPAL}, m.role FROM workspace_member m JOIN principal p ON p.id = m.principal_id"
        " WHERE m.workspace_id = $1 ORDER BY p.name",
        workspace,
    )
    return [(Principal(*row[:4]), row[4]) for row in rows]


# ── what explanations tell ───────────────────────────────────────────────────────────────────────────────────────────


async def is_active(tx: Tx, principal_id: int) -> bool:
    return bool(await tx.fetchval("SELECT is_active FROM principal WHERE id = $1", principal_id))


async def held_by(tx: Tx, principal_id: int) -> list[Principal]:
    """The principal and all groups it is in."""
    rows = await tx.fetch(
        f"SELECT {_PRINCIPAL} FROM principal p WHERE p.id IN (SELECT principals_of($1)) ORDER BY p.id", principal_id
    )
    return [Principal(*row) for row in rows]


async def principals_by_id(tx: Tx, ids: Sequence[int]) -> list[Principal]:
    rows = await tx.fetch(f"SELECT {_PRINCIPAL} FROM principal p WHERE p.id = ANY ($1::bigint[]) ORDER BY p.name", ids)
    return [Principal(*row) for row in rows]


async def workspaces_of(tx: Tx, principals: Sequence[int]) -> list[str]:
    """The names of the workspaces in which one of these has a role."""
    rows = await tx.fetch(
        "SELECT DISTINCT w.name FROM workspace_member m JOIN workspace w ON w.id = m.workspace_id"
        " WHERE m.principal_id = ANY ($1::bigint[]) ORDER BY w.name",
        principals,
    )
    return [row[0] for row in rows]


async def memberships(tx: Tx, principals: Sequence[int]) -> list[tuple[int, int]]:
    """(group, member) of each of these in another of them."""
    rows = await tx.fetch(
        "SELECT group_id, member_id FROM group_member WHERE group_id = ANY ($1::bigint[])"
        " AND member_id = ANY ($1::bigint[]) ORDER BY group_id, member_id",
        principals,
    )
    return [(row[0], row[1]) for row in rows]


async def grants_of(
    tx: Tx, workspace: int, places: Sequence[tuple[str, str]], principals: Sequence[int]
) -> list[Grant]:
    """What these principals hold at these places."""
    rows = await tx.fetch(
        f"SELECT {_PRINCIPAL}, g.kind, g.object, g.privilege FROM access_grant g JOIN principal p"
        " ON p.id = g.principal_id JOIN unnest($2::text[], $3::text[]) AS w(kind, object)"
        " ON g.kind = w.kind AND g.object = w.object"
        " WHERE g.workspace_id = $1 AND g.principal_id = ANY ($4::bigint[]) ORDER BY p.name, g.privilege",
        workspace, [kind for kind, _ in places], [name for _, name in places], principals,
    )  # fmt: skip
    return [Grant(Principal(*row[:4]), *row[4:]) for row in rows]


async def find_workspace(tx: Tx, name: str) -> int | None:
    found: int | None = await tx.fetchval("SELECT id FROM workspace WHERE name = $1 AND id > 0", name)
    return found
