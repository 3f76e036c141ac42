"""The audit log: who did what, from where, to what, and how it ended.

Every call that changes something and every one that was denied is an event; `names` says how each route is recorded,
and by its allow-list no value of a secret or a param can be. An event of a call that changes something is written in
the call's own transaction. The events form a chain of hashes, sealed under the master key, which shows whether one was
changed, removed or put in. Nothing but retention removes one. What is in the chain is copied to a table in the lake.
"""

from lakeward.audit.chain import expire, seal
from lakeward.audit.commands import record_command
from lakeward.audit.exporting import COLUMNS, FORMATS, kind_of, writer
from lakeward.audit.recording import Recorder, record
from lakeward.audit.records import Search
from lakeward.audit.store import RECORD, add, count_waiting, find_after
from lakeward.audit.store import head as find_head
from lakeward.audit.table import bring_up_to_date
from lakeward.audit.verifying import Report, verify

__all__ = [
    "COLUMNS",
    "FORMATS",
    "RECORD",
    "Recorder",
    "Report",
    "Search",
    "add",
    "bring_up_to_date",
    "count_waiting",
    "expire",
    "find_after",
    "find_head",
    "kind_of",
    "record",
    "record_command",
    "seal",
    "verify",
    "writer",
]
