"""How much JSON would become as Python's objects, before any is made: `[],` are three bytes, and seventy as a list."""

from typing import Any, Final

import msgspec

from lakeward.kit.errors import TooLarge
from lakeward.tracing.signature import numpy

MAX_VALUES: Final = 2_000_000
_SMALL: Final = 1 << 20
_AT_ONCE: Final = 64 << 10  # bytes, so that what is made of them stays in the processor's cache
_MARKS: Final = b"{[,"  # a value comes after each of these, unless it is in a text

Buffer = bytes | bytearray


def decode(body: Buffer, most: int = MAX_VALUES) -> Any:
    """The value of a JSON text. Raises TooLarge if it holds more than so many, and what msgspec raises."""
    if has_more(body, most):
        raise TooLarge(f"The JSON has more than {most:,} values; send it in several requests.")
    return msgspec.json.decode(body)


def has_more(body: Buffer, most: int) -> bool:
    """Whether there are more values in it than that."""
    if len(body) <= _SMALL or sum(body.count(mark) for mark in _MARKS) <= most:
        return False
    np = numpy()
    marks = np.zeros(256, dtype=bool)
    marks[list(_MARKS)] = True
    found = at = 0
    inside = 0  # 1 in a text
    while at < len(body) and found <= most:
        piece = body[at : at + _AT_ONCE]
        if _ends_within(piece) and len(piece) > 1:
            piece = piece[:-1]
        at += len(piece)
        codes = np.frombuffer(piece.replace(b"\\\\", b"").replace(b'\\"', b""), dtype=np.uint8)
        quotes = np.cumsum(codes == 0x22)
        found += int(np.count_nonzero(marks[codes] & ((quotes + inside) & 1 == 0)))
        inside = (inside + int(quotes[-1])) & 1 if len(quotes) else inside
    return found > most


def _ends_within(piece: Buffer) -> bool:
    """Whether the last character, a backslash, belongs to the next."""
    return (len(piece) - len(piece.rstrip(b"\\"))) % 2 == 1
