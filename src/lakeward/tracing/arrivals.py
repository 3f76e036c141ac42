"""From one OTLP request to arrivals: its spans, trace by trace, with what they say about their trace.

This is the hot way in. Protobuf is parsed once, by C; a span costs some ten looks at it; what is stored are OTLP's own
bytes (docs/decisions/0003 has the figures). Of what is parsed nothing is kept longer than a megabyte of it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from lakeward.kit.errors import InvalidParameter, TooLarge
from lakeward.tracing import gist, meaning, otlp, payloads, pieces, signature
from lakeward.tracing.book import Book
from lakeward.tracing.records import (
    ERROR,
    INFERRED_PREVIEW,
    MAX_KEY,
    MAX_NAME,
    MAX_SESSION,
    MAX_TAG,
    NAME_TAG,
    OK,
    RENDERED_TAGS,
    USER_KEY,
    Arrival,
    Cost,
    Usage,
)

MAX_TRACES: Final = 10_000  # of one request
# Each trace takes along the resources and scopes that its spans came with: what that comes to, over all traces.
MAX_COPIES: Final = 64 << 20
_AT_ONCE: Final = 1 << 20  # bytes of spans that are signed and compressed together
STATUS: Final = ("UNSET", "OK", "ERROR")
_NOBODY: Final = bytes(8)
_TAG_PREFIX: Final = "mlflow.traceTag."
_UNTOLD: Final = ("telemetry.sdk.", "mlflow.")  # resource attributes that are no tags


class _Group:
    """The spans of one trace, as they are found in a request."""

    __slots__ = ("book", "costs", "gist", "parents", "parts", "session", "tags", "told", "usages", "user")

    def __init__(self, tags: dict[str, str], book: Book) -> None:
        self.book = book
        self.told: _Told | None = None
        self.tags = tags
        self.session: str | None = None
        self.user: str | None = None
        self.gist = gist.Writer()
        self.parts: list[pieces.Part] = []
        self.parents: dict[bytes, bytes] = {}
        self.usages: dict[bytes, Usage] = {}
        self.costs: dict[bytes, Cost] = {}

    def add(self, span: Any, span_id: bytes, parent: bytes, place: tuple[int, int]) -> None:
        self.parts[-1].scopes[-1].spans.append(place)
        if parent or self.told is not None:
            facts = meaning.facts_of(span.attributes, meaning.BRIEFLY)
        else:
            facts = meaning.facts_of(span.attributes)
            self.told = _told(span, facts)
        if "session" in facts and self.session is None:
            self.session = meaning.text_of(facts, "session")
        if "user" in facts and self.user is None:
            self.user = meaning.text_of(facts, "user")
        self.parents[span_id] = parent
        label = _label(span, facts)
        start = span.start_time_unix_nano
        cost = None
        if meaning.has_numbers(facts):
            if usage := meaning.usage_of(facts):
                self.usages[span_id] = usage
            if cost := self.book.charge(facts, usage, *label[3:], start):
                self.costs[span_id] = cost
        self.gist.add(span_id, start, span.end_time_unix_nano, label, cost)

    def within(self, resource: bytes, scope: bytes) -> int:
        """The next spans come with these. How many bytes that adds to the trace."""
        size = len(scope)
        if not self.parts or self.parts[-1].resource is not resource:
            self.parts.append(pieces.Part(resource, []))
            size += len(resource)
        self.parts[-1].scopes.append(pieces.Scope(scope, []))
        return size

    def message(self, body: pieces.Buffer) -> bytes:
        """A `TracesData` with the spans of this trace alone, and the resources and scopes they came with."""
        made = []
        for resource, scopes in self.parts:
            within = [resource]
            for scope, places in scopes:
                within.append(payloads.field(2, b"".join([scope, *[body[at:end] for at, end in places]])))
            made.append(payloads.field(1, b"".join(within)))
        return b"".join(made)

    def arrival(self, trace_id: bytes, payload: bytes, signed: bytes) -> Arrival:
        start_ms = min(self.gist.starts) // 1_000_000
        end = max(self.gist.ends)
        arrived = Arrival(
            trace_id=f"tr-{trace_id.hex()}",
            start_ms=start_ms,
            end_ms=max(end // 1_000_000, start_ms) if end else None,
            spans=len(self.gist.ids),
            payload=payload,
            signature=signed,
            gist=gist.written(self.gist.gist()),
            tags=self.tags.copy(),
        )
        if self.session is not None:
            arrived.session_id = _clean(self.session)[:MAX_SESSION]
        if self.user is not None:
            arrived.metadata = {USER_KEY: _clean(self.user)[:MAX_KEY]}
        if self.usages:
            arrived.tokens = meaning.total(self.parents, self.usages)
        if self.costs:
            arrived.cost = meaning.total(self.parents, self.costs)
        if self.told is not None:
            self.told.to(arrived)
        return arrived


class _Told(NamedTuple):
    """What the root says about the whole."""

    state: str | None
    name: str
    request_preview: str | None
    response_preview: str | None
    tags: dict[str, str]

    def to(self, arrived: Arrival) -> None:
        if self.state is not None:
            arrived.state = self.state
        arrived.name = self.name
        arrived.request_preview = self.request_preview
        arrived.response_preview = self.response_preview
        arrived.tags |= self.tags


def _told(root: Any, facts: meaning.Facts) -> _Told:
    state = (ERROR if root.status.code == 2 else OK) if root.end_time_unix_nano else None
    name = _clean(root.name)[:MAX_NAME]
    tags: dict[str, str] = {}
    for attribute in root.attributes:
        if attribute.key.startswith(_TAG_PREFIX):
            key, value = _clean(attribute.key[len(_TAG_PREFIX) :]), _clean(str(meaning.plain(attribute.value)))
            if key == NAME_TAG:
                name = value[:MAX_NAME]
            elif key not in RENDERED_TAGS and 0 < len(key) <= MAX_KEY and len(value) <= MAX_TAG:
                tags[key] = value
    return _Told(state, name, _shown(facts, "inputs", "user"), _shown(facts, "outputs", "assistant"), tags)


def _shown(facts: meaning.Facts, slot: str, role: str) -> str | None:
    return meaning.preview(meaning.said(facts, slot), role, INFERRED_PREVIEW) if slot in facts else None


def _terms(labels: Iterable[gist.Label]) -> frozenset[tuple[str, str]]:
    """What may be asked for as a whole."""
    terms: set[tuple[str, str]] = set()
    for name, kind, status, *_ in labels:
        terms.update((("name", name), ("type", kind), ("status", status)))
    return frozenset(terms)


def _label(span: Any, facts: meaning.Facts) -> gist.Label:
    code = span.status.code
    status = STATUS[code] if code < len(STATUS) else STATUS[0]
    model, provider = meaning.text_of(facts, "model"), meaning.text_of(facts, "provider")
    return span.name, meaning.type_of(facts), status, model, provider


def gist_of(stored: Sequence[bytes], book: Book) -> gist.Gist:
    """Of the spans of a whole trace, read once more."""
    made = gist.Writer()
    for span in payloads.spans_in(stored):
        facts = meaning.facts_of(span.attributes, meaning.BRIEFLY)
        start = span.start_time_unix_nano
        made.add(span.span_id, start, span.end_time_unix_nano, _label(span, facts), book.cost(facts, start))
    return made.gist()


def of(body: pieces.Buffer, book: Book) -> list[Arrival]:
    """`body` is the request as protobuf, `book` has the prices of spans that do not say what they cost.

    Raises InvalidParameter, for all of it, if it cannot be read or a span has no identity; TooLarge if it, or what is
    to be made of it, is too much.
    """
    groups = _groups(body, book)
    arrived: list[Arrival] = []
    some: list[tuple[bytes, _Group, bytes]] = []
    size = 0
    for trace_id, group in groups.items():
        message = group.message(body)
        some.append((trace_id, group, message))
        size += len(message)
        if size >= _AT_ONCE:
            arrived += _arrivals(some)
            some, size = [], 0
    return arrived + _arrivals(some)


def _groups(body: pieces.Buffer, book: Book) -> dict[bytes, _Group]:
    """What a request says of each of its traces."""
    groups: dict[bytes, _Group] = {}
    copied = 0
    for part in pieces.cut(body):
        resource = part.resource
        tags = _resource_tags(pieces.resource_of(part))
        for scope in part.scopes:
            here: dict[bytes, _Group] = {}  # the traces that this scope has spans of
            for span, place in pieces.spans_of(body, scope):
                trace_id, span_id, parent = span.trace_id, span.span_id, span.parent_span_id
                group = here.get(trace_id)
                if group is None:
                    otlp.check(span)
                    here[trace_id] = group = groups.setdefault(trace_id, _Group(tags, book))
                    copied += group.within(resource, scope.scope)
                    _check(len(groups), copied)
                elif len(span_id) != 8 or span_id == _NOBODY or (parent and len(parent) != 8):
                    otlp.check(span)
                group.add(span, span_id, parent, place)
    return groups


def _check(traces: int, copied: int) -> None:
    if traces > MAX_TRACES:
        raise InvalidParameter(f"At most {MAX_TRACES:,} traces per request; these are more.")
    if copied > MAX_COPIES:
        raise TooLarge(
            f"Each trace of a request takes its resources and scopes along, at most {MAX_COPIES >> 20} MB in all; these"
            " come to more. Send fewer traces in a request, or fewer attributes of resources."
        )


def _arrivals(some: Sequence[tuple[bytes, _Group, bytes]]) -> list[Arrival]:
    """Of (trace, spans, message), one kind of work after the other.

    Trace by trace each would find its data and its code driven out of the processor's caches by the others, which costs
    5 µs a span.
    """
    signed = [signature.sign(message, _terms(group.gist.labels)) for _, group, message in some]
    sealed = [payloads.seal(message) for _, _, message in some]
    found = zip(some, sealed, signed, strict=True)
    return [group.arrival(trace_id, payload, bits) for (trace_id, group, _), payload, bits in found]


def _resource_tags(resource: Any) -> dict[str, str]:
    """compat(mlflow 3.17): attributes of the resource are tags of the trace, but for those of SDKs."""
    tags: dict[str, str] = {}
    for attribute in resource.attributes:
        key = _clean(attribute.key)
        if not 0 < len(key) <= MAX_KEY or key.startswith(_UNTOLD):
            continue
        given = otlp.value_of(attribute.value)
        value = _clean(given if isinstance(given, str) else msgspec.json.encode(given).decode())
        if len(value) <= MAX_TAG and len(tags) < 100:
            tags[key] = value
    return tags


def _clean(text: str) -> str:
    """PostgreSQL holds any character but U+0000; the span itself keeps it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def recount(stored: Sequence[bytes], book: Book) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Tokens and cost over all spans of a trace; of one that came twice, the later."""
    parents: dict[bytes, bytes] = {}
    usages: dict[bytes, Usage] = {}
    costs: dict[bytes, Cost] = {}
    for span in payloads.spans_in(stored):
        facts = meaning.facts_of(span.attributes, meaning.BRIEFLY)
        span_id = span.span_id
        parents[span_id] = span.parent_span_id
        usages.pop(span_id, None)
        costs.pop(span_id, None)
        if usage := meaning.usage_of(facts):
            usages[span_id] = usage
        if cost := book.cost(facts, span.start_time_unix_nano):
            costs[span_id] = cost
    return meaning.total(parents, usages), meaning.total(parents, costs)
