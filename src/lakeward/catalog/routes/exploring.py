"""Our own: what people who look around in catalogs ask beside the platform's calls."""

from collections.abc import Iterator
from typing import Final

from lakeward.access import Kind, Listed, Sight
from lakeward.catalog import assets, keeping, sampling
from lakeward.catalog.kinds import BROWSE, FUNCTIONS, TABLES, VOLUMES, of_table
from lakeward.catalog.records import FUNCTION, TABLE, VOLUME, NamedEntry
from lakeward.catalog.securable import CATALOG, SCHEMA
from lakeward.catalog.store import names as store
from lakeward.catalog.wire import exploring as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import READ, Call, Routes

routes = Routes("catalog explorer", ("/api/2.0/lakeward/catalog",))

_KINDS: Final = {VOLUME: VOLUMES, TABLE: TABLES, FUNCTION: FUNCTIONS}
_SAMPLED: Final = READ.on(of_table("full_name").needs("SELECT"), keeping.of_kept_table("full_name"))
_MAX_FOUND: Final = 20  # of each kind
_MAX_WORDS: Final = 255


@routes.get("/tables/{full_name}/sample", allow=_SAMPLED, tx=None)
async def sample_table(call: Call, req: wire.SampleOf) -> sampling.Sample:
    async with call.db.connection() as connection:
        found = await assets.get(connection, call.workspace, TABLE, req.full_name)
    settings = call.settings
    return await sampling.of_table(call.objects, str(settings.objects_location), settings.objects, found, req.max_rows)


@routes.get("/search", allow=READ.on(Listed(SCHEMA, BROWSE)))
async def search_catalog(call: Call, req: wire.SearchNames) -> wire.SearchNamesResponse:
    """What is seen in the workspace and has these letters in its name: catalogs, schemas, and what is in them."""
    words = req.words.strip()
    if not words or len(words) > _MAX_WORDS:
        raise InvalidParameter(f"Invalid value for parameter 'words': 1 to {_MAX_WORDS} characters.")
    bound = await call.access.bindings(call.workspace)
    abroad: dict[int, list[str]] = {}
    for name, seen in bound.items():
        if seen.home not in (None, call.workspace):
            abroad.setdefault(seen.home, []).append(name)

    def places(kind: Kind) -> Iterator[store.Place]:
        """At home first. Elsewhere, whoever is no administrator sees what he was given."""
        narrowed = call.confined or call.hidden
        own = Sight(kind, BROWSE if call.confined else None, call.actor, call.workspace, call.hidden)
        yield store.Place(call.workspace, own if narrowed else None)
        for home, names in abroad.items():
            there = None if call.actor.is_admin else Sight(kind, BROWSE, call.actor, home)
            yield store.Place(home, there, names)

    _ = call.sight  # what it would narrow is narrowed place by place
    found: list[NamedEntry] = []
    for place in places(CATALOG):
        found += await store.catalogs(call.tx, place, words, _MAX_FOUND)
    for place in places(SCHEMA):
        found += await store.schemas(call.tx, place, words, _MAX_FOUND)
    for name, kind in _KINDS.items():
        for place in places(kind):
            found += await store.assets(call.tx, place, name, words, _MAX_FOUND)
    return wire.SearchNamesResponse([wire.FoundName.of(each) for each in found])
