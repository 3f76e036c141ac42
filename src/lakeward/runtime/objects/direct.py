"""Large files past the page cache (O_DIRECT): at the speed of the disk, and nothing that the database reads goes.

A gigabyte into fresh pages of a virtual machine took 3.3 s and as much CPU, because the host hands out memory page by
page; past the cache it took 1.2 s and 0.5 s of CPU. What is smaller stays in the cache, where the next reader finds it.
"""

import errno
import fcntl
import mmap
import os
from collections.abc import Sequence
from typing import Final

LARGE: Final = 64 << 20  # bytes from which a file is large
PIECE: Final = 2 << 20  # bytes of one transfer
_BLOCK: Final = 4096  # what transfers are aligned to
_FLAG: Final = getattr(os, "O_DIRECT", 0)


def enter(descriptor: int) -> bool:
    """Whether this file can be moved directly, which it is from now on."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | _FLAG)
    except OSError:  # a file system without it
        return False
    return bool(_FLAG)


def leave(descriptor: int) -> None:
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) & ~_FLAG)


class Writer:
    """Fills an empty file for which `enter` said yes. Raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = mmap.mmap(-1, PIECE)  # aligned, as direct transfers ask
        self._filled = 0

    def write(self, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                part = rest[: PIECE - self._filled]
                self._buffer[self._filled : self._filled + len(part)] = part
                self._filled += len(part)
                rest = rest[len(part) :]
                if self._filled == PIECE:
                    self._flush(PIECE)
                    self._filled = 0

    def finish(self) -> None:
        """The last bytes, which are no whole block, take the usual way."""
        whole = self._filled - self._filled % _BLOCK
        self._flush(whole)
        leave(self._descriptor)
        _write_all(self._descriptor, memoryview(self._buffer)[whole : self._filled])

    def _flush(self, size: int) -> None:
        view = memoryview(self._buffer)[:size]
        try:
            done = os.write(self._descriptor, view) if size else 0
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            done = 0  # the flag was taken, the transfer is not
        if done < size:
            leave(self._descriptor)
            _write_all(self._descriptor, view[done:])


class Reader:
    """Reads pieces of a file for which `enter` said yes, one after the other. Raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = mmap.mmap(-1, PIECE + _BLOCK)  # one for all pieces: fresh memory is what costs

    def read(self, size: int, offset: int) -> bytes:
        """`size` bytes, at most PIECE, or fewer at the end of the file."""
        before = offset % _BLOCK
        view = memoryview(self._buffer)[: -(-(before + size) // _BLOCK) * _BLOCK]
        count = os.preadv(self._descriptor, [view], offset - before)
        return bytes(view[before : min(before + size, count)])


def _write_all(descriptor: int, view: memoryview) -> None:
    while view:
        view = view[os.write(descriptor, view) :]
