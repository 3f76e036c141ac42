"""The vocabulary of the object store, and what a backend can do."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lakeward.runtime.objects.lending import Loan
from lakeward.runtime.objects.spans import Span


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object as stored. `modified` is seconds since the epoch; `etag` changes whenever the content does."""

    key: str
    size: int
    modified: float
    etag: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in one directory level; `size` and `modified` are those of files."""

    name: str
    is_directory: bool
    size: int = 0
    modified: float = 0.0


@dataclass(frozen=True, slots=True)
class Level:
    """Entries of a directory by name (byte order); `more` says that others follow the last one."""

    entries: list[Entry]
    more: bool = False


@dataclass(slots=True)
class Opened:
    """An object open for reading: bytes `start` to `stop` of it, whole if they are few, else piece by piece.

    Iterate the body to its end or drop it; either frees what it holds.
    """

    info: ObjectInfo
    start: int
    stop: int
    body: bytes | AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Presigned:
    """A URL of the store itself for one method on one object. `scheme` (s3, gs, az) tells clients whose it is."""

    url: str
    scheme: str
    headers: Mapping[str, str]


class Backend(Protocol):
    """What `ObjectStore` needs from a kind of store. Keys are checked already; errors are those of `kit.errors`."""

    presigns: bool
    lends: bool

    async def put(
        self, key: str, chunks: AsyncIterator[bytes], *, size: int | None, create: bool, durable: bool
    ) -> ObjectInfo: ...
    async def get(self, key: str, span: Span | None) -> Opened: ...
    async def find(self, key: str) -> ObjectInfo | None: ...
    async def level(self, prefix: str, after: str, limit: int | None) -> Level | None: ...
    def walk(self, prefix: str) -> AsyncIterator[list[ObjectInfo]]: ...
    async def delete(self, key: str) -> bool: ...
    async def delete_prefix(self, prefix: str) -> None: ...
    async def join(self, sources: Sequence[str], key: str, *, create: bool) -> ObjectInfo: ...
    async def presign(self, method: str, key: str, seconds: int) -> Presigned | None: ...
    async def lend(self, prefix: str, *, write: bool) -> Loan | None: ...
    def path(self, key: str) -> str | None: ...
    async def check(self) -> None: ...
    async def sweep(self) -> None: ...
    def close(self) -> None: ...
