"""The OpenTelemetry SDK and its own exporter, as an application without MLflow has them."""

import pytest
from mlflow import MlflowClient
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode

from clients.server import Server


@pytest.mark.modes("http")
@pytest.mark.parametrize("compression", list(Compression), ids=str)
def test_spans_of_the_sdk(client: MlflowClient, server: Server, experiment: str, compression: Compression) -> None:
    exporter = OTLPSpanExporter(
        endpoint=f"{server.url}/v1/traces", headers={"x-mlflow-experiment-id": experiment}, compression=compression
    )
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("handle") as root:
        root.set_attribute("session.id", "s-1")
        with tracer.start_as_current_span("chat large-1") as span:
            span.set_attributes(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "acme",
                    "gen_ai.request.model": "large-1",
                    "gen_ai.usage.input_tokens": 12,
                    "gen_ai.usage.output_tokens": 3,
                }
            )
            span.add_event("first token", {"place": 1})
        with tracer.start_as_current_span("tool") as span:
            span.set_status(Status(StatusCode.ERROR, "no answer"))
    assert provider.force_flush()
    provider.shutdown()

    [trace] = client.search_traces(locations=[experiment], filter_string="tags.`service.name` = 'shop'")
    assert trace.info.trace_id == f"tr-{root.get_span_context().trace_id:032x}"
    assert trace.info.state == "OK"
    assert trace.info.token_usage == {"input_tokens": 12, "output_tokens": 3, "total_tokens": 15}
    assert trace.info.trace_metadata["mlflow.trace.session"] == "s-1"
    handle, chat, tool = trace.data.spans
    assert [handle.name, chat.name, tool.name] == ["handle", "chat large-1", "tool"]
    assert (chat.span_type, chat.model_name, chat.parent_id) == ("CHAT_MODEL", "large-1", handle.span_id)
    assert chat.attributes["gen_ai.provider.name"] == "acme"
    assert chat.events[0].attributes == {"place": 1}
    assert (tool.status.status_code, tool.status.description) == ("ERROR", "no answer")
    found = client.search_traces(
        locations=[experiment], filter_string="span.status = 'ERROR' AND span.name = 'tool'", include_spans=False
    )
    assert len(found) == 1
