"""The HTTP surface of artifacts: each transport in a module of its own."""

from lakeward.artifacts.routes import files, proxy, signed, tracking

routes = [
    *proxy.routes,
    *files.routes,
    *tracking.routes,
    *tracking.ui,
    *tracking.traced,
    *tracking.plain,
    *signed.routes,
]

__all__ = ["routes"]
