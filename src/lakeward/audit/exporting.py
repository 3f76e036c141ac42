"""The audit log as files, with the columns of the platform's table `system.access.audit`.

Nested values are objects in JSON lines, text of JSON in CSV, and structs in Parquet.
"""

import csv
import importlib
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol

from lakeward.audit.records import Stored
from lakeward.kit.errors import InvalidParameter

COLUMNS: Final = (
    "version", "event_time", "event_date", "workspace_id", "source_ip_address", "user_agent", "session_id",
    "user_identity", "service_name", "action_name", "request_id", "request_params", "response", "audit_level",
    "account_id", "event_id", "identity_metadata",
)  # fmt: skip
FORMATS: Final = ("jsonl", "csv", "parquet")


class Writer(Protocol):
    def write(self, events: Sequence[Stored]) -> None: ...
    def close(self) -> None: ...


def row(stored: Stored) -> dict[str, Any]:
    """One event as that table has it. Params are text; the number of gathered calls is one of them."""
    event = stored.event
    moment = datetime.fromtimestamp(event.time / 1000, UTC)
    params = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in event.request_params.items()
    }
    if event.count != 1:
        params["count"] = str(event.count)
    everywhere = event.workspace_id == 0
    return {
        "version": event.version,
        "event_time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event_date": moment.date().isoformat(),
        "workspace_id": event.workspace_id,
        "source_ip_address": event.source_ip_address,
        "user_agent": event.user_agent,
        "session_id": None,
        "user_identity": {"email": event.principal, "subject_name": event.principal},
        "service_name": event.service_name,
        "action_name": event.action_name,
        "request_id": event.request_id,
        "request_params": params,
        "response": {"status_code": event.status_code, "error_message": event.error_code, "result": None},
        "audit_level": "ACCOUNT_LEVEL" if everywhere else "WORKSPACE_LEVEL",
        "account_id": "lakeward",
        "event_id": event.event_id,
        "identity_metadata": {"run_by": event.principal, "run_as": event.principal},
    }


class JsonLines:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, events: Sequence[Stored]) -> None:
        for each in events:
            self._file.write(json.dumps(row(each), ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        self._file.flush()


class Csv:
    def __init__(self, file: IO[bytes]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        self._writer = csv.writer(self._text)
        self._writer.writerow(COLUMNS)

    def write(self, events: Sequence[Stored]) -> None:
        for each in events:
            self._writer.writerow([_cell(value) for value in row(each).values()])

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


def _cell(value: Any) -> Any:
    """A spreadsheet takes text that begins with one of these for a formula, and callers choose names."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


class Parquet:
    """Needs pyarrow, which the server itself does not."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            pa: Any = importlib.import_module("pyarrow")
            pq: Any = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise InvalidParameter("Parquet needs pyarrow: install pyarrow, or choose jsonl or csv.") from error
        text = pa.string()
        special = {
            "event_time": pa.timestamp("ms", tz="UTC"),
            "event_date": pa.date32(),
            "workspace_id": pa.int64(),
            "user_identity": pa.struct([("email", text), ("subject_name", text)]),
            "request_params": pa.map_(text, text),
            "response": pa.struct([("status_code", pa.int32()), ("error_message", text), ("result", text)]),
            "identity_metadata": pa.struct([("run_by", text), ("run_as", text)]),
        }
        self._pa = pa
        self._schema = pa.schema([(name, special.get(name, text)) for name in COLUMNS])
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, events: Sequence[Stored]) -> None:
        rows = []
        for each in events:
            made = row(each)
            moment = datetime.fromtimestamp(each.event.time / 1000, UTC)
            made |= {"event_time": moment, "event_date": moment.date()}
            made["request_params"] = list(made["request_params"].items())
            rows.append(made)
        self._writer.write_table(self._pa.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


_WRITERS: Final[dict[str, Callable[[IO[bytes]], Writer]]] = {"jsonl": JsonLines, "csv": Csv, "parquet": Parquet}


def writer(kind: str, file: IO[bytes]) -> Writer:
    return _WRITERS[kind](file)


def kind_of(path: Path | None, kind: str | None) -> str:
    """The format that was asked for, else the one the file's name says, else JSON lines."""
    ending = path.suffix.removeprefix(".") if path else ""
    return kind or (ending if ending in FORMATS else "jsonl")
