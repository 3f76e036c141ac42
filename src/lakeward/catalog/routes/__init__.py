"""The HTTP surface of the catalog: the platform's API and open-source Unity Catalog's, which share their paths."""

from lakeward.catalog.routes import (
    bindings,
    catalogs,
    connections,
    credentials,
    exploring,
    functions,
    metastore,
    policies,
    schemas,
    tables,
    tags,
    volumes,
)

routes = [
    *metastore.routes,
    *catalogs.routes,
    *schemas.routes,
    *bindings.routes,
    *volumes.routes,
    *tables.routes,
    *tables.summaries,
    *tables.older,
    *tables.stagings,
    *credentials.routes,
    *functions.routes,
    *tags.routes,
    *policies.routes,
    *connections.routes,
    *exploring.routes,
]

__all__ = ["routes"]
