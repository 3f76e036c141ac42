"""OTLP's bytes as they stand: cut up where spans begin and end, and counted, before anything is made of them.

Two bytes may say that there is a span, for which protobuf takes more than a hundred. So a request is never read as a
whole: its spans are parsed a megabyte at a time, and of a large one it is known before how many messages it holds.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1 import trace_pb2

from lakeward.kit.errors import InvalidParameter, TooLarge

MAX_SPANS: Final = 100_000  # of one request, with the scopes and resources they came with
MAX_MESSAGES: Final = 2_000_000  # of one request: spans, attributes, values, events, links
_SMALL: Final = 1 << 20  # of so many bytes not much can be made; also what is parsed at a time
_MAX_DEPTH: Final = 100  # protobuf's own
# Other fields, which Python has to walk over: within spans, where texts are among them, and around them.
_MAX_OTHERS: Final = 4_000_000
_MAX_AROUND: Final = 200_000
_WRONG: Final = "The body is no OTLP trace request: its protobuf cannot be read."

Buffer = bytes | bytearray


class Scope(NamedTuple):
    """What a `ScopeSpans` is made of: its own fields, and where in the message each of its spans begins and ends."""

    scope: bytes
    spans: list[tuple[int, int]]


class Part(NamedTuple):
    """What a `ResourceSpans` is made of: its own fields, and its scopes."""

    resource: bytes
    scopes: list[Scope]


def cut(message: Buffer) -> list[Part]:
    """A `TracesData` cut up. All is as it stands in the message, so that it can be put together again.

    Raises InvalidParameter for what is no protobuf, TooLarge for more than is taken at once.
    """
    reader = _Reader(message, _MAX_AROUND)
    parts = []
    for number, _, begin, end in reader.fields(0, len(message)):
        reader.count()
        if number == 1:
            parts.append(_part(reader, begin, end))
    return parts


def _part(reader: "_Reader", begin: int, end: int) -> Part:
    own: list[Buffer] = []
    scopes: list[Scope] = []
    for number, start, inside, stop in reader.fields(begin, end):
        reader.count()
        if number == 2:
            scopes.append(_scope(reader, inside, stop))
        elif number in _OWN:
            own.append(reader.message[start:stop])
    return Part(b"".join(own), scopes)


def _scope(reader: "_Reader", begin: int, end: int) -> Scope:
    own: list[Buffer] = []
    spans: list[tuple[int, int]] = []
    for number, start, _, stop in reader.fields(begin, end):
        reader.count()
        if number == 2:
            spans.append((start, stop))
        elif number in _OWN:
            own.append(reader.message[start:stop])
    return Scope(b"".join(own), spans)


_OWN: Final = (1, 3)  # the resource or the scope, and the address of its schema


class _Reader:
    """Walks over the fields of messages, with an eye on how many there are."""

    __slots__ = ("_counted", "_others", "message")

    def __init__(self, message: Buffer, others: int) -> None:
        self.message = message
        self._counted = 0
        self._others = others  # that are left

    def count(self) -> None:
        self._counted += 1
        if self._counted > MAX_SPANS:
            raise TooLarge(f"At most {MAX_SPANS:,} spans, scopes and resources per request; send them in several.")

    def pass_over(self) -> None:
        self._others -= 1
        if self._others < 0:
            raise TooLarge("The request has too many fields; send it in several.")

    def fields(self, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """(number, start, start of the content, end) of each length-delimited field between these places."""
        message = self.message
        groups: list[int] = []  # of unknown fields, which may be nested: what is in them is not the message's
        while at < end:
            start = at
            tag = message[at]
            at += 1
            if tag >= 0x80:
                tag, at = _varint(message, start, end, 5)
            if tag & 7 == 2:
                if at >= end:
                    raise InvalidParameter(_WRONG)
                size = message[at]
                at += 1
                if size >= 0x80:  # as of most spans
                    high = message[at] if at < end else 0x80
                    if high < 0x80:
                        size += (high << 7) - 0x80
                        at += 1
                    else:
                        size, at = _varint(message, at - 1, end, 10)
                stop = at + size
                if stop > end or tag < 8:
                    raise InvalidParameter(_WRONG)
                if groups:
                    self.pass_over()
                else:
                    yield tag >> 3, start, at, stop
                at = stop
            else:
                at = self._pass(tag, at, end, groups)
        if at > end or groups:
            raise InvalidParameter(_WRONG)

    def _pass(self, tag: int, at: int, end: int, groups: list[int]) -> int:
        """Where a field that is of no interest ends."""
        self.pass_over()
        kind, number = tag & 7, tag >> 3
        if not number:
            raise InvalidParameter(_WRONG)
        if kind == 0:
            return _varint(self.message, at, end, 10)[1]
        if kind in (1, 5):
            return at + (8 if kind == 1 else 4)
        if kind == 3 and len(groups) < _MAX_DEPTH:
            groups.append(number)
        elif kind != 4 or not groups or groups.pop() != number:
            raise InvalidParameter(_WRONG)
        return at


def _varint(message: Buffer, at: int, end: int, longest: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    number = 0
    for place, byte in enumerate(message[at : min(at + longest, end)]):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    raise InvalidParameter(_WRONG)


# ── parsed ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def resource_of(part: Part) -> Any:
    return _read(trace_pb2.ResourceSpans, part.resource).resource


def spans_of(message: Buffer, given: Scope) -> Iterator[tuple[Any, tuple[int, int]]]:
    """Each span of a scope, and where it is."""
    first, size, before = 0, 0, given.scope
    for at, (start, end) in enumerate(given.spans):
        size += end - start
        if size > _SMALL and at > first:
            yield from _some(message, before, given.spans[first:at])
            first, size, before = at, end - start, b""
    yield from _some(message, before, given.spans[first:])


def _some(message: Buffer, before: bytes, places: list[tuple[int, int]]) -> Iterator[tuple[Any, tuple[int, int]]]:
    read = _read(trace_pb2.ScopeSpans, b"".join([before, *[message[start:end] for start, end in places]]))
    return zip(read.spans, places, strict=True)


def _read(kind: Any, message: bytes) -> Any:
    try:
        return kind.FromString(message)
    except DecodeError as error:
        raise InvalidParameter(_WRONG) from error


# ── counted ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# Of each kind of message: which of its fields are messages that may be many, and of which kind.
_DATA, _RESOURCE_SPANS, _RESOURCE, _SCOPE_SPANS, _SCOPE, _SPAN, _EVENT, _LINK, _PAIR, _VALUE, _LIST = range(11)
_INSIDE: Final[tuple[Mapping[int, int], ...]] = (
    {1: _RESOURCE_SPANS},
    {1: _RESOURCE, 2: _SCOPE_SPANS},
    {1: _PAIR},
    {1: _SCOPE, 2: _SPAN},
    {3: _PAIR},
    {9: _PAIR, 11: _EVENT, 13: _LINK},
    {3: _PAIR},
    {4: _PAIR},
    {2: _VALUE},
    {5: _LIST, 6: _RESOURCE},  # a list of pairs looks like a resource
    {1: _VALUE},
)
# Every such field begins with one of these bytes, whatever else they may be: so there are no more of it than of them.
_TAGS: Final = bytes({number << 3 | 2 for inside in _INSIDE for number in inside})
_NO_TAGS: Final = bytes(code for code in range(256) if code & 0x7F not in _TAGS)


def check_size(message: Buffer) -> None:
    """Refuse what would become far larger than it is. Raises TooLarge, or InvalidParameter for what is no protobuf."""
    if len(message) <= _SMALL or len(message.translate(None, _NO_TAGS)) <= MAX_MESSAGES:
        return
    reader = _Reader(message, _MAX_OTHERS)
    found = 0
    above = [(reader.fields(0, len(message)), _INSIDE[_DATA])]
    while above:
        fields, inside = above[-1]
        for number, _, begin, end in fields:
            below = inside.get(number)
            if below is None:
                reader.pass_over()
                continue
            found += 1
            if found > MAX_MESSAGES:
                raise TooLarge(
                    f"The request has more than {MAX_MESSAGES:,} spans, attributes and values; send it in several."
                )
            if begin < end:
                if len(above) == _MAX_DEPTH:
                    raise InvalidParameter("The body is nested too deeply.")
                above.append((reader.fields(begin, end), _INSIDE[below]))
                break
        else:
            above.pop()
