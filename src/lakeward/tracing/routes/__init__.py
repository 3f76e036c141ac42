"""The HTTP surface of traces: OTLP in, the API of version 3 and that of version 2, assessments, metrics, outlines."""

from lakeward.tracing.routes import assessments, metrics, otlp, outline, traces, v2

routes = [
    *otlp.routes, *traces.routes, *traces.both, *traces.old, *assessments.routes, *metrics.routes, *outline.routes,
    *v2.routes,
]  # fmt: skip

__all__ = ["routes"]
