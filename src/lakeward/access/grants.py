"""Grants of Unity Catalog's privileges: what was given on a securable, and what counts there from above."""

from collections.abc import Sequence

import msgspec

from lakeward.access import kinds, store
from lakeward.access.records import EVERYWHERE, Grant, Principal
from lakeward.access.unity import Securable
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx

MAX_PAGE = 1_000  # principals
_LEAST_PAGE = 150  # compat(databricks-sdk 0.156): a page must hold one assignment whole


class Change(msgspec.Struct, frozen=True):
    principal: str
    add: Sequence[str]
    remove: Sequence[str]


def spelled(privilege: str) -> str:
    """As it is kept: `USE CATALOG` of open-source clients is the platform's `USE_CATALOG`."""
    return privilege.strip().upper().replace(" ", "_")


def page_size(max_results: int | None) -> int:
    if max_results is None or max_results == 0:
        return MAX_PAGE
    if max_results < _LEAST_PAGE:
        raise InvalidParameter(
            f"Invalid value {max_results} for parameter 'max_results': it is 0 for a page of the server's size, or at"
            f" least {_LEAST_PAGE}."
        )
    return min(max_results, MAX_PAGE)


async def given(tx: Tx, securable: Securable, workspace: int, name: str) -> list[Grant]:
    """What was given on the securable itself, by principal."""
    [level, *_] = await _levels(tx, securable, workspace, name)
    return await store.grants_on(tx, workspace, *level, securable.privileges)


async def effective(tx: Tx, securable: Securable, workspace: int, name: str) -> list[Grant]:
    """What counts on the securable, wherever it was given, by principal."""
    levels = await _levels(tx, securable, workspace, name)
    found = [grant for level in levels for grant in await store.grants_on(tx, workspace, *level, securable.privileges)]
    return sorted(found, key=lambda grant: grant.principal.name)


async def change(tx: Tx, securable: Securable, workspace: int, name: str, changes: Sequence[Change]) -> None:
    """Give and take. Needs a transaction."""
    [level, *above] = await _levels(tx, securable, workspace, name)
    catalog = dict([level, *above]).get("catalog", "")
    known = await _principals(tx, workspace, changes, catalog)
    for each in changes:
        for privilege in (*each.add, *each.remove):
            if spelled(privilege) not in securable.privileges:
                raise InvalidParameter(
                    f"Privilege {privilege!r} is not applicable to {securable.type} {name!r}: those are"
                    f" {', '.join(securable.privileges)}."
                )
    await store.lock(tx, workspace, *level)
    for each in changes:
        who = known[each.principal].id
        if each.remove:
            await store.revoke(tx, workspace, *level, [who], [spelled(privilege) for privilege in each.remove])
        if each.add:
            await store.grant(tx, workspace, *level, [(who, spelled(privilege)) for privilege in each.add])


async def _principals(tx: Tx, workspace: int, changes: Sequence[Change], catalog: str) -> dict[str, Principal]:
    names = [each.principal for each in changes]
    known = await store.find_principals(tx, names, None if workspace == EVERYWHERE else workspace, catalog)
    for each in changes:
        if each.principal not in known:
            raise NotFound(
                f"There is no principal {each.principal!r} in this workspace.", code="PRINCIPAL_DOES_NOT_EXIST"
            )
    return known


async def _levels(tx: Tx, securable: Securable, workspace: int, name: str) -> list[tuple[str, str]]:
    """(kind, name) of the securable and of all it lies in, as grants call them."""
    parsed = securable.way.parse(name)
    found = None if parsed is None else await store.levels(tx, securable.way, workspace, parsed)
    if found is None:
        raise securable.way.unknown(name)
    return found


def source_of(grant: Grant, securable: Securable) -> tuple[str, str] | None:
    """(type, name) of what a grant is inherited from; None for one on the securable itself."""
    if grant.kind == securable.way.kind.name:
        return None
    return kinds.type_of(grant.kind), grant.object or "metastore"
