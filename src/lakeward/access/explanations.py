"""Why somebody may do something with an object, or why not: the same formulas, told instead of decided.

The verdict is the engine's own; the reasons are read from the grants that count on the object. So the two are computed
apart from each other, and a test holds them together.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from lakeward.access import kinds, store
from lakeward.access.gate import Gate
from lakeward.access.records import EVERYWHERE, MANAGE, OWN, Binding, Grant, Held, Kind, Level, Principal, Way
from lakeward.access.unity import READING
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Role

_ADMINS: Final = "admins"
_USERS: Final = 2  # everybody is in it, without rows
_ROLES: Final = dict.fromkeys(READING, Role.READ) | {MANAGE: Role.MANAGE}
_OF_SYSTEM: Final = "It is the server's own: this lets give rights on it, and change nothing."


class Explanation(msgspec.Struct, frozen=True):
    """`because` are the reasons for the answer; for a no also what would be enough, each way on a line."""

    allowed: bool
    principal: str
    right: str
    object: str
    because: list[str]


class Asked(msgspec.Struct, frozen=True):
    """Who, which right or privilege, on what: `object` is a type and a name, as in `experiments/12`."""

    principal: str
    privilege: str
    object: str


def parse(asked: Asked) -> tuple[Way, str, str]:
    """(way, name, right). Raises InvalidParameter for words that mean nothing."""
    kind, _, name = asked.object.partition("/")
    ways = kinds.every_way()
    way = ways.get(kind.lower())
    if way is None or not name:
        raise InvalidParameter(
            f"Invalid object {asked.object!r}: it is a type and a name, such as experiments/12; types are"
            f" {', '.join(sorted(ways))}."
        )
    word = asked.privilege.strip().upper().replace(" ", "_")
    right = way.kind.words.get(word, word)
    if right not in way.kind.rights:
        known = sorted({*way.kind.rights, *way.kind.words})
        raise InvalidParameter(f"{asked.privilege!r} is nothing one can have on {way.kind}: {', '.join(known)} are.")
    return way, name, right


async def explain(
    tx: Tx, workspace: int, asked: Asked, *, seen: Binding | None = None, anybody: bool = True
) -> Explanation:
    """`seen` is how the workspace sees the catalog the object lies in. Unless it may be about `anybody`, the principal
    must be known in the workspace; and what is at home elsewhere exists for him only if he was given something there.
    """
    home = workspace if seen is None or seen.home is None else seen.home
    foreign = home != workspace
    way, name, right = parse(asked)
    principal = (await store.find_principals(tx, [asked.principal], None if anybody else workspace)).get(
        asked.principal
    )
    if principal is None:
        raise NotFound(f"There is no principal {asked.principal!r}.")
    parsed = way.parse(name)
    levels = None if parsed is None else await store.levels(tx, way, home, parsed)
    if levels is None or parsed is None:
        raise way.unknown(name)
    held = {each.id: each for each in await store.held_by(tx, principal.id)}
    paths = _paths(principal, held, await store.memberships(tx, list(held)))
    barrier = _barrier(seen, right, dict(levels).get("catalog", ""))
    note = [_OF_SYSTEM] if home == EVERYWHERE and right == MANAGE else []

    def told(*, allowed: bool, because: list[str]) -> Explanation:
        reasons = [*because, *note] if allowed else because
        return Explanation(allowed, principal.name, right, f"{way.kind} {name}", reasons)

    if not await store.is_active(tx, principal.id):
        return told(allowed=False, because=[f"{principal.name} is deactivated."])
    by_name = {each.name: each for each in held.values()}
    if _ADMINS in by_name:
        reason = f"{principal.name} is an administrator{paths[by_name[_ADMINS].id]}."
        return told(allowed=not barrier, because=barrier or [reason])
    roles = [(each, Role[role]) for each, role in await store.roles(tx, workspace) if each.id in held]
    if not roles:
        others = await store.workspaces_of(tx, list(held)) if anybody and way.catalogued else []
        return told(allowed=False, because=_outside(principal, others))
    wanted = _ROLES.get(right, Role.EDIT)
    because = [
        f"{principal.name} has the role {role.name} in the workspace{paths[each.id]}: {wanted.name} is enough for"
        f" {right} on everything in it."
        for each, role in roles
        if role >= wanted and not foreign
    ]
    names = dict(levels) | {way.kind.name: name}  # people know it by the name they asked for, not by its id
    grants = await store.grants_of(tx, home, levels, list(held))
    [by_grants] = await store.decide(tx, way, right, home, list(held), [parsed])
    allowed = bool(because or by_grants)
    if foreign and not grants and not anybody:
        raise way.unknown(name)
    if barrier:
        return told(allowed=False, because=barrier)
    because += _alternatives(way.kind, right, grants, names, paths)
    if not allowed:
        strongest = max(role for _, role in roles)
        because = [
            f"{principal.name} has only the role {strongest.name} in the workspace; {wanted.name} would be enough."
            if not foreign
            else "It is at home elsewhere: roles in this workspace do not count for it.",
            *(_missing(way.kind, each, grants, names) for each in way.kind.rights[right]),
        ]
    return told(allowed=allowed, because=because)


async def explain_in(tx: Tx, gate: Gate, workspace: str, asked: Asked) -> Explanation:
    """The same in a workspace by its name."""
    found = await store.find_workspace(tx, workspace)
    if found is None:
        raise NotFound(f"No workspace named {workspace!r}.")
    way, name, _ = parse(asked)
    return await explain(tx, found, asked, seen=await gate.seen(found, way, name))


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _barrier(seen: Binding | None, right: str, catalog: str) -> list[str]:
    """What keeps everybody from this right in a workspace that sees the catalog so; the gate asks it first, too."""
    if seen is None or right in READING:
        return []
    if seen.home == EVERYWHERE:
        own = f"The catalog {catalog!r} is the server's own: nobody changes what is in it."
        return [] if right == MANAGE else [own]
    return [] if seen.writable else [f"The catalog {catalog!r} is bound to this workspace for reading only."]


def _outside(principal: Principal, others: Sequence[str]) -> list[str]:
    reasons = [f"{principal.name} is not in this workspace: calls in it are refused, whatever was granted."]
    if others:
        reasons.append(f"Where else its catalog is seen, what was granted counts: ask about {', '.join(others)}.")
    return reasons


def _paths(
    principal: Principal, held: Mapping[int, Principal], memberships: Sequence[tuple[int, int]]
) -> dict[int, str]:
    """How the principal comes to what each of its groups has: ' through team, which is in lab'."""
    chains: dict[int, list[str]] = {principal.id: []}
    edges = [*memberships, (_USERS, principal.id)] if _USERS in held else list(memberships)
    waiting = [principal.id]
    for member in waiting:  # grows while it is read: the nearest first
        for group, one in edges:
            if one == member and group not in chains:
                chains[group] = [*chains[member], held[group].name]
                waiting.append(group)
    return {each: f" through {', which is in '.join(chain)}" if chain else "" for each, chain in chains.items()}


def _satisfying(held: Held, grants: Sequence[Grant]) -> Grant | None:
    return next((each for each in grants if each.privilege in held.get(each.kind, ())), None)


def _alternatives(
    kind: Kind, right: str, grants: Sequence[Grant], names: Mapping[str, str], paths: Mapping[int, str]
) -> list[str]:
    """Each alternative that holds, by the grants that make it."""
    found = []
    for alternative in kind.rights[right]:
        grounds = [_satisfying(part, grants) for part in alternative]
        if all(grounds):
            parts = [_granted(each, names, paths) for each in grounds if each is not None]
            found.append(f"{'; '.join(dict.fromkeys(parts))}.")
    return found


def _granted(grant: Grant, names: Mapping[str, str], paths: Mapping[int, str]) -> str:
    what = _place(grant.kind, names)
    verb = f"owns {what}" if grant.privilege == OWN else f"has {grant.privilege} on {what}"
    return f"{verb}{paths[grant.principal.id]}"


def _missing(kind: Kind, alternative: Sequence[Held], grants: Sequence[Grant], names: Mapping[str, str]) -> str:
    """What an alternative lacks, in the least words that would do."""
    lacking = []
    for part in alternative:
        if _satisfying(part, grants) is None:
            least = {
                level.kind: next(word for word in part[level.kind] if word != OWN) for level in _levels(kind, part)
            }
            lacking.append(" or ".join(f"{word} on {_place(at, names)}" for at, word in least.items()))
    return f"It would take {', and '.join(lacking)}."


def _levels(kind: Kind, part: Held) -> list[Level]:
    return [level for level in kind.levels if level.kind in part]


def _place(kind: str, names: Mapping[str, str]) -> str:
    name = names.get(kind, "")
    return f"{kind.replace('_', ' ')} {name}".strip()
