"""Permissions of single objects: who was given which level, and who has one without it.

A principal is given one level on an object. Besides, the roles of the workspace and the group `admins` count on every
object in it: they are inherited, always shown, and cannot be taken away here. The owner has the highest level.
"""

from collections.abc import Sequence

from lakeward.access import store
from lakeward.access.records import OWN, Acl, Entry, Given, Grant, Way
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx

_ADMINS = "admins"
_FIELDS = {"USER": "user_name", "GROUP": "group_name", "SERVICE_PRINCIPAL": "service_principal_name"}


async def get(tx: Tx, way: Way, acl: Acl, workspace: int, name: str) -> list[Entry]:
    """All that counts on an object, by principal."""
    own = await check(tx, way, workspace, name)
    direct = await store.grants_on(tx, workspace, way.kind.name, own, [OWN, *acl.grades])
    place = f"/workspaces/{workspace}"
    entries = [Entry(each.principal, _level(each, acl), "") for each in _strongest(direct, acl)]
    for principal, role in await store.roles(tx, workspace):
        if role in acl.of_role:
            entries.append(Entry(principal, acl.of_role[role], place))
    admins = (await store.find_principals(tx, [_ADMINS], None))[_ADMINS]
    return [*entries, Entry(admins, acl.most, "/")]


async def change(
    tx: Tx, way: Way, acl: Acl, workspace: int, name: str, given: Sequence[Given], *, replace: bool
) -> None:
    """Give these levels, instead of all that were given on the object or beside them. Needs a transaction."""
    for each in given:
        if each.level not in acl.grades:
            raise InvalidParameter(
                f"Invalid permission_level {each.level!r}: on {acl.path} it is one of {', '.join(acl.grades)}."
            )
    own = await check(tx, way, workspace, name)
    principals = await principals_of(tx, workspace, given)
    await store.lock(tx, workspace, way.kind.name, own)
    changed = {principals[each.name]: each.level for each in given}
    await store.revoke(tx, workspace, way.kind.name, own, None if replace else list(changed), list(acl.grades))
    await store.grant(tx, workspace, way.kind.name, own, list(changed.items()))


async def check(tx: Tx, way: Way, workspace: int, name: str) -> str:
    """How grants call the object of this name; raises the way's NotFound if there is none."""
    parsed = way.parse(name)
    found = None if parsed is None else await store.levels(tx, way, workspace, parsed)
    if found is None:
        raise way.unknown(name)
    return found[0][1]


async def principals_of(tx: Tx, workspace: int | None, given: Sequence[Given]) -> dict[str, int]:
    """The ids of those that are named, by name; in a workspace only whom its people may know of."""
    where = "on this server" if workspace is None else "in this workspace"
    known = await store.find_principals(tx, [each.name for each in given], workspace)
    for each in given:
        if each.name not in known or known[each.name].kind != each.kind:
            raise NotFound(f"There is no principal with the {_FIELDS[each.kind]} {each.name!r} {where}.")
    return {name: principal.id for name, principal in known.items()}


def _level(grant: Grant, acl: Acl) -> str:
    return acl.most if grant.privilege == OWN else grant.privilege


def _strongest(grants: Sequence[Grant], acl: Acl) -> list[Grant]:
    """One of each principal: an owner may have been given a lower level too."""
    ranks = list(acl.grades)
    best: dict[int, Grant] = {}
    for each in grants:
        held = best.get(each.principal.id)
        if held is None or ranks.index(_level(each, acl)) > ranks.index(_level(held, acl)):
            best[each.principal.id] = each
    return list(best.values())
