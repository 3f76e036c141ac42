"""The forms of an export: lines of JSON, or a Parquet file.

`otlp`: OTLP JSON, one `TracesData` a line, as the file exporter of the OpenTelemetry Collector writes it; attributes
and resources are as they came. `jsonl`: one trace a line, which `mlflow.entities.Trace.from_json` reads. `parquet`: one
trace a row, or some of the spans of a large one, with its spans and assessments nested in it.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol, TypeVar

import msgspec
from opentelemetry.proto.trace.v1 import trace_pb2

from lakeward.kit.errors import InvalidParameter
from lakeward.tracing import otlp_json, render
from lakeward.tracing.book import Book
from lakeward.tracing.records import Assessment, Trace
from lakeward.tracing.spool import Spool
from lakeward.tracing.wire import traces as wire

Format = Literal["otlp", "jsonl", "parquet"]
MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "otlp": "application/x-ndjson",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
SUFFIXES: Final[Mapping[Format, str]] = {"otlp": "otlp.jsonl", "jsonl": "jsonl", "parquet": "parquet"}
# A row group is written when it has so many traces, or spans of so many bytes.
_GROUP_ROWS: Final = 5_000
_GROUP_BYTES: Final = 8 << 20
_LATEST: Final = 2**63 - 1  # nanoseconds: what a Parquet timestamp can hold
_encode = msgspec.json.Encoder().encode


class Exported(msgspec.Struct, frozen=True):
    """One trace with all that is known of it but its spans."""

    trace: Trace
    info: wire.TraceInfo
    assessments: Sequence[Assessment]


S = TypeVar("S", bound=Spool)


class Writer(Protocol[S]):
    """Makes the bytes of an export, a trace after the other.

    The spans of a trace go through its `spool` to `write`; `close` gives the last bytes. No piece is empty. `quick`: a
    small trace is written at once.
    """

    @property
    def quick(self) -> bool: ...
    def spool(self, given: Exported) -> S: ...
    def write(self, given: Exported, spans: S) -> Iterator[bytes]: ...
    def close(self) -> Iterator[bytes]: ...


def form_of(given: str) -> Format:
    for form in MEDIA_TYPES:
        if given.lower() == form:
            return form
    raise InvalidParameter(f"Invalid format {given!r}: it is one of {', '.join(MEDIA_TYPES)}.")


def writer(form: Format, book: Book) -> Writer[Any]:
    """Raises InvalidParameter for Parquet where pyarrow is not installed."""
    if form == "parquet":
        return _Parquet(book)
    return _OtlpLines() if form == "otlp" else _JsonLines(book)


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _JsonLines:
    """compat(mlflow 3.17): what `Trace.to_json` writes."""

    quick = True

    def __init__(self, book: Book) -> None:
        self._book = book

    def spool(self, given: Exported) -> Spool:
        return Spool(lambda span: _encode(render.file_span(span, given.trace.trace_id, self._book)))

    def write(self, given: Exported, spans: Spool) -> Iterator[bytes]:
        info = msgspec.to_builtins(given.info)
        if given.trace.duration_ms is not None:
            info.pop("execution_duration", None)
            info["execution_duration_ms"] = given.trace.duration_ms
        yield b'{"info":' + _encode(info) + b',"data":{"spans":['
        yield from spans.pieces(spans.numbers())
        yield b"]}}\n"

    def close(self) -> Iterator[bytes]:
        return iter(())


class _OtlpLines:
    quick = True

    def spool(self, given: Exported) -> otlp_json.Scopes:  # noqa: ARG002 - spans say what they are of
        return otlp_json.Scopes()

    def write(self, given: Exported, spans: otlp_json.Scopes) -> Iterator[bytes]:  # noqa: ARG002 - as above
        yield from spans.line()
        yield b"\n"

    def close(self) -> Iterator[bytes]:
        return iter(())


# ── Parquet ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Outbox:
    """A file whose content is taken out again and again."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _Parquet:
    """Needs pyarrow, which the server itself does not."""

    quick = False

    def __init__(self, book: Book) -> None:
        try:
            self._pa: Any = importlib.import_module("pyarrow")
            parquet: Any = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise InvalidParameter(
                "Parquet needs pyarrow where the server runs: install pyarrow, or choose jsonl or otlp."
            ) from error
        self._book = book
        self._schema = schema(self._pa)
        self._outbox = _Outbox()
        self._file = parquet.ParquetWriter(self._outbox, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0

    def spool(self, given: Exported) -> Spool:  # noqa: ARG002 - a span is kept as it is
        return Spool(lambda span: bytes(span.SerializeToString()))

    def write(self, given: Exported, spans: Spool) -> Iterator[bytes]:
        """A row, or several of a trace that would fill a row group by itself, each with some of its spans."""
        if len(self._rows) >= _GROUP_ROWS or self._bytes + spans.size() > _GROUP_BYTES:
            yield from self._group()
        nested: list[dict[str, Any]] = []
        row = trace_row(given)
        for content in spans.contents(spans.numbers()):
            nested.append(span_row(trace_pb2.Span.FromString(content), given.trace.trace_id, self._book))
            self._bytes += len(content)
            if self._bytes >= _GROUP_BYTES:
                self._rows.append(row | {"spans": nested})
                nested = []
                yield from self._group()
        if nested or not len(spans):
            self._rows.append(row | {"spans": nested})

    def close(self) -> Iterator[bytes]:
        yield from self._group()
        self._file.close()
        yield self._outbox.taken()

    def _group(self) -> Iterator[bytes]:
        if self._rows:
            rows, self._rows, self._bytes = self._rows, [], 0
            self._file.write_table(self._pa.Table.from_pylist(rows, schema=self._schema))
        if written := self._outbox.taken():
            yield written


def schema(pa: Any) -> Any:
    """Of a file with a trace a row; `pa` is pyarrow."""
    text, whole = pa.string(), pa.int64()
    moment, instant = pa.timestamp("ms", tz="UTC"), pa.timestamp("ns", tz="UTC")
    event = pa.struct([("name", text), ("time", instant), ("attributes", text)])
    link = pa.struct([("trace_id", text), ("span_id", text), ("attributes", text)])
    span = [
        ("span_id", text), ("parent_span_id", text), ("name", text), ("start_time", instant), ("end_time", instant),
        ("status_code", text), ("status_message", text), ("attributes", pa.map_(text, text)),
        ("events", pa.list_(event)), ("links", pa.list_(link)),
    ]  # fmt: skip
    assessment = [
        ("assessment_id", text), ("name", text), ("kind", text), ("value", text), ("source_type", text),
        ("source_id", text), ("rationale", text), ("error", text), ("span_id", text), ("metadata", pa.map_(text, text)),
        ("valid", pa.bool_()), ("create_time", moment), ("last_update_time", moment),
    ]  # fmt: skip
    return pa.schema(
        [
            ("trace_id", text), ("experiment_id", text), ("client_request_id", text), ("state", text),
            ("request_time", moment), ("execution_duration_ms", whole), ("request_preview", text),
            ("response_preview", text), ("trace_metadata", pa.map_(text, text)), ("tags", pa.map_(text, text)),
            ("assessments", pa.list_(pa.struct(assessment))), ("spans", pa.list_(pa.struct(span))),
        ]
    )  # fmt: skip


def trace_row(given: Exported) -> dict[str, Any]:
    """Without its spans."""
    trace, info = given.trace, given.info
    return {
        "trace_id": trace.trace_id,
        "experiment_id": str(trace.experiment_id),
        "client_request_id": trace.client_request_id,
        "state": info.state,
        "request_time": _moment(trace.start_ms),
        "execution_duration_ms": trace.duration_ms,
        "request_preview": trace.request_preview,
        "response_preview": trace.response_preview,
        "trace_metadata": list(info.trace_metadata.items()),
        "tags": list(info.tags.items()),
        "assessments": [_assessment(each) for each in given.assessments],
    }


def _assessment(given: Assessment) -> dict[str, Any]:
    return {
        "assessment_id": given.assessment_id,
        "name": given.name,
        "kind": given.kind,
        "value": given.value,  # JSON
        "source_type": given.source_type,
        "source_id": given.source_id,
        "rationale": given.rationale,
        "error": None if given.error is None else _json(given.error),
        "span_id": given.span_id,
        "metadata": list(given.metadata.items()),
        "valid": given.valid,
        "create_time": _moment(given.created_at),
        "last_update_time": _moment(given.updated_at),
    }


def span_row(span: Any, trace_id: str, book: Book) -> dict[str, Any]:
    """Times are in nanoseconds."""
    made = render.file_span(span, trace_id, book)
    return {
        "span_id": span.span_id.hex(),
        "parent_span_id": span.parent_span_id.hex() or None,
        "name": span.name,
        "start_time": min(span.start_time_unix_nano, _LATEST),
        "end_time": min(span.end_time_unix_nano, _LATEST) or None,
        "status_code": made["status"]["code"].removeprefix("STATUS_CODE_"),
        "status_message": span.status.message or None,
        "attributes": list(made["attributes"].items()),  # their values are JSON
        "events": [
            {"name": each.name, "time": min(each.time_unix_nano, _LATEST), "attributes": _json(told["attributes"])}
            for each, told in zip(span.events, made["events"], strict=True)
        ],
        "links": [each | {"attributes": _json(each["attributes"])} for each in made["links"]],
    }


def _moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def _json(value: Any) -> str:
    return _encode(value).decode()
