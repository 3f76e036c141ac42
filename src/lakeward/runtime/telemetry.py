"""What operators see: structured logs with request ids, and Prometheus metrics summed over all processes."""

import asyncio
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

from lakeward.kit.credentials import redacted

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_TELL_SECONDS = 1.0
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}

log = logging.getLogger("lakeward")

_meeting: list[Path] = []  # where the processes of this server tell each other their metrics


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, event, and whatever `extra` the caller gave; never a credential of ours."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "pid": record.process,
        }
        entry.update((key, value) for key, value in record.__dict__.items() if key not in _STANDARD)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return redacted(json.dumps(entry, default=str, ensure_ascii=False))


class TextFormatter(logging.Formatter):
    """For a person at a terminal: `12:03:04 warning event key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        extra = " ".join(f"{key}={value}" for key, value in record.__dict__.items() if key not in _STANDARD)
        line = f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {record.levelname.lower():7} "
        line += record.getMessage() + (f"  {extra}" if extra else "")
        return redacted(line + ("\n" + self.formatException(record.exc_info) if record.exc_info else ""))


def configure_logging(level: str, style: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(level.upper())


@contextmanager
def shared_metrics(fallback: Path) -> Iterator[None]:
    """Give the metrics of all processes a place to meet. Enter before forking.

    They are written there every second: in memory where the system offers that, else under `fallback`.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a private directory is made in it
    parent = memory if os.access(memory, os.W_OK) else fallback
    parent.mkdir(parents=True, exist_ok=True)
    _meeting.append(Path(tempfile.mkdtemp(prefix="lakeward-metrics-", dir=parent)))
    try:
        yield
    finally:
        shutil.rmtree(_meeting.pop(), ignore_errors=True)


class _Tally(msgspec.Struct):
    """The answers to one method on one path."""

    buckets: list[int]  # how many took at most as long as each bound, and no less than the one before; then the rest
    seconds: float = 0.0
    statuses: dict[int, int] = {}

    def add(self, other: "_Tally") -> None:
        self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]
        self.seconds += other.seconds
        for status, count in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count


class Telemetry:
    """Counts the answers of this process; `exposition` sums those of all processes.

    A process tells the others once a second what it counted: a value in shared memory that every answer writes to
    (prometheus_client's own way) costs 20 µs an answer, this 2. A process that was killed takes a second of it along.
    """

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], _Tally] = {}
        self._file = _meeting[-1] / f"{os.getpid()}-{time.time_ns()}" if _meeting else None
        self._telling: asyncio.TimerHandle | None = None

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        tally = self._tallies.get((method, path))
        if tally is None:
            tally = self._tallies[method, path] = _Tally([0] * (len(_BUCKETS) + 1))
        tally.buckets[bisect_left(_BUCKETS, seconds)] += 1
        tally.seconds += seconds
        tally.statuses[status] = tally.statuses.get(status, 0) + 1
        if self._telling is None and self._file is not None:
            self._telling = asyncio.get_running_loop().call_later(_TELL_SECONDS, self.tell)

    def tell(self) -> None:
        """Write down what was counted so far."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        if self._file is None:
            return
        begun = self._file.with_suffix(".new")
        try:
            begun.write_bytes(msgspec.json.encode([(*key, tally) for key, tally in self._tallies.items()]))
            begun.rename(self._file)
        except OSError as error:  # the disk is full: the next one has it all
            log.warning("metrics cannot be written: %s", error.strerror)

    def exposition(self) -> bytes:
        """The metrics of all processes in the text format of Prometheus."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - a start needs it not

        self.tell()
        registry = CollectorRegistry()
        registry.register(_Families(self._sums()))
        return generate_latest(registry)

    def _sums(self) -> dict[tuple[str, str], _Tally]:
        if self._file is None:
            return self._tallies
        sums: dict[tuple[str, str], _Tally] = {}
        for path in self._file.parent.iterdir():
            if path.suffix:
                continue
            for method, route, tally in _told.decode(path.read_bytes()):
                if (method, route) in sums:
                    sums[method, route].add(tally)
                else:
                    sums[method, route] = tally
        return sums


class _Families:
    """A collector of prometheus_client."""

    def __init__(self, sums: dict[tuple[str, str], _Tally]) -> None:
        self._sums = sums

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily  # noqa: PLC0415

        seconds = HistogramMetricFamily(
            "lakeward_request_seconds", "Time from the request's first byte to its answer.", labels=["method", "path"]
        )
        answers = CounterMetricFamily(
            "lakeward_requests", "Requests answered, by status code.", labels=["method", "path", "status"]
        )
        for (method, path), tally in sorted(self._sums.items()):
            counts = accumulate(tally.buckets)
            bounds = [*(str(bound) for bound in _BUCKETS), "+Inf"]
            seconds.add_metric([method, path], list(zip(bounds, counts, strict=True)), tally.seconds)
            for status, count in sorted(tally.statuses.items()):
                answers.add_metric([method, path, str(status)], count)
        yield seconds
        yield answers


_told = msgspec.json.Decoder(list[tuple[str, str, _Tally]])
