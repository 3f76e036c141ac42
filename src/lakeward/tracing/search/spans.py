"""Clauses about spans: what one span of a trace must be for all of them to hold, and the bits its signature then has.

Spans are not rows, so these clauses are checked on the spans themselves. Signatures say which traces are worth it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import Comparison, Entity, Op, like_literal_runs
from lakeward.tracing import meaning, signature
from lakeward.tracing.arrivals import STATUS
from lakeward.tracing.search.vocabulary import CONTENT, SPAN_ATTRIBUTE, SPAN_FIELDS

_PLAIN: Final = re.compile(r"[^\W\d_][\w \-]*")  # a text whose bytes stand in the span as they are, however it is kept
_MAX_ALTERNATIVES: Final = 20
Alternatives = list[set[int]]  # any of these sets of bits


@dataclass(frozen=True, slots=True)
class SpanClause:
    """One clause. `key` is name, type, status, content, or an attribute behind `attributes.`."""

    key: str
    op: Op
    value: Any

    @classmethod
    def of(cls, clause: Comparison) -> "SpanClause":
        if clause.entity is Entity.ATTRIBUTE:  # text
            return cls(CONTENT, clause.op, clause.value)
        key = clause.key
        if key == CONTENT and clause.op not in (Op.LIKE, Op.ILIKE):
            raise InvalidParameter("span.content can be compared by LIKE and ILIKE.")
        if key not in (*SPAN_FIELDS, CONTENT) and not key.startswith(SPAN_ATTRIBUTE):
            raise InvalidParameter(
                f"Invalid span attribute {key!r}. Supported attributes: name, status, type,"
                " attributes.<attribute_name>."
            )
        if key == SPAN_ATTRIBUTE:
            raise InvalidParameter("Span attribute name cannot be empty after 'attributes.'")
        return cls(key, clause.op, clause.value)

    def bits(self) -> Alternatives | None:
        """The bits of whatever this clause is true for; None if it says nothing about them."""
        if self.key == "status":
            if self.op in (Op.EQ, Op.IN):
                return self._terms()
            return None
        if self.key in ("name", "type") and self.op in (Op.EQ, Op.IN):
            return self._terms()
        found: set[int] = set()
        if self.key.startswith(SPAN_ATTRIBUTE):
            found |= signature.text_positions(self.key.removeprefix(SPAN_ATTRIBUTE), folded=False)
            if self.op is Op.EQ and _PLAIN.fullmatch(self.value) and self.value.lower() not in ("true", "false"):
                found |= signature.text_positions(self.value, folded=False)
        elif self.key != "type" and self.op in (Op.LIKE, Op.ILIKE):
            for run in like_literal_runs(self.value):
                found |= signature.text_positions(run, folded=self.op is Op.ILIKE)
        return [found] if found else None

    def _terms(self) -> Alternatives | None:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        if len(values) > _MAX_ALTERNATIVES:
            return None
        found = [set(signature.term_positions(self.key, each)) for each in values]
        if self.key == "name":  # which stands in the span as it is, so that its letters say more than the whole alone
            found = [
                bits | signature.text_positions(each, folded=False) for bits, each in zip(found, values, strict=True)
            ]
        return found

    def texts(self, span: Any) -> Iterator[str]:
        """What is compared: any of these."""
        if self.key == "name":
            yield span.name
        elif self.key == "status":
            yield STATUS[span.status.code] if span.status.code < len(STATUS) else STATUS[0]
        elif self.key == "type":
            yield meaning.type_of(meaning.facts_of(span.attributes))
        elif self.key == CONTENT:
            yield text_of(span)
        else:
            wanted = self.key.removeprefix(SPAN_ATTRIBUTE)
            for attribute in span.attributes:
                if attribute.key == wanted:
                    given = meaning.plain(attribute.value)
                    yield given if isinstance(given, str) else msgspec.json.encode(given).decode()

    def holds(self, span: Any) -> bool:
        """Everything but RLIKE, which PostgreSQL decides, in time that no pattern can stretch."""
        return self.op is Op.RLIKE or any(self._compare(text) for text in self.texts(span))

    def _compare(self, text: str) -> bool:
        match self.op:
            case Op.EQ:
                return bool(text == self.value)
            case Op.NE:
                return bool(text != self.value)
            case Op.IN:
                return text in self.value
            case Op.NOT_IN:
                return text not in self.value
            case Op.LIKE:
                return like(text, self.value)
            case _:
                return like(text.lower(), self.value.lower())


def text_of(span: Any) -> str:
    """All that a span says: its name, the keys of its attributes and events, and their texts. Numbers are no text."""
    found = [span.name]
    if span.status.message:
        found.append(span.status.message)
    for attribute in span.attributes:
        found.append(attribute.key)
        _gather(attribute.value, found)
    for event in span.events:
        found.append(event.name)
        for attribute in event.attributes:
            found.append(attribute.key)
            _gather(attribute.value, found)
    return "\n".join(found)


def _gather(value: Any, found: list[str]) -> None:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        found.append(value.string_value)
    elif kind == "kvlist_value":
        for pair in value.kvlist_value.values:
            found.append(pair.key)
            _gather(pair.value, found)
    elif kind == "array_value":
        for each in value.array_value.values:
            _gather(each, found)


def like(text: str, pattern: str) -> bool:
    """SQL's LIKE, in time linear in the text for each piece of the pattern."""
    pieces = pattern.split("%")
    if len(pieces) == 1:
        return len(text) == len(pattern) and _find(text, pattern, 0) == 0
    if _find(text[: len(pieces[0])], pieces[0], 0) != 0:
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        found = _find(text, piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    last = pieces[-1]
    return len(text) - len(last) >= at and _find(text[len(text) - len(last) :], last, 0) == 0


def _find(text: str, piece: str, at: int) -> int:
    if "_" not in piece:
        return text.find(piece, at)
    found = re.compile("".join("." if each == "_" else re.escape(each) for each in piece), re.DOTALL).search(text, at)
    return found.start() if found else -1


def combined(clauses: Sequence[SpanClause]) -> Alternatives | None:
    """The bits that some span's segment has if all clauses hold; None if nothing is known."""
    found: Alternatives | None = None
    for clause in clauses:
        bits = clause.bits()
        if bits is None:
            continue
        if found is None:
            found = bits
        elif len(found) * len(bits) <= _MAX_ALTERNATIVES:
            found = [some | others for some in found for others in bits]
    return found
