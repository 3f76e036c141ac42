"""Segments on their way out of the database: the first megabytes of a question together, the others one by one."""

from typing import Final, NamedTuple

from lakeward.kit.errors import Unavailable
from lakeward.runtime.db import Tx

IN_FULL: Final = 16 << 20  # bytes of segments, as they are stored, that are fetched together


class Sealed(NamedTuple):
    """A segment. One without a payload is fetched when its turn comes."""

    number: int
    payload: bytes | None


async def payload_of(tx: Tx, segment: Sealed) -> bytes:
    if segment.payload is not None:
        return segment.payload
    found: bytes | None = await tx.fetchval("SELECT payload FROM trace_segment WHERE id = $1", segment.number)
    if found is None:
        raise Unavailable("Spans of this trace are on their way to the lake, or deleted. Retry.")
    return found
