"""Traces that may hold some text or name, newest first, read from signatures alone.

Signatures of new segments stand side by side and are tested one by one: there are some thousand at most. Those of all
others are in blocks, whose bit planes are put together by AND, 512 bytes for each bit of the question.
"""

import heapq
import itertools
import struct
from collections.abc import Iterator, Sequence
from typing import Final

from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters
from lakeward.tracing.search.spans import Alternatives

MEMBERS: Final = 4_096  # traces in a block
PLANE: Final = MEMBERS // 8
_MEMBER: Final = struct.Struct("<qq")
_MOST_BITS: Final = 24  # of one text: more say little more
_FIRST_BLOCKS: Final = 4
_MORE_BLOCKS: Final = 64

Candidate = tuple[int, int]  # start in ms, trace seq


class Candidates:
    """A stream of candidates that only goes on as far as it is asked. `bounds`: starts in ms, either may be None."""

    def __init__(
        self, tx: Tx, experiments: list[int], bits: Alternatives, bounds: tuple[int | None, int | None]
    ) -> None:
        self._tx = tx
        self._experiments = experiments
        self._bits = [sorted(each)[:: max(1, len(each) // _MOST_BITS)][:_MOST_BITS] for each in bits]
        self._low, self._high = bounds
        self._heads: list[tuple[int, int, int, Iterator[Candidate]]] = []  # a heap: the latest start first
        self._sources = itertools.count()
        self._blocks: list[tuple[int, int]] | None = None  # (last start, id), the next one last
        self._batch = _FIRST_BLOCKS

    async def next(self, most: int) -> list[int]:
        """Up to `most` trace seqs, none if there are no more."""
        if self._blocks is None:
            await self._open()
        assert self._blocks is not None
        taken: dict[int, None] = {}
        while len(taken) < most:
            while self._blocks and (not self._heads or -self._heads[0][0] <= self._blocks[-1][0]):
                await self._more()
            if not self._heads:
                break
            _, seq, _, source = heapq.heappop(self._heads)
            taken[seq] = None
            self._push(source)
        return list(taken)

    def _push(self, source: Iterator[Candidate]) -> None:
        """Put the next candidate of a source, which has them newest first, among those to choose from."""
        for start, seq in source:
            heapq.heappush(self._heads, (-start, seq, next(self._sources), source))
            return

    @property
    def rest(self) -> int | None:
        """No candidate that is left starts later than this; None if none is left."""
        starts = [-self._heads[0][0]] if self._heads else []
        if self._blocks:
            starts.append(self._blocks[-1][0])
        return max(starts) if starts else None

    async def _open(self) -> None:
        parameters = Parameters()
        within = f"experiment_id = ANY({parameters.add(self._experiments)}::bigint[])"
        signatures = blocks = within
        if self._high is not None:
            high = parameters.add(self._high)
            signatures += f" AND start_ms <= {high}::bigint"
            blocks += f" AND first_ms <= {high}::bigint"
        if self._low is not None:
            low = parameters.add(self._low)
            signatures += f" AND start_ms >= {low}::bigint"
            blocks += f" AND last_ms >= {low}::bigint"
        tests = []
        for bits in self._bits:
            places = [parameters.add(each & ~7 | 7 - (each & 7)) for each in bits]  # PostgreSQL counts from the right
            tests.append(" AND ".join([f"get_bit(bits, {each}::bigint) = 1" for each in places]))
        rows = await self._tx.fetch(
            f"SELECT false, start_ms, trace_seq FROM trace_signature WHERE {signatures} AND (({') OR ('.join(tests)}))"
            f" UNION ALL SELECT true, last_ms, id FROM trace_block WHERE {blocks}",
            *parameters.values,
        )
        found = sorted(((start, seq) for is_block, start, seq in rows if not is_block), reverse=True)
        self._push(iter(found))
        self._blocks = sorted((last, number) for is_block, last, number in rows if is_block)

    async def _more(self) -> None:
        """Open the newest blocks that are left."""
        assert self._blocks is not None
        opened = [number for _, number in self._blocks[-self._batch :]]
        del self._blocks[-self._batch :]
        self._batch = _MORE_BLOCKS
        hits: dict[int, int] = dict.fromkeys(opened, 0)
        for bits in self._bits:
            rows = await self._tx.fetch(
                "SELECT b.id, array_agg(substr(b.planes, p * $3 + 1, $3))"
                " FROM trace_block b, unnest($2::integer[]) AS p WHERE b.id = ANY($1::bigint[]) GROUP BY b.id",
                opened, bits, PLANE,
            )  # fmt: skip
            for number, planes in rows:
                hits[number] |= _all(planes)
        found = [number for number, mask in hits.items() if mask]
        rows = await self._tx.fetch("SELECT id, members FROM trace_block WHERE id = ANY($1::bigint[])", found)
        for number, members in rows:
            self._push(self._members(members, f"{hits[number]:0{MEMBERS}b}"))

    def _members(self, members: bytes, places: str) -> Iterator[Candidate]:
        """Those of a block whose place has a 1, newest first."""
        at = places.rfind("1")
        while at >= 0:
            seq, start = _MEMBER.unpack_from(members, at * _MEMBER.size)
            if (self._high is None or start <= self._high) and (self._low is None or start >= self._low):
                yield start, seq
            at = places.rfind("1", 0, at)


def _all(planes: Sequence[bytes]) -> int:
    mask = int.from_bytes(planes[0], "big")
    for plane in planes[1:]:
        mask &= int.from_bytes(plane, "big")
    return mask


def packed(members: Sequence[Candidate]) -> bytes:
    """(start, seq) of each as `trace_block.members` holds them."""
    return b"".join([_MEMBER.pack(seq, start) for start, seq in members])


def members_of(members: bytes) -> list[int]:
    """The traces of a block."""
    return [seq for seq, _ in _MEMBER.iter_unpack(members)]
