"""Every way in and out for artifact bytes: the `mlflow-artifacts` proxy, the Files API, signed URLs, listings.

Each file has one key in the object store, whichever transport names it; `roots` is the table from paths to keys, which
a higher package extends with `add_root`. A path is checked once, in `paths`, and hostile ones are refused everywhere.
What the browser gets can never run there. Files of this package that know HTTP stand in `routes`.
"""

from lakeward.artifacts.paths import Segments, parse
from lakeward.artifacts.records import Access, Place, Root
from lakeward.artifacts.roots import add_root
from lakeward.artifacts.tasks import sweep_uploads

__all__ = [
    "Access",
    "Place",
    "Root",
    "Segments",
    "add_root",
    "parse",
    "sweep_uploads",
]
