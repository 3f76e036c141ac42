"""Tags of models, prompts and their versions are governed as those of all other things in the catalog."""

from collections.abc import Iterable

from lakeward import catalog
from lakeward.runtime.http import Call


async def governed(call: Call, tags: Iterable[tuple[str, str | None]]) -> None:
    """Raise unless the caller may put these tags, or take away those with None."""
    words, at_home = dict(tags), not call.foreign
    if not words or (await catalog.governed_keys(call.db, call.workspace)).isdisjoint(words):
        return
    await catalog.enter_governed(call.tx, call.access, call.actor, call.workspace, words, at_home=at_home)
