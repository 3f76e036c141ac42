"""What many traces come to: metrics by time and dimension, correlation of filters, sessions."""

from lakeward.experiments import of_experiment
from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import READ, Call, Routes, spell
from lakeward.tracing import metrics, sessions
from lakeward.tracing.search.measures import AGGREGATIONS, VIEWS, Aggregation
from lakeward.tracing.wire import metrics as wire

routes = Routes("traces", ("/api/3.0/mlflow", "/ajax-api/3.0/mlflow"))

_SEEN = READ.on(of_experiment("experiment_ids").kept())


def _named(given: str | int, names: tuple[str, ...], what: str) -> str:
    """A protobuf enum by its name or number, from 1."""
    if isinstance(given, str) and given.isdecimal() and len(given) < 3:
        given = int(given)
    name = names[given - 1] if isinstance(given, int) and 1 <= given <= len(names) else str(given)
    if name not in names:
        raise InvalidParameter(f"Invalid {what} {name!r}: it is one of {', '.join(names)}.")
    return name


def _aggregation(given: wire.MetricAggregation) -> Aggregation:
    kind = _named(given.aggregation_type, AGGREGATIONS, "aggregation_type")
    if (kind == "PERCENTILE") != (given.percentile_value is not None):
        raise InvalidParameter("A percentile_value is needed for PERCENTILE, and only for it.")
    if given.percentile_value is not None and not 0 <= given.percentile_value <= 100:
        raise InvalidParameter(f"percentile_value must be between 0 and 100, not {given.percentile_value}.")
    return Aggregation(kind, given.percentile_value)


@routes.post("/traces/metrics", allow=_SEEN, tx="read")
async def query_trace_metrics(call: Call, req: wire.QueryTraceMetrics) -> wire.QueryTraceMetricsResponse:
    if req.max_results is not None and not 1 <= req.max_results <= metrics.MAX_POINTS:
        raise InvalidParameter(f"max_results must be between 1 and {metrics.MAX_POINTS}, not {req.max_results}.")
    asked = metrics.Asked(
        _named(req.view_type, VIEWS, "view_type"),
        req.metric_name,
        [_aggregation(each) for each in req.aggregations],
        req.dimensions,
        req.filters,
        req.time_interval_seconds,
        req.start_time_ms,
        req.end_time_ms,
    )
    context = pages.context_of("trace metrics", call.workspace, sorted(req.experiment_ids), repr(asked))
    begin = pages.decode(req.page_token, context)[0] if req.page_token else 0
    points = await metrics.query(call.tx, call.workspace, req.experiment_ids, asked)
    end = int(begin or 0) + (req.max_results or metrics.MAX_POINTS)
    return wire.QueryTraceMetricsResponse(
        [wire.MetricDataPoint(req.metric_name, each.dimensions, each.values) for each in points[int(begin or 0) : end]],
        pages.encode([end], context) if len(points) > end else None,
    )


@routes.post("/traces/calculate-filter-correlation", allow=_SEEN, tx="read")
async def calculate_trace_filter_correlation(
    call: Call, req: wire.CalculateTraceFilterCorrelation
) -> wire.CalculateTraceFilterCorrelationResponse:
    found = await metrics.correlation(
        call.tx, call.workspace, req.experiment_ids, req.filter_string1, req.filter_string2, req.base_filter
    )
    return wire.CalculateTraceFilterCorrelationResponse(
        spell(found.npmi), spell(found.npmi_smoothed), found.first, found.second, found.joint, found.total
    )


@routes.post("/traces/sessions/search", allow=_SEEN, tx="read")
async def search_sessions(call: Call, req: wire.SearchSessions) -> wire.SearchSessionsResponse:
    """Conversations: traces of one session, taken together."""
    rows, token = await sessions.page(
        call.tx, call.workspace, req.experiment_ids, req.filter, req.max_results, req.page_token
    )
    found = [
        wire.Session(
            row["session_id"], str(row["experiment_id"]), row["traces"], row["first_ms"], row["last_ms"], row["errors"],
            row["tokens"], row["cost"], row["person"], row["asked"], row["answered"],
        )
        for row in rows
    ]  # fmt: skip
    return wire.SearchSessionsResponse(found, token)
