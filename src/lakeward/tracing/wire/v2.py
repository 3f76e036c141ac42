"""Traces as clients of version 2 know them, named as upstream."""

from collections.abc import Mapping, Sequence
from typing import Self

import msgspec

from lakeward.runtime.http import Int64
from lakeward.tracing.records import STATES, Trace
from lakeward.tracing.wire.traces import metadata_of, tags_of


class Entry(msgspec.Struct):
    key: str
    value: str = ""


def words(entries: Sequence[Entry]) -> dict[str, str]:
    return {each.key: each.value for each in entries}


def entries(given: Mapping[str, str]) -> list[Entry]:
    return [Entry(key, value) for key, value in given.items()]


class TraceInfoV2(msgspec.Struct):
    request_id: str
    experiment_id: str
    timestamp_ms: int
    execution_time_ms: int
    status: str
    request_metadata: list[Entry]
    tags: list[Entry]

    @classmethod
    def of(cls, record: Trace, *, databricks: bool, here: bool) -> Self:
        state = "TRACE_STATUS_UNSPECIFIED" if record.state == STATES[0] else record.state
        return cls(
            record.trace_id,
            str(record.experiment_id),
            record.start_ms,
            record.duration_ms or 0,
            state,
            entries(metadata_of(record)),
            entries(tags_of(record, databricks=databricks, here=here)),
        )


class GivenTraceInfoV2(msgspec.Struct):
    """What a server of version 2 tells of a trace."""

    request_id: str
    timestamp_ms: Int64 = 0
    execution_time_ms: Int64 | None = None
    status: str | int = 0
    request_metadata: list[Entry] = []
    tags: list[Entry] = []


class StartTraceV2(msgspec.Struct):
    experiment_id: str
    timestamp_ms: Int64
    request_metadata: list[Entry] = []
    tags: list[Entry] = []


class EndTraceV2(msgspec.Struct):
    request_id: str
    timestamp_ms: Int64
    status: str | int = 0
    request_metadata: list[Entry] = []
    tags: list[Entry] = []


class TraceInfoV2Response(msgspec.Struct):
    trace_info: TraceInfoV2


class TraceByRequest(msgspec.Struct):
    request_id: str


class SearchTracesV2(msgspec.Struct):
    experiment_ids: list[str] = []
    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class SearchTracesV2Response(msgspec.Struct, omit_defaults=True):
    traces: list[TraceInfoV2]
    next_page_token: str | None = None
