"""What is made of the spans of a trace, until it is sent: in memory some numbers of each; on the disk what is much."""

import asyncio
import tempfile
from array import array
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Final, Self

from lakeward.kit.errors import Unavailable
from lakeward.tracing import payloads

_IN_MEMORY: Final = 8 << 20
_PIECE: Final = 256 << 10  # bytes that are sent together

Place = tuple[int, int]  # where something begins and ends


class Spool:
    """What is made of the spans of a trace, taken in the order they came; each once, the later of one that came twice.

    `write` makes it of a span.
    """

    def __init__(self, write: Callable[[Any], bytes]) -> None:
        self._write = write
        self._file: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._ids = array("Q")
        self._below = array("B")  # whether it has a parent
        self._starts = array("Q")
        self._begins = array("Q")  # where in the file each span is
        self._ends = array("Q")
        self._size = 0
        self._chosen: list[int] | None = None

    def take(self, payload: bytes) -> None:
        for span in payloads.spans_in([payload]):
            self.add(span)

    def add(self, span: Any) -> None:
        begin, end = self.put(self._write(span))
        self._ids.append(int.from_bytes(span.span_id))
        self._below.append(bool(span.parent_span_id))
        self._starts.append(span.start_time_unix_nano)
        self._begins.append(begin)
        self._ends.append(end)

    def put(self, content: bytes) -> Place:
        """Keep something; where it is."""
        begin = self._size
        try:
            self._file.write(content)
        except OSError as error:
            raise Unavailable("The server has no room for temporary files now. Retry.") from error
        self._size += len(content)
        return begin, self._size

    def at(self, place: Place) -> bytes:
        self._file.seek(place[0])
        found: bytes = self._file.read(place[1] - place[0])
        return found

    def __len__(self) -> int:
        return len(self.numbers())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    @property
    def count(self) -> int:
        """How many came."""
        return len(self._ids)

    def id_of(self, number: int) -> bytes:
        return self._ids[number].to_bytes(8)

    def numbers(self, *, as_they_came: bool = False) -> list[int]:
        """The places, among all that came, of the spans that count: the root first, then by start."""
        if as_they_came:
            return sorted(self.numbers())
        if self._chosen is None:
            latest = {span_id: number for number, span_id in enumerate(self._ids)}
            self._chosen = sorted(latest.values(), key=lambda number: (self._below[number], self._starts[number]))
        return self._chosen

    def size(self) -> int:
        """Bytes of what was made of the spans that count."""
        return sum(self._ends[number] - self._begins[number] for number in self.numbers())

    def contents(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """What was made of these spans."""
        return (self.at((self._begins[number], self._ends[number])) for number in numbers)

    def pieces(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """What was made of these spans with commas between, some at a time."""
        some: list[bytes] = []
        size = 0
        for content in self.contents(numbers):
            some.append(content)
            size += len(content)
            if size >= _PIECE:
                yield b",".join(some)
                some, size = [b""], 0  # a comma before what comes next
        if some not in ([], [b""]):
            yield b",".join(some)

    async def listed(self) -> AsyncIterator[bytes]:
        """What was made of all spans, with commas between."""
        async for piece in self.given(self.pieces(self.numbers())):
            yield piece

    async def given(self, pieces: Iterator[bytes], *, at_once: bool = True) -> AsyncIterator[bytes]:
        """Pieces that are made of this; beside the event loop where they are on the disk, or not made `at_once`."""
        if at_once and self._size <= _IN_MEMORY:
            for piece in pieces:
                yield piece
        else:
            async for piece in beside(pieces):
                yield piece


async def beside(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Pieces, of which none is empty, made beside the event loop."""
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
