"""The HTTP surface of access: permissions of objects, grants on Unity Catalog's securables, explanations."""

from lakeward.access.routes import explain, grants, permissions

routes = [*permissions.routes, *grants.routes, *explain.routes]

__all__ = ["routes"]
