"""Spans by hand, as OTLP says them, and how they are sent and read."""

import itertools
import secrets
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lakeward.tracing import otlp
from server import Caller

_numbers = itertools.count(1)
BEGIN = 1_795_000_000_000_000_000


def ids() -> tuple[str, str]:
    """A trace id and a span id, hexadecimal."""
    return secrets.token_hex(16), secrets.token_hex(8)


def span(trace: str, span_id: str | None = None, parent: str = "", **given: Any) -> dict[str, Any]:
    """A span of OTLP JSON; `attributes` is a mapping, `at` and `ms` say when and how long."""
    at = BEGIN + int(given.pop("at", next(_numbers)) * 1_000_000)
    attributes = given.pop("attributes", {})
    made = {
        "traceId": trace,
        "spanId": span_id or secrets.token_hex(8),
        "parentSpanId": parent,
        "name": given.pop("name", "work"),
        "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + int(given.pop("ms", 5) * 1_000_000)),
        "attributes": [{"key": key, "value": any_value(value)} for key, value in attributes.items()],
    }
    return made | given


def any_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(each) for each in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": any_value(each)} for key, each in value.items()]}}
    return {"stringValue": value}


def request(*spans: dict[str, Any], **resource: Any) -> dict[str, Any]:
    attributes = [{"key": key.replace("_", "."), "value": any_value(value)} for key, value in resource.items()]
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": list(spans)}]}]}


def protobuf(*spans: dict[str, Any]) -> bytes:
    made = ExportTraceServiceRequest()
    into = made.resource_spans.add().scope_spans.add().spans
    for each in spans:
        otlp.fill_span(each, into.add())
    return made.SerializeToString()


def send(
    client: Caller, experiment: str, body: Any, media_type: str = "application/json", **headers: str
) -> httpx.Response:
    named = {"x-mlflow-experiment-id": experiment, "content-type": media_type}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    return client.request("POST", "/v1/traces", headers=named, **content)


def sent(client: Caller, experiment: str, *spans: dict[str, Any], **resource: Any) -> None:
    answer = send(client, experiment, request(*spans, **resource))
    assert answer.status_code == 200, answer.text


def got(client: Caller, trace: str) -> dict[str, Any]:
    """{"trace_info": …, "spans": […]} of a trace."""
    return client.get("/api/3.0/mlflow/traces/get", trace_id=f"tr-{trace}", allow_partial="true")["trace"]


def info(client: Caller, trace: str) -> dict[str, Any]:
    return client.get(f"/api/3.0/mlflow/traces/tr-{trace}")["trace"]["trace_info"]


def place(experiment: str) -> dict[str, Any]:
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}


def searched(client: Caller, experiment: str, where: str | None = None, **more: Any) -> list[str]:
    """The ids, without `tr-`, of all pages."""
    found, token = [], None
    while True:
        page = client.post(
            "/api/3.0/mlflow/traces/search", locations=[place(experiment)], filter=where, page_token=token, **more
        )
        found += [each["trace_id"].removeprefix("tr-") for each in page["traces"]]
        token = page.get("next_page_token")
        if not token:
            return found


def values(given: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a span that was read, by their keys."""
    return {each["key"]: _value(each["value"]) for each in given["attributes"]}


def _value(given: dict[str, Any]) -> Any:
    if not given:
        return None
    [(kind, value)] = given.items()
    match kind:
        case "int_value":
            return int(value)
        case "array_value":
            return [_value(each) for each in value["values"]]
        case "kvlist_value":
            return {each["key"]: _value(each["value"]) for each in value["values"]}
    return value
