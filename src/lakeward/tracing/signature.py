"""Signatures: 8,192 bits that tell which texts some spans may hold, and surely which they do not hold.

Text is cut into words, at everything that is no ASCII letter or digit; other characters than ASCII count as letters.
Each three and each five bytes of a word, in lower case, set a bit, so that any part of a word finds the word. Names
that are asked for as a whole (of spans, types) set four bits of their own. A question asks for the bits it needs;
whatever has them is looked at, as bits of different texts may meet.
"""

import functools
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

BITS: Final = 8_192
SIZE: Final = BITS // 8
FULL: Final = b"\xff" * SIZE  # anything may be in there
_MAX_TEXT: Final = 4 << 20
_BLANK: Final = 0x20
_WORDS: Final = bytes(
    code | 0x20 if 0x41 <= code <= 0x5A else code if code >= 0x80 or chr(code).isalnum() else _BLANK
    for code in range(256)
)
# A bit is the upper 13 bits of a sum of products of 16 bits.
_FACTORS: Final = (0x9E37, 0x85EB, 0xC2B3, 0x27D5, 0x1657)
_WIDTHS: Final = (3, 5)
_SHIFT: Final = 16 - 13
_AT_ONCE: Final = 64 << 10  # bytes, so that what is made of them stays in the processor's cache
_KNOWN: Final = 1_024  # sets of names of which a process remembers the bits, if they are short
_SHORT: Final = 2_000  # characters of all names together


@functools.cache
def numpy() -> Any:
    """Ten times as fast as Python's own loops; loaded where spans are taken in or summed up, when first needed."""
    import numpy as np  # noqa: PLC0415

    return np


def term_positions(kind: str, value: str) -> list[int]:
    """The bits of a name as a whole."""
    digest = blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return [int.from_bytes(digest[at : at + 2], "big") % BITS for at in range(0, 8, 2)]


@functools.lru_cache(_KNOWN)
def _positions(terms: frozenset[tuple[str, str]]) -> Any:
    """The bits of names, as an array."""
    return numpy().array([place for term in terms for place in term_positions(*term)], dtype=int)


def sign(text: bytes, terms: frozenset[tuple[str, str]]) -> bytes:
    """The signature of a text and of (kind, name) pairs."""
    if len(text) > _MAX_TEXT:
        return FULL
    np = numpy()
    flags = np.zeros(BITS, dtype=bool)
    short = sum([len(value) for _, value in terms]) <= _SHORT
    flags[(_positions if short else _positions.__wrapped__)(terms)] = True
    words = text.translate(_WORDS)
    for at in range(0, len(words), _AT_ONCE):
        _mark(np, words[at : at + _AT_ONCE + _WIDTHS[-1] - 1], flags)
    packed: bytes = np.packbits(flags).tobytes()
    return packed


def _mark(np: Any, words: bytes, flags: Any) -> None:
    """Set the bits of words, most of them many times over.

    What is no word sets the first bit, which so says nothing: that is faster than to leave it out. Sums are of 16 bits
    and wrap; only the places themselves are as wide as NumPy wants indexes to be.
    """
    codes = np.frombuffer(words, dtype=np.uint8).astype(np.uint16)
    letters = inside = (codes != _BLANK).astype(np.uint16)
    sums = codes * np.uint16(_FACTORS[0])
    for at in range(1, _WIDTHS[-1]):
        sums = sums[:-1]
        sums += codes[at:] * np.uint16(_FACTORS[at])
        inside = inside[:-1] & letters[at:]
        if at + 1 in _WIDTHS:
            flags[((sums >> _SHIFT) * inside).astype(np.intp)] = True


def text_positions(text: str, *, folded: bool) -> set[int]:
    """The bits that whatever contains this text has. `folded`: in whatever case, which is known of ASCII alone."""
    found: set[int] = set()
    for word in text.encode("utf-8", "surrogatepass").translate(_WORDS).split():
        if folded and not word.isascii():
            continue
        for width in _WIDTHS:
            for at in range(len(word) - width + 1):
                total = sum(code * factor for code, factor in zip(word[at : at + width], _FACTORS, strict=False))
                found.add((total & 0xFFFF) >> _SHIFT)
    return found


def transposed(signatures: Sequence[bytes], members: int) -> bytes:
    """Bit planes: bit m of plane b, from the left, is bit b of signature m; `members` of them, the rest empty."""
    np = numpy()
    table = np.zeros((members, SIZE), dtype=np.uint8)
    table[: len(signatures)] = np.frombuffer(b"".join(signatures), dtype=np.uint8).reshape(-1, SIZE)
    planes = []
    for column in range(0, SIZE, 64):  # in strips, so that it takes two megabytes and not thirty
        bits = np.unpackbits(table[:, column : column + 64], axis=1)
        planes.append(np.packbits(bits.T.copy(), axis=1).tobytes())
    return b"".join(planes)
