"""The export of traces on the wire. An API of our own: upstream has none."""

import msgspec

from lakeward.runtime.http import Int64


class ExportTraces(msgspec.Struct):
    """`format`: otlp, jsonl or parquet. Either `filter` or `trace_ids` may be given; without them all are meant."""

    experiment_ids: list[str]
    format: str = "jsonl"
    filter: str | None = None
    trace_ids: list[str] = []
    max_traces: Int64 | None = None
