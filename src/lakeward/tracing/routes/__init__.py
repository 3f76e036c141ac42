"""The HTTP surface of traces: OTLP in, the API of version 3 and that of version 2, assessments."""

from lakeward.tracing.routes import assessments, otlp, traces, v2

routes = [*otlp.routes, *traces.routes, *traces.both, *assessments.routes, *v2.routes]

__all__ = ["routes"]
