"""The local backend: the blocking calls of `tree` behind asyncio, with the event loop kept free.

Measured on two cores over loopback through uvicorn, a 600 MB file: pieces of 256 KiB read on the event loop while they
are in the page cache move 1.1 GB/s for 0.25 s of CPU per GB; the same pieces through a thread 0.9 GB/s for 0.38 s. So
the loop asks for cached bytes only (RESOLVE_CACHED, RWF_NOWAIT); a thread is used when the kernel would have to wait
for the disk. Writes always go to a thread, in batches, while the next batch arrives. Large files that are not cached
go past the cache (`direct`).
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from lakeward.kit.errors import NotFound, Unavailable
from lakeward.runtime.objects import direct
from lakeward.runtime.objects.kernel import read_cached, start_writeback
from lakeward.runtime.objects.records import Level, ObjectInfo, Opened
from lakeward.runtime.objects.spans import Span
from lakeward.runtime.objects.tree import Tree, discard, writing_failure

T = TypeVar("T")

_PIECE: Final = 256 << 10  # read at a time while cached; what is not larger is read in one go
_DISK_PIECE: Final = 1 << 20
_BATCH: Final = 2 << 20  # bytes gathered before a thread writes them
_WRITEBACK: Final = 8 << 20
_MAX_VECTOR: Final = 512
_SHORTER: Final = "The file became shorter while it was read."


class LocalBackend:
    """Objects as files. Threads: 16, enough to have several fsyncs in one journal commit."""

    presigns = False
    lends = False

    def __init__(self, root: Path) -> None:
        self._tree = Tree(root)
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="objects")

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def _open(self, key: str) -> tuple[int, ObjectInfo]:
        try:
            return self._tree.open_cached(key)
        except OSError:
            return await self._run(self._tree.open, key)

    async def get(self, key: str, span: Span | None) -> Opened:
        descriptor, info = await self._open(key)
        pieces = _Pieces(descriptor, self._threads)
        start, stop = (0, info.size) if span is None else span.within(info.size)
        pieces.select(start, stop)
        if stop - start > _PIECE:
            return Opened(info, start, stop, pieces)
        return Opened(info, start, stop, bytes(await anext(pieces, b"")))

    async def find(self, key: str) -> ObjectInfo | None:
        try:
            descriptor, info = await self._open(key)
        except NotFound:
            return None
        os.close(descriptor)
        return info

    async def level(self, prefix: str, after: str, limit: int | None) -> Level | None:
        return await self._run(self._tree.level, prefix, after, limit)

    async def walk(self, prefix: str) -> AsyncIterator[list[ObjectInfo]]:
        pending = [prefix]
        while pending:
            here = pending.pop()
            level = await self.level(here, "", None)
            if level is not None:
                pending += [f"{here}/{entry.name}" for entry in level.entries if entry.is_directory]
                files = [f"{here}/{entry.name}" for entry in level.entries if not entry.is_directory]
                yield await self._run(self._tree.infos, files)

    async def put(
        self, key: str, chunks: AsyncIterator[bytes], *, size: int | None, create: bool, durable: bool
    ) -> ObjectInfo:
        large = size is not None and size >= direct.LARGE
        writing = _Writing(self._tree, self._threads, key, create=create, durable=durable, large=large)
        gathered: list[bytes] = []
        count = 0
        try:
            async for chunk in chunks:
                gathered.append(chunk)
                count += len(chunk)
                if count >= _BATCH:
                    await writing.add(gathered)
                    gathered, count = [], 0
            return await writing.finish(gathered)
        except BaseException:
            writing.abandon()
            raise

    async def join(self, sources: Sequence[str], key: str, *, create: bool) -> ObjectInfo:
        return await self._run(lambda: self._tree.join(sources, key, create=create))

    async def delete(self, key: str) -> bool:
        return await self._run(self._tree.delete, key)

    async def delete_prefix(self, prefix: str) -> None:
        await self._run(self._tree.delete_prefix, prefix)

    async def lend(self, prefix: str, *, write: bool) -> None:
        """Files of this machine take no keys."""

    async def presign(self, method: str, key: str, seconds: int) -> None:
        """Files have no URL of their own."""

    def path(self, key: str) -> str:
        return f"{self._tree.root}/{key}"

    async def check(self) -> None:
        await self._run(self._tree.check)

    async def sweep(self) -> None:
        await self._run(self._tree.sweep)


class _Writing:
    """One object on its way in: a thread writes a batch while the next one arrives."""

    def __init__(
        self, tree: Tree, threads: ThreadPoolExecutor, key: str, *, create: bool, durable: bool, large: bool
    ) -> None:
        self._tree = tree
        self._threads = threads
        self._key = key
        self._create = create
        self._durable = durable
        self._large = large
        self._direct: direct.Writer | None = None
        self._descriptor = -1
        self._name = ""
        self._written = 0
        self._flushed = 0
        self._last: Future[Any] | None = None

    async def add(self, chunks: list[bytes]) -> None:
        await self._settle()
        self._last = self._threads.submit(self._append, chunks)

    async def finish(self, chunks: list[bytes]) -> ObjectInfo:
        await self._settle()
        self._last = self._threads.submit(self._commit, chunks)
        info: ObjectInfo = await asyncio.wrap_future(self._last)
        return info

    def abandon(self) -> None:
        """After a failure: remove what was written, once the thread that may still be at it is done."""
        if self._last is None or self._last.done():
            self._close()
        else:
            self._last.add_done_callback(lambda _: self._close())

    async def _settle(self) -> None:
        if self._last is not None:
            await asyncio.wrap_future(self._last)

    def _append(self, chunks: list[bytes]) -> None:
        try:
            if self._descriptor < 0:
                self._descriptor, self._name = self._tree.temporary()
                if self._large and direct.enter(self._descriptor):
                    self._direct = direct.Writer(self._descriptor)
            if self._direct is not None:
                self._direct.write(chunks)
                return
            for begin in range(0, len(chunks), _MAX_VECTOR):
                self._written += _write(self._descriptor, chunks[begin : begin + _MAX_VECTOR])
        except OSError as error:
            raise writing_failure(error) from error
        if self._durable and self._written - self._flushed >= _WRITEBACK:
            start_writeback(self._descriptor, self._flushed, self._written - self._flushed)
            self._flushed = self._written

    def _commit(self, chunks: list[bytes]) -> ObjectInfo:
        try:
            self._append(chunks)
            if self._direct is not None:
                self._direct.finish()
            return self._tree.commit(
                self._descriptor, self._name, self._key, create=self._create, durable=self._durable
            )
        except OSError as error:
            raise writing_failure(error) from error
        finally:
            self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        discard(descriptor, self._name)


class _Pieces:
    """The chosen bytes of an open file, piece by piece; closes it at the end, on `aclose`, or when dropped."""

    __slots__ = ("_ahead", "_descriptor", "_direct", "_large", "_offset", "_stop", "_threads")

    def __init__(self, descriptor: int, threads: ThreadPoolExecutor) -> None:
        self._descriptor = descriptor
        self._threads = threads
        self._offset = self._stop = 0
        self._large = False
        self._direct: direct.Reader | None = None
        self._ahead: Future[bytes] | None = None

    def select(self, start: int, stop: int) -> None:
        self._offset, self._stop = start, stop
        self._large = stop - start >= direct.LARGE

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> bytes:
        left = self._stop - self._offset
        if left <= 0 or self._descriptor < 0:
            self._close()
            raise StopAsyncIteration
        piece: bytes | None = None
        if self._direct is None:
            # A bytearray is as good as bytes to the socket, and copying a quarter megabyte is not free.
            piece = cast("bytes | None", read_cached(self._descriptor, min(_PIECE, left), self._offset))
            if piece is None and self._large and direct.enter(self._descriptor):
                self._direct = direct.Reader(self._descriptor)
            if piece is None and self._direct is None:
                reading = self._threads.submit(_read, self._descriptor, min(_DISK_PIECE, left), self._offset)
                piece = await asyncio.wrap_future(reading)
        if self._direct is not None:
            self._ahead = self._ahead or self._begin(self._direct, self._offset)
            piece = await asyncio.wrap_future(self._ahead)
            following = self._offset + len(piece)
            self._ahead = self._begin(self._direct, following) if following < self._stop else None
        assert piece is not None
        self._offset += len(piece)
        return piece

    def _begin(self, reader: direct.Reader, offset: int) -> "Future[bytes]":
        """Read the next piece past the cache while the one before is sent."""
        size = min(direct.PIECE, self._stop - offset)
        return self._threads.submit(_read_direct, reader, self._descriptor, size, offset)

    async def aclose(self) -> None:
        self._close()

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if self._ahead is not None and not self._ahead.done():  # a thread is still reading
            self._ahead.add_done_callback(lambda _: os.close(descriptor))
        elif descriptor >= 0:
            os.close(descriptor)
        self._ahead = None


def _read(descriptor: int, size: int, offset: int) -> bytes:
    try:
        piece = os.pread(descriptor, size, offset)
        while len(piece) < size:
            more = os.pread(descriptor, size - len(piece), offset + len(piece))
            if not more:
                raise Unavailable(_SHORTER)
            piece += more
    except OSError as error:
        raise Unavailable(f"The object store cannot be read: {error.strerror}.") from error
    return piece


def _read_direct(reader: direct.Reader, descriptor: int, size: int, offset: int) -> bytes:
    try:
        piece = reader.read(size, offset)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise Unavailable(f"The object store cannot be read: {error.strerror}.") from error
        direct.leave(descriptor)  # the flag was taken, the transfer is not
        return _read(descriptor, size, offset)
    if len(piece) < size:
        raise Unavailable(_SHORTER)
    return piece


def _write(descriptor: int, chunks: Sequence[bytes]) -> int:
    total = sum(map(len, chunks))
    done = os.writev(descriptor, chunks) if total else 0
    if done < total:  # a nearly full disk; rare, so simple
        rest = memoryview(b"".join(chunks))[done:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    return total
