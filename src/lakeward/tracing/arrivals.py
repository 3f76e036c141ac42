"""From one OTLP request to arrivals: its spans, trace by trace, with what they say about their trace.

This is the hot way in. Protobuf is parsed once, by C; a span costs some ten looks at it; what is stored are OTLP's own
bytes (docs/decisions/0003 has the figures).
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.tracing import meaning, otlp, payloads, signature
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
STATUS: Final = ("UNSET", "OK", "ERROR")
_NOBODY: Final = bytes(8)
_TAG_PREFIX: Final = "mlflow.traceTag."
_UNTOLD: Final = ("telemetry.sdk.", "mlflow.")  # resource attributes that are no tags


class _Group:
    """The spans of one trace, as they are found in a request."""

    __slots__ = (
        "book", "costs", "end", "facts", "parents", "parts", "resource", "root", "session", "spans", "start", "terms",
        "usages", "user",
    )  # fmt: skip

    def __init__(self, resource: Any, book: Book) -> None:
        self.book = book
        self.start = 2**64
        self.end = 0
        self.spans = 0
        self.root: Any = None
        self.facts: meaning.Facts = {}
        self.resource = resource
        self.session: str | None = None
        self.user: str | None = None
        self.terms: set[tuple[str, str]] = set()
        self.parts: dict[tuple[int, int], list[Any]] = {}
        self.parents: dict[bytes, bytes] = {}
        self.usages: dict[bytes, Usage] = {}
        self.costs: dict[bytes, Cost] = {}

    def add(self, span: Any, span_id: bytes, parent: bytes) -> None:
        self.spans += 1
        start, end = span.start_time_unix_nano, span.end_time_unix_nano
        self.start = min(self.start, start)
        self.end = max(self.end, end)
        facts = meaning.facts_of(span.attributes)
        code = span.status.code
        terms = self.terms
        terms.add(("name", span.name))
        terms.add(("type", meaning.type_of(facts)))
        terms.add(("status", STATUS[code] if code < 3 else STATUS[0]))
        if not parent and self.root is None:
            self.root, self.facts = span, facts
        if "session" in facts and self.session is None:
            self.session = meaning.text_of(facts, "session")
        if "user" in facts and self.user is None:
            self.user = meaning.text_of(facts, "user")
        self.parents[span_id] = parent
        if meaning.has_numbers(facts):
            if usage := meaning.usage_of(facts):
                self.usages[span_id] = usage
            if cost := self.book.cost(facts, start):
                self.costs[span_id] = cost

    def arrival(self, trace_id: bytes, message: bytes) -> Arrival:
        start_ms = self.start // 1_000_000
        arrived = Arrival(
            trace_id=f"tr-{trace_id.hex()}",
            start_ms=start_ms,
            end_ms=max(self.end // 1_000_000, start_ms) if self.end else None,
            spans=self.spans,
            payload=payloads.seal(message),
            signature=signature.sign(message, self.terms),
            tags=_resource_tags(self.resource),
        )
        if self.session is not None:
            arrived.session_id = _clean(self.session)[:MAX_SESSION]
        if self.user is not None:
            arrived.metadata = {USER_KEY: _clean(self.user)[:MAX_KEY]}
        if self.usages:
            arrived.tokens = meaning.total(self.parents, self.usages)
        if self.costs:
            arrived.cost = meaning.total(self.parents, self.costs)
        if self.root is not None:
            self._tell(arrived)
        return arrived

    def _tell(self, arrived: Arrival) -> None:
        """What the root says about the whole."""
        root, facts = self.root, self.facts
        if root.end_time_unix_nano:
            arrived.state = ERROR if root.status.code == 2 else OK
        arrived.name = _clean(root.name)[:MAX_NAME]
        if "inputs" in facts:
            arrived.request_preview = meaning.preview(facts["inputs"][1], "user", INFERRED_PREVIEW)
        if "outputs" in facts:
            arrived.response_preview = meaning.preview(facts["outputs"][1], "assistant", INFERRED_PREVIEW)
        for attribute in root.attributes:
            if attribute.key.startswith(_TAG_PREFIX):
                key, value = _clean(attribute.key[len(_TAG_PREFIX) :]), _clean(str(meaning.plain(attribute.value)))
                if key == NAME_TAG:
                    arrived.name = value[:MAX_NAME]
                elif key not in RENDERED_TAGS and 0 < len(key) <= MAX_KEY and len(value) <= MAX_TAG:
                    arrived.tags[key] = value


def of(request: otlp.Message, body: bytes, book: Book) -> list[Arrival]:
    """`body` is the request as protobuf, `book` has the prices of spans that do not say what they cost.

    Raises InvalidParameter, for all of it, if a span has no identity.
    """
    groups: dict[bytes, _Group] = {}
    for i, resource_spans in enumerate(request.resource_spans):
        for j, scope_spans in enumerate(resource_spans.scope_spans):
            for span in scope_spans.spans:
                trace_id, span_id, parent = span.trace_id, span.span_id, span.parent_span_id
                group = groups.get(trace_id)
                if group is None:
                    groups[trace_id] = group = _Group(resource_spans.resource, book)
                    otlp.check(span)
                elif len(span_id) != 8 or span_id == _NOBODY or (parent and len(parent) != 8):
                    otlp.check(span)
                group.add(span, span_id, parent)
                group.parts.setdefault((i, j), []).append(span)
    if len(groups) > MAX_TRACES:
        raise InvalidParameter(f"At most {MAX_TRACES:,} traces per request; these are {len(groups):,}.")
    if len(groups) == 1:
        [(trace_id, group)] = groups.items()
        return [group.arrival(trace_id, body)]
    return [group.arrival(trace_id, _message(request, group)) for trace_id, group in groups.items()]


def _message(request: otlp.Message, group: _Group) -> bytes:
    """A `TracesData` with the spans of one trace, and the resources and scopes they came with."""
    found = []
    for (i, j), spans in group.parts.items():
        resource_spans = request.resource_spans[i]
        scope_spans = resource_spans.scope_spans[j]
        content = b"".join([payloads.field(2, each.SerializeToString()) for each in spans])
        if scope_spans.HasField("scope"):
            content = payloads.field(1, scope_spans.scope.SerializeToString()) + content
        content = payloads.field(2, content)
        if resource_spans.HasField("resource"):
            content = payloads.field(1, resource_spans.resource.SerializeToString()) + content
        found.append(payloads.field(1, content))
    return b"".join(found)


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
    """Tokens and cost over all spans of a trace."""
    parents: dict[bytes, bytes] = {}
    usages: dict[bytes, Usage] = {}
    costs: dict[bytes, Cost] = {}
    for span in payloads.joined(stored):
        facts = meaning.facts_of(span.attributes)
        parents[span.span_id] = span.parent_span_id
        if usage := meaning.usage_of(facts):
            usages[span.span_id] = usage
        if cost := book.cost(facts, span.start_time_unix_nano):
            costs[span.span_id] = cost
    return meaning.total(parents, usages), meaning.total(parents, costs)
