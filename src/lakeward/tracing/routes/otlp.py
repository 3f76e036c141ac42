"""OTLP over HTTP: where any OpenTelemetry exporter sends its spans."""

from typing import Final

from lakeward.experiments import of_experiment, of_run
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import EDIT, Call, Reply, Routes, read_body
from lakeward.tracing import arrivals, ingest, load, locations, otlp, prices
from lakeward.tracing.book import Book
from lakeward.tracing.load import Held
from lakeward.tracing.places import Location, path_of_spans
from lakeward.tracing.records import Arrival
from lakeward.tracing.securable import of_table

routes = Routes("traces")
platform = Routes("traces", ("/api/2.0/otel",))

MAX_BODY: Final = 64 << 20  # as sent, and decompressed
_EXPERIMENT: Final = "x-mlflow-experiment-id"
_RUN: Final = "x-mlflow-run-id"
_TABLE: Final = "x-databricks-uc-table-name"
_LINKED: Final = of_run(header=_RUN).if_said().if_there()
_HERE: Final = EDIT.on(of_experiment(header=_EXPERIMENT), _LINKED)
_GIVEN: Final = EDIT.on(of_table(header=_TABLE).if_said(), of_experiment(header=_EXPERIMENT).if_said(), _LINKED)


@routes.post("/v1/traces", allow=_HERE, tx=None, raw_body=True, max_body=MAX_BODY)
async def export_traces(call: Call) -> Reply:
    """Spans as any OpenTelemetry exporter sends them, durable when this answers."""
    return await _export(call, None)


@platform.post("/v1/traces", allow=_GIVEN, tx=None, raw_body=True, max_body=MAX_BODY)
async def export_platform_traces(call: Call) -> Reply:
    """The same, to an experiment or to the table of spans of a Unity Catalog location."""
    table = call.header(_TABLE)
    if not table:
        return await _export(call, None)
    async with call.db.connection() as tx:
        location = await locations.get(tx, call.workspace, path_of_spans(table))
    return await _export(call, location)


async def _export(call: Call, location: Location | None) -> Reply:
    media_type = (call.header("content-type") or "").partition(";")[0].strip().lower()
    if media_type not in otlp.EMPTY_ANSWER:
        raise InvalidParameter(
            f"The Content-Type {media_type!r} is not supported; send {' or '.join(otlp.EMPTY_ANSWER)}."
        )
    experiment_id = call.header(_EXPERIMENT) if location is None else locations.home_of(location)
    if not experiment_id:
        raise InvalidParameter(f"The header {_EXPERIMENT} must name the experiment that the traces belong to.")
    with Held() as held:
        arrived, book = await _arrived(call, media_type, held)
        await _take(call, experiment_id, arrived, book, location)
    return Reply(200, {"content-type": media_type}, otlp.EMPTY_ANSWER[media_type])


async def _arrived(call: Call, media_type: str, held: Held) -> tuple[list[Arrival], Book]:
    """What came. The body itself is gone when this returns."""
    body = await read_body(call, MAX_BODY, held.take)
    book = await prices.recent(call.db)
    return await load.read(len(body), lambda: arrivals.of(otlp.decode(body, media_type), book)), book


async def _take(call: Call, experiment_id: str, arrived: list[Arrival], book: Book, location: Location | None) -> None:
    run_id, confined = call.header(_RUN), call.confined
    place = None if location is None else location.id
    await call.db.run(
        lambda tx: ingest.take(
            tx, call.workspace, experiment_id, arrived, book, run_id=run_id, location=place, confined=confined
        ),
        transaction=True,
    )
