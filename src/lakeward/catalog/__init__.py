"""The catalog: the metastore, catalogs and schemas as objects with owners, comments and bindings.

A catalog is at home in one workspace. What is in it and what was given on it is there; other workspaces see it if it
is OPEN, or bound to them, and there only privileges count, never roles. What stands in schemas is others': each package
adds its `Contents`, so that a schema that is not empty is not deleted by mistake. Every workspace has a `main.default`.
"""

from lakeward.catalog.bindings import bound
from lakeward.catalog.contents import Contents, add_contents
from lakeward.catalog.names import fits, fold
from lakeward.catalog.records import DEFAULT, MAIN

__all__ = ["DEFAULT", "MAIN", "Contents", "add_contents", "bound", "fits", "fold"]
