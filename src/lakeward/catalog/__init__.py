"""The catalog: the metastore, catalogs, schemas, and the volumes, tables and functions that stand in them.

A catalog is at home in one workspace. What is in it and what was given on it is there; other workspaces see it if it
is OPEN, or bound to them, and there only privileges count, never roles. What else stands in schemas is others': each
package adds its `Contents`, so that a schema that is not empty is not deleted by mistake. Every workspace has a
`main.default`. Files of volumes are objects of the server's store; those of a managed table lie there too, and are
written by its clients.
"""

from lakeward.catalog.assets import sweep
from lakeward.catalog.bindings import bound
from lakeward.catalog.contents import Contents, Place, add_contents
from lakeward.catalog.keeping import Column, keep_table, prefix_of_audit
from lakeward.catalog.kinds import BROWSE, BY_FUNCTION, BY_TABLE, is_function
from lakeward.catalog.names import fits, fold
from lakeward.catalog.policies import enter as enter_governed
from lakeward.catalog.policies import governed_keys
from lakeward.catalog.properties import as_json as properties_json
from lakeward.catalog.properties import comment as checked_comment
from lakeward.catalog.records import DEFAULT, MAIN
from lakeward.catalog.securable import in_metastore, transfer
from lakeward.catalog.staging import sweep as sweep_staging
from lakeward.catalog.volumes import ROOT

__all__ = [
    "BROWSE", "BY_FUNCTION", "BY_TABLE", "DEFAULT", "MAIN", "ROOT", "Column", "Contents", "Place", "add_contents",
    "bound", "checked_comment", "enter_governed", "fits", "fold", "governed_keys", "in_metastore", "is_function",
    "keep_table", "prefix_of_audit", "properties_json", "sweep", "sweep_staging", "transfer",
]  # fmt: skip
