"""Page tokens: where the next page begins, as one opaque word.

A token carries the sort values of the last row seen (keyset paging), so a page costs the same wherever it is and rows
written meanwhile neither repeat nor hide others. It is bound to its query by a digest of `context`; with another
filter or order it is refused instead of answering nonsense. It grants nothing: a caller who forges one only chooses
where to start reading what that caller may read anyway, so it is not signed.

Layout, before base64: version (1 byte) · digest of the context (8) · digest of all the rest (4) · MessagePack array.
"""

import base64
import binascii
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from lakeward.kit.errors import InvalidParameter

Part = int | float | str | None

VERSION = b"\x01"
MAX_TOKEN = 200_000  # characters; sort values are params of 6,000 and tags of 8,000 characters
_BODY = 1 + 8 + 4

_decoder = msgspec.msgpack.Decoder(list[Part])


def context_of(*words: object) -> bytes:
    """A digest of what defines a query: any words, lists or tuples of plain values, compared as they are."""
    return blake2b(repr(words).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def encode(parts: Sequence[Part], context: bytes) -> str:
    """`context` is what `context_of` gives. Integers are of 64 bits."""
    body = msgspec.msgpack.encode(list(parts))
    head = VERSION + context
    token = base64.urlsafe_b64encode(head + _checksum(head, body) + body).rstrip(b"=").decode()
    if len(token) > MAX_TOKEN:
        raise InvalidParameter("The values this search is ordered by are too long to page through; order by fewer.")
    return token


def decode(token: str, context: bytes, kinds: Sequence[type] | None = None) -> list[Part]:
    """The parts, or InvalidParameter: not a token, the token of another query, or not parts of these types."""
    if len(token) > MAX_TOKEN:
        raise InvalidParameter(f"The page token is {len(token):,} characters long and none of this server.")
    try:
        # `=` may come back percent-encoded or not at all, so tokens have none; clients may add it again.
        raw = base64.b64decode(token.rstrip("=") + "=" * (-len(token.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _garbage(token) from None
    head, checksum, body = raw[:9], raw[9:_BODY], raw[_BODY:]
    if head[:1] != VERSION or checksum != _checksum(head, body):
        raise _garbage(token)
    if head[1:] != context:
        raise InvalidParameter(
            "The page token belongs to another search: the filter, the order or the experiments changed since. "
            "Start again without a page token."
        )
    try:
        parts = _decoder.decode(body)
    except msgspec.DecodeError:
        raise _garbage(token) from None
    if kinds is not None and [type(part) for part in parts] != list(kinds):
        raise misfit()
    return parts


def misfit() -> InvalidParameter:
    """For parts that this server can never have put into a token of this query."""
    return InvalidParameter("The page token does not fit this search. Start again without a page token.")


def page_size(max_results: int | None, default: int, most: int) -> int:
    if max_results is None:
        return default
    if not 1 <= max_results <= most:
        raise InvalidParameter(
            f"Invalid value {max_results} for parameter 'max_results': it must be between 1 and {most}."
        )
    return max_results


def _checksum(head: bytes, body: bytes) -> bytes:
    return blake2b(head + body, digest_size=4).digest()


def _garbage(token: str) -> InvalidParameter:
    shown = token if len(token) <= 40 else token[:39] + "…"
    return InvalidParameter(f"{shown!r} is not a page token of this server. Start again without a page token.")
