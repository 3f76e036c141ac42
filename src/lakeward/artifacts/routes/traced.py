"""The file of a trace's spans: kept as it came, and read into the trace; made from the trace where none came."""

from typing import Final

from lakeward import tracing
from lakeward.artifacts.records import Place
from lakeward.artifacts.roots import TRACES
from lakeward.kit.errors import NotFound
from lakeward.runtime.http import Call, Reply, read_body

_FILE: Final = "traces.json"
_DEPTH: Final = len(TRACES.files)
_TRACE: Final = TRACES.files.index("{trace}")
_EXPERIMENT: Final = TRACES.files.index("{experiment}")
_KIND: Final = TRACES.files.index("Traces")


def holds_spans(place: Place) -> bool:
    return place.rest == (_FILE,) and len(place.root_path) == _DEPTH and place.root_path[_KIND] == "Traces"


async def take(call: Call, place: Place) -> str:
    """Keep an uploaded file and its spans. Returns its etag."""
    with tracing.Held() as held:
        content = bytes(await read_body(call, tracing.MAX_FILE, held.take))  # as the object store takes it
        experiment_id, trace_id = int(place.root_path[_EXPERIMENT]), place.root_path[_TRACE]
        await tracing.take_file(call.db, place.workspace, experiment_id, trace_id, content)
        info = await call.objects.put(place.key, content, size=len(content))
    etag: str = info.etag
    return etag


async def rendered(call: Call, place: Place) -> Reply:
    """The file of a trace whose spans came another way. Raises NotFound if none came."""
    trace_id = place.root_path[_TRACE]
    async with call.db.connection() as connection:
        home = await tracing.find_home(connection, place.workspace, trace_id)
    made = await tracing.make_file(call.db, home, trace_id)
    if made is None:
        raise NotFound("There is no such file.")
    headers = {"content-type": "application/json", "content-length": str(made.size)}
    if call.method == "HEAD":
        made.close()
        return Reply(200, headers)
    return Reply(200, headers, made.pieces)
