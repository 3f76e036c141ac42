"""The trace-metrics API and sessions on the wire, named as upstream."""

import msgspec

from lakeward.runtime.http import Float, Int64


class MetricAggregation(msgspec.Struct):
    aggregation_type: str | int
    percentile_value: float | None = None


class QueryTraceMetrics(msgspec.Struct):
    view_type: str | int
    metric_name: str
    experiment_ids: list[str] = []
    aggregations: list[MetricAggregation] = []
    dimensions: list[str] = []
    filters: list[str] = []
    time_interval_seconds: Int64 | None = None
    start_time_ms: Int64 | None = None
    end_time_ms: Int64 | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class MetricDataPoint(msgspec.Struct):
    metric_name: str
    dimensions: dict[str, str]
    values: dict[str, float]


class QueryTraceMetricsResponse(msgspec.Struct, omit_defaults=True):
    data_points: list[MetricDataPoint]
    next_page_token: str | None = None


class CalculateTraceFilterCorrelation(msgspec.Struct):
    filter_string1: str
    filter_string2: str
    experiment_ids: list[str] = []
    base_filter: str | None = None


class CalculateTraceFilterCorrelationResponse(msgspec.Struct):
    npmi: Float
    npmi_smoothed: Float
    filter1_count: int
    filter2_count: int
    joint_count: int
    total_count: int


class SearchSessions(msgspec.Struct):
    experiment_ids: list[str] = []
    filter: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class Session(msgspec.Struct, omit_defaults=True):
    session_id: str
    experiment_id: str
    trace_count: int
    first_time_ms: int
    last_time_ms: int
    error_count: int
    total_tokens: int | None = None
    total_cost: float | None = None
    user: str | None = None
    first_request_preview: str | None = None
    last_response_preview: str | None = None


class SearchSessionsResponse(msgspec.Struct, omit_defaults=True):
    sessions: list[Session]
    next_page_token: str | None = None
