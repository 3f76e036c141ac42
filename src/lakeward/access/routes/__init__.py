"""The HTTP surface of access: permissions of objects, grants on Unity Catalog's securables, explanations."""

from lakeward.access.routes import credentials, explain, grants, permissions

routes = [*credentials.routes, *permissions.routes, *grants.routes, *explain.routes]

__all__ = ["routes"]
