"""What the API of retention takes and answers; ours, no client knows it."""

import msgspec

from lakeward.runtime.http import Int64


class GetRetention(msgspec.Struct):
    experiment_id: str


class Retention(msgspec.Struct):
    """`retention_ms` None: spans stay. `source`: tag, server or none. Days are those on which traces began, in UTC."""

    experiment_id: str
    retention_ms: int | None
    source: str
    moved_traces: int
    first_day: str | None
    last_day: str | None
    traces_table: str | None
    spans_table: str | None


class BringBack(msgspec.Struct):
    """Traces by id, or those that began between two times (epoch milliseconds), for some days at least."""

    experiment_id: str
    trace_ids: list[str] = []
    since_ms: Int64 | None = None
    before_ms: Int64 | None = None
    days: Int64 = 30


class BroughtBack(msgspec.Struct):
    traces: int
