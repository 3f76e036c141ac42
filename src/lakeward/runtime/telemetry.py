"""What operators see: structured logs with request ids, and Prometheus metrics summed over all processes."""

import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MULTIPROCESS_DIR = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}

log = logging.getLogger("lakeward")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, event, and whatever `extra` the caller gave."""

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
        return json.dumps(entry, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """For a person at a terminal: `12:03:04 warning event key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        extra = " ".join(f"{key}={value}" for key, value in record.__dict__.items() if key not in _STANDARD)
        line = f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {record.levelname.lower():7} "
        line += record.getMessage() + (f"  {extra}" if extra else "")
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


def configure_logging(level: str, style: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(level.upper())


@contextmanager
def shared_metrics(fallback: Path) -> Iterator[None]:
    """Give the metrics of all processes a place to meet. Enter before the first `Telemetry` and before forking.

    The files are mapped into every process, and writing to a mapped file on a full disk is fatal (SIGBUS): they lie in
    memory where the system offers that, else under `fallback`.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a private directory is made in it
    parent = memory if os.access(memory, os.W_OK) else fallback
    parent.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="lakeward-metrics-", dir=parent))
    os.environ[MULTIPROCESS_DIR] = str(directory)
    try:
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Telemetry:
    """Counters of this process; `exposition` sums those of all processes."""

    def __init__(self) -> None:
        # prometheus_client decides at import whether values live in shared files
        from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: PLC0415

        self._registry = CollectorRegistry()
        self.seconds = Histogram(
            "lakeward_request_seconds", "Time from the request's first byte to its answer.",
            ["method", "path"], buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip
        self.answers = Counter(
            "lakeward_requests_total", "Requests answered, by status code.", ["method", "path", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._bound: dict[Any, Any] = {}

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        key = (method, path, status)
        bound = self._bound.get(key)
        if bound is None:
            bound = self.seconds.labels(method, path), self.answers.labels(method, path, str(status))
            self._bound[key] = bound
        bound[0].observe(seconds)
        bound[1].inc()

    def exposition(self) -> bytes:
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess  # noqa: PLC0415

        if MULTIPROCESS_DIR not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
