"""One OTLP exporter: `python exporter.py URL EXPERIMENT NUMBER SECONDS` sends traces of three spans, the two below the
root in one request and the root in the next.

Each request is sent again, byte for byte, until it is acknowledged, as exporters do on 503 and on a lost connection.
Prints how often it had to, and the ids of the traces that were acknowledged.
"""

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

GIVE_UP_SECONDS = 60.0
PAUSE_SECONDS = 0.01
TOKENS = 5  # of each span below the root
RETRYABLE = (429, 502, 503, 504)


class Exporter:
    def __init__(self, url: str, experiment: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        self._headers = {"content-type": "application/x-protobuf", "x-mlflow-experiment-id": experiment}
        self.repeated = 0

    def send(self, body: bytes) -> None:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                self._connection.request("POST", "/v1/traces", body, self._headers)
                answer = self._connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException):
                self._connection.close()
            else:
                if answer.status == 200:
                    return
                if answer.status not in RETRYABLE:
                    sys.exit(f"{answer.status} {said!r}")
            if time.monotonic() > deadline:
                sys.exit(f"a request was not taken for {GIVE_UP_SECONDS} s")
            self.repeated += 1
            time.sleep(0.05)


def request(*spans: tuple[bytes, int]) -> bytes:
    """Spans as (trace, place in it); place 0 is the root."""
    made = ExportTraceServiceRequest()
    into = made.resource_spans.add().scope_spans.add().spans
    for trace, place in spans:
        span = into.add(trace_id=trace, span_id=bytes([*trace[:7], place + 1]), name=f"span {place}")
        if place:
            span.parent_span_id = bytes([*trace[:7], 1])
        span.start_time_unix_nano = 1_795_000_000_000_000_000 + place
        span.end_time_unix_nano = span.start_time_unix_nano + 1_000_000
        if place:
            attribute = span.attributes.add(key="gen_ai.usage.input_tokens")
            attribute.value.int_value = TOKENS
    return made.SerializeToString()


def main(url: str, experiment: str, number: int, seconds: float) -> None:
    exporter = Exporter(url, experiment)
    end = time.monotonic() + seconds
    acknowledged = []
    serial = 0
    while time.monotonic() < end:
        trace = bytes([7, number, *serial.to_bytes(5, "big"), *bytes(9)])
        exporter.send(request((trace, 1), (trace, 2)))
        exporter.send(request((trace, 0)))
        acknowledged.append(f"tr-{trace.hex()}")
        serial += 1
        time.sleep(PAUSE_SECONDS)
    json.dump({"repeated": exporter.repeated, "traces": acknowledged}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
