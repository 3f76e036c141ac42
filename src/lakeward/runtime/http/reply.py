"""Answers that are not one JSON struct."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import msgspec


class Empty(msgspec.Struct):
    """`{}`."""


# On every answer, unless it says otherwise itself: nothing here is a page, a script or a picture for other sites.
SECURITY_HEADERS: Final[dict[str, str]] = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(slots=True)
class Reply:
    """A whole HTTP answer. `body` is bytes, or an async iterator of bytes sent chunk by chunk with flow control.

    Header names are lower case. An iterator needs a `content-length` in `headers` unless the length is unknown.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterator[bytes] = b""
