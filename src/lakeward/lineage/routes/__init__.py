"""The HTTP surface of lineage: Lakeward's own API, and the platform's API of external lineage."""

from lakeward.lineage.routes import external, links

routes = [*links.routes, *external.routes]

__all__ = ["routes"]
