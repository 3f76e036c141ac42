"""Traces: what happened in an application, span by span, and what people, code and judges say about it.

A trace belongs to one experiment. Its spans come by OTLP from any number of clients, in any order and perhaps twice, or
as a file from older ones; what its client tells about the whole may come before or after them. Spans are kept as they
came and joined when they are read; one row per trace holds what lists and filters need, and signatures say which traces
may hold a text. An answer to a client means that what it sent is durable. Deleting an experiment hides its traces; a
purge of it, which `tracking` owns, takes them along.
"""

from lakeward.tracing import adoption, export, moving, prices, trash
from lakeward.tracing.files import MAX_FILE, Home, find_home, make_file, take_file
from lakeward.tracing.load import Held
from lakeward.tracing.records import ArrivingTrace
from lakeward.tracing.rollups import roll_up, roll_up_all
from lakeward.tracing.securable import BY_TRACE, of_trace
from lakeward.tracing.store.finding import find_sessions, find_traces
from lakeward.tracing.store.rollups import count_waiting
from lakeward.tracing.tasks import seal_blocks
from lakeward.tracing.traces import link_prompts

__all__ = [
    "BY_TRACE",
    "MAX_FILE",
    "ArrivingTrace",
    "Held",
    "Home",
    "adoption",
    "count_waiting",
    "export",
    "find_home",
    "find_sessions",
    "find_traces",
    "link_prompts",
    "make_file",
    "moving",
    "of_trace",
    "prices",
    "roll_up",
    "roll_up_all",
    "seal_blocks",
    "take_file",
    "trash",
]
