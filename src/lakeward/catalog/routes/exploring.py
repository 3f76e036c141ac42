"""Our own: what people who look around in catalogs ask beside the platform's calls."""

from typing import Final

from lakeward.access import Kind, Listed, Sight
from lakeward.catalog import assets, sampling
from lakeward.catalog.kinds import BROWSE, FUNCTIONS, TABLES, VOLUMES, of_table
from lakeward.catalog.records import FUNCTION, TABLE, VOLUME
from lakeward.catalog.securable import CATALOG, SCHEMA
from lakeward.catalog.store import names as store
from lakeward.catalog.wire import exploring as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import READ, Call, Routes

routes = Routes("catalog explorer", ("/api/2.0/lakeward/catalog",))

_KINDS: Final = {VOLUME: VOLUMES, TABLE: TABLES, FUNCTION: FUNCTIONS}
_MAX_FOUND: Final = 20  # of each kind
_MAX_WORDS: Final = 255


@routes.get("/tables/{full_name}/sample", allow=READ.on(of_table("full_name").needs("SELECT")), tx=None)
async def sample_table(call: Call, req: wire.SampleOf) -> sampling.Sample:
    async with call.db.connection() as connection:
        found = await assets.get(connection, call.workspace, TABLE, req.full_name)
    settings = call.settings
    return await sampling.of_table(call.objects, str(settings.objects_location), settings.objects, found, req.max_rows)


@routes.get("/search", allow=READ.on(Listed(SCHEMA, BROWSE)))
async def search_catalog(call: Call, req: wire.SearchNames) -> wire.SearchNamesResponse:
    """What is at home in the workspace and has these letters in its name: catalogs, schemas, and what is in them."""
    words = req.words.strip()
    if not words or len(words) > _MAX_WORDS:
        raise InvalidParameter(f"Invalid value for parameter 'words': 1 to {_MAX_WORDS} characters.")

    def sight(kind: Kind) -> Sight | None:
        if not call.confined and not call.hidden:
            return None
        return Sight(kind, BROWSE if call.confined else None, call.actor, call.workspace, call.hidden)

    found = await store.catalogs(call.tx, call.workspace, words, sight(CATALOG), _MAX_FOUND)
    found += await store.schemas(call.tx, call.workspace, words, call.sight, _MAX_FOUND)
    for name, kind in _KINDS.items():
        found += await store.assets(call.tx, call.workspace, name, words, sight(kind), _MAX_FOUND)
    return wire.SearchNamesResponse([wire.FoundName.of(each) for each in found])
