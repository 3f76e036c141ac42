"""The catalog: the metastore, catalogs, schemas, and the volumes, tables and functions that stand in them.

A catalog is at home in one workspace. What is in it and what was given on it is there; other workspaces see it if it
is OPEN, or bound to them, and there only privileges count, never roles. What else stands in schemas is others': each
package adds its `Contents`, so that a schema that is not empty is not deleted by mistake. Every workspace has a
`main.default`. Files of volumes are objects of the server's store; those of a managed table lie there too, and are
written by its clients.
"""

from lakeward.catalog.assets import sweep
from lakeward.catalog.bindings import bound
from lakeward.catalog.contents import Contents, add_contents
from lakeward.catalog.keeping import Column, keep_table
from lakeward.catalog.kinds import BY_FUNCTION
from lakeward.catalog.names import fits, fold
from lakeward.catalog.records import DEFAULT, MAIN
from lakeward.catalog.volumes import ROOT

__all__ = [
    "BY_FUNCTION", "DEFAULT", "MAIN", "ROOT", "Column", "Contents", "add_contents", "bound", "fits", "fold",
    "keep_table", "sweep",
]  # fmt: skip
