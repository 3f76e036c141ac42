"""The object store: the only module that moves payload bytes (artifacts, model files, uploads, backups).

`ObjectStore` is the front door and the one seam where bytes can be sealed: every byte of every object goes through its
`put` and `get`. Below it stand two backends: `local` (a directory) and `cloud` (S3, GCS, Azure through obstore).

Invariants: an object appears whole or not at all; what was acknowledged survives a power cut; memory stays flat
whatever the size; keys are `/`-joined segments made by our own code; nothing outside the store is ever reached through
it. Directories do not exist as such: one is there while it holds an object, or the marker that `make_directory` puts.
"""

from lakeward.runtime.objects.lending import Loan
from lakeward.runtime.objects.records import Entry, Level, ObjectInfo, Opened, Presigned
from lakeward.runtime.objects.spans import Span
from lakeward.runtime.objects.store import MARKER, ObjectStore

__all__ = ["MARKER", "Entry", "Level", "Loan", "ObjectInfo", "ObjectStore", "Opened", "Presigned", "Span"]
