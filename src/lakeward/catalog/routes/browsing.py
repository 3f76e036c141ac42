"""What a caller sees of assets that he may see and not use."""

from collections.abc import Sequence

from lakeward.access import READ, Way
from lakeward.catalog import keeping
from lakeward.catalog.records import Asset
from lakeward.catalog.store import kept
from lakeward.runtime.http import Call


async def browsed(call: Call, way: Way, right: str, found: Sequence[Asset]) -> set[str]:
    """The full names of those of these that the caller has not this right on."""
    if not call.confined or not call.request.include_browse:
        return set()
    names = [each.full_name for each in found]
    verdicts = await call.access.verdicts(call.actor, call.workspace, way, names, right)
    return {name for name in names if not verdicts[name]}


async def unread(call: Call, found: Sequence[Asset]) -> set[str]:
    """The full names of those tables of experiments among these that the caller may not read the experiments of."""
    if not call.confined or not found:
        return set()
    names = await kept.names_among(call.tx, [each.id for each in found])
    verdicts = await call.access.verdicts(call.actor, call.workspace, keeping.BY_TABLE, names, READ)
    return {name for name in names if not verdicts[name]}
