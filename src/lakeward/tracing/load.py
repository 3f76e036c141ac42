"""What one process has in its hands: the bodies it works on, in all, and large ones one by one.

Memory so has a bound that no number of clients moves: whoever comes when it is reached is told to come back.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self, TypeVar

from lakeward.kit.errors import LimitExceeded

AT_ONCE: Final = 128 << 20  # bytes of bodies, as they were sent and as they are inside
# What takes longer than some 5 ms is read beside the event loop: a small request then waits a quarter as long while
# eight exporters send 300 kB each, and they are not slower.
SMALL: Final = 128 << 10

_aside: Final = ThreadPoolExecutor(1, "large-bodies")
T = TypeVar("T")


class Held:
    """The bytes that one request holds, among those that this process has in its hands."""

    everybodys = 0

    def __init__(self) -> None:
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        Held.everybodys -= self.size

    def take(self, more: int) -> None:
        """Whoever comes when too much is held already, is told to come back; a single request always may."""
        if Held.everybodys + more > AT_ONCE and Held.everybodys > self.size:
            raise LimitExceeded("The server is busy with other spans. Retry.")
        self.size += more
        Held.everybodys += more


async def read(size: int, work: Callable[[], T]) -> T:
    """What reading a body of that size comes to."""
    if size <= SMALL:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_aside, work)
