"""The HTTP surface of traces: OTLP in, the API of version 3 and that of version 2, assessments, metrics, prices,
export, outlines, Unity Catalog locations.
"""

from lakeward.tracing.routes import assessments, export, issues, locations, metrics, otlp, outline, prices, traces, v2

routes = [
    *otlp.routes, *otlp.platform, *traces.routes, *traces.both, *traces.old, *assessments.routes, *issues.routes,
    *metrics.routes, *outline.routes, *v2.routes, *prices.routes, *export.routes, *locations.places, *locations.routes,
    *locations.warehouses,
]  # fmt: skip

__all__ = ["routes"]
