"""What a caller sees of assets that he may see and not use."""

from collections.abc import Sequence

from lakeward.access import Way
from lakeward.catalog.records import Asset
from lakeward.runtime.http import Call


async def browsed(call: Call, way: Way, right: str, found: Sequence[Asset]) -> set[str]:
    """The full names of those of these that the caller has not this right on."""
    if not call.confined or not call.request.include_browse:
        return set()
    names = [each.full_name for each in found]
    verdicts = await call.access.verdicts(call.actor, call.workspace, way, names, right)
    return {name for name in names if not verdicts[name]}
