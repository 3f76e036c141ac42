"""A trace as its reader draws it first: every span's place, name and duration, and none of what it carries.

A trace of 35,000 spans may carry a hundred megabytes, of which a person looks at little. That is read span by span.
"""

from collections.abc import Sequence
from typing import Any, Final

from lakeward.kit.errors import NotFound
from lakeward.runtime.db import Tx
from lakeward.tracing import meaning, payloads
from lakeward.tracing.records import Trace
from lakeward.tracing.search.spans import text_of
from lakeward.tracing.store import traces as store
from lakeward.tracing.wire.outline import Outline

_ERROR: Final = 2  # STATUS_CODE_ERROR
MAX_FOUND: Final = 10_000


def of(spans: Sequence[Any]) -> Outline:
    """The outline of spans that are in the order in which they are shown, parents by their place in it."""
    places = {span.span_id: at for at, span in enumerate(spans)}
    names: dict[str, int] = {}
    types: dict[str, int] = {}
    base = min((span.start_time_unix_nano for span in spans), default=0)
    made = Outline(str(base))
    for at, span in enumerate(spans):
        start, end = span.start_time_unix_nano, span.end_time_unix_nano
        facts = meaning.facts_of(span.attributes)
        made.ids.append(span.span_id.hex())
        made.parents.append(places.get(span.parent_span_id, -1) if span.parent_span_id else -1)
        made.name.append(names.setdefault(span.name, len(names)))
        made.type.append(types.setdefault(meaning.type_of(facts), len(types)))
        made.start_us.append((start - base) // 1_000)
        made.duration_us.append(max(0, end - start) // 1_000 if end else -1)
        if span.status.code == _ERROR:
            made.errors.append(at)
        if meaning.has_numbers(facts):
            _count(made, at, facts)
    made.names = list(names)
    made.types = list(types)
    return made


def _count(made: Outline, at: int, facts: meaning.Facts) -> None:
    usage, cost = meaning.usage_of(facts), meaning.cost_of(facts)
    if usage and "total_tokens" in usage:
        made.tokens[str(at)] = usage["total_tokens"]
    if cost and "total_cost" in cost:
        made.costs[str(at)] = cost["total_cost"]


async def span(tx: Tx, trace: Trace, span_id: str) -> Any:
    """One span, as it came last."""
    try:
        wanted = bytes.fromhex(span_id)
    except ValueError:
        wanted = b""
    for payload in reversed(await store.payloads(tx, trace.seq)):
        found = [each for each, _ in payloads.spans_in([payload]) if each.span_id == wanted]
        if found:
            return found[-1]
    raise NotFound(f"The trace {trace.trace_id} has no span {span_id[:40]!r}.")


async def holding(tx: Tx, trace: Trace, text: str) -> list[str]:
    """The ids of the spans that hold a text, in any case: in a name, a key or a text they carry."""
    wanted = text.lower()
    spans = payloads.joined(await store.payloads(tx, trace.seq))
    return [each.span_id.hex() for each in spans if wanted in text_of(each).lower()][:MAX_FOUND]
