"""The HTTP surface of the catalog: the platform's API and open-source Unity Catalog's, which share their paths."""

from lakeward.catalog.routes import bindings, catalogs, metastore, schemas

routes = [*metastore.routes, *catalogs.routes, *schemas.routes, *bindings.routes]

__all__ = ["routes"]
