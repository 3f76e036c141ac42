"""Statements about outlines of large traces that are kept."""

from lakeward.runtime.db import Tx

# The segments of trace $1 that are here. Of those that were moved to the lake nothing is kept.
_MADE_OF = "SELECT count(*)::int, max(id) FROM trace_segment WHERE trace_seq = $1"


async def find(tx: Tx, seq: int, prices: bytes) -> bytes | None:
    """The outline of a trace, sealed, if it is there and true."""
    found: bytes | None = await tx.fetchval(
        "SELECT outline FROM trace_outline WHERE trace_seq = $1 AND prices = $2"
        f" AND (segments, last_segment) = ({_MADE_OF})",
        seq, prices,
    )  # fmt: skip
    return found


async def made_of(tx: Tx, seq: int) -> tuple[int, int | None]:
    """(how many segments a trace has, the last of them)."""
    row = await tx.fetchrow(_MADE_OF, seq)
    return row[0], row[1]


async def keep(tx: Tx, seq: int, segments: tuple[int, int | None], prices: bytes, outline: bytes) -> None:
    """Keep the outline of a trace, if it is still there."""
    await tx.execute(
        "INSERT INTO trace_outline (trace_seq, segments, last_segment, prices, outline)"
        " SELECT seq, $2, $3, $4, $5 FROM trace WHERE seq = $1 FOR KEY SHARE"
        " ON CONFLICT (trace_seq) DO UPDATE SET segments = excluded.segments, last_segment = excluded.last_segment,"
        " prices = excluded.prices, outline = excluded.outline",
        seq, *segments, prices, outline,
    )  # fmt: skip
