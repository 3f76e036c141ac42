"""The outline of a trace on the wire. These routes are Lakeward's own."""

from typing import Any

import msgspec

from lakeward.runtime.http import Int64
from lakeward.tracing.wire.traces import TraceInfo


class Outline(msgspec.Struct):
    """Spans as columns, the root first, then by start. `name` and `type` are places in `names` and `types`."""

    start_ns: str  # the earliest start; a number of 64 bits, which JSON readers round
    ids: list[str] = []
    parents: list[int] = []  # places in these columns; -1 where the parent is not here
    name: list[int] = []
    type: list[int] = []
    start_us: list[int] = []  # since `start_ns`
    duration_us: list[int] = []  # -1 while it is going on
    errors: list[int] = []  # places of spans that failed
    tokens: dict[str, int] = {}  # by place
    costs: dict[str, float] = {}  # by place
    names: list[str] = []
    types: list[str] = []


class OutlineResponse(msgspec.Struct):
    """`spans` is an `Outline`; those of large traces are kept as JSON and leave as they are."""

    trace_info: TraceInfo
    spans: msgspec.Raw


class OutlineById(msgspec.Struct):
    trace_id: str


class SpanById(msgspec.Struct):
    trace_id: str
    span_id: str


class SpanResponse(msgspec.Struct):
    span: dict[str, Any]


class FindSpans(msgspec.Struct):
    """The spans that hold a text; or, without one, spans in full, page by page: all, or those `under` a span."""

    trace_id: str
    text: str | None = None
    under: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class FoundSpans(msgspec.Struct, omit_defaults=True):
    span_ids: list[str]
    spans: list[msgspec.Raw] = []
    next_page_token: str | None = None
