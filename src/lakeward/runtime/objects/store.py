"""`ObjectStore`: what features see, and the seam where payload bytes are sealed and opened."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit
from urllib.request import url2pathname

from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.objects.lending import Loan
from lakeward.runtime.objects.local import LocalBackend
from lakeward.runtime.objects.records import Backend, Level, ObjectInfo, Opened, Presigned
from lakeward.runtime.objects.spans import Span

_UNSAFE: Final = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|^\.|[\0\\]")
MARKER: Final = ".lakeward.directory"  # the object that keeps an empty directory


class ObjectStore:
    """All objects of one installation. `ObjectStore.open(settings.objects_location, settings.objects)`.

    Every byte goes in through `put` (and `join`, which moves stored bytes) and out through `get`: to encrypt objects,
    wrap the chunks of these two and let `presign` and `lend` answer None.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @classmethod
    def open(cls, url: str, options: Mapping[str, str] | None = None) -> Self:
        """A directory (path or file:// URL), or s3://bucket/prefix, gs://bucket/prefix, az://container/prefix."""
        scheme, found, _ = url.partition("://")
        if found and scheme != "file":
            # 60 ms and 4 MB that a server with a local store does not spend
            from lakeward.runtime.objects.cloud import CloudBackend  # noqa: PLC0415

            return cls(CloudBackend.open(url, options or {}))
        return cls(LocalBackend(Path(url2pathname(urlsplit(url).path) if found else url)))

    @property
    def presigns(self) -> bool:
        """Whether clients may talk to the store itself, by URLs that `presign` makes."""
        return self._backend.presigns

    @property
    def lends(self) -> bool:
        """Whether clients get keys of the store itself, by `lend`."""
        return self._backend.lends

    def close(self) -> None:
        self._backend.close()

    async def put(
        self,
        key: str,
        content: bytes | AsyncIterator[bytes],
        *,
        size: int | None = None,
        create: bool = False,
        durable: bool = True,
    ) -> ObjectInfo:
        """Store an object, replacing what had the key; with `create`, AlreadyExists if there is one.

        `size` is a hint. `durable=False` leaves it to `join` to make the bytes safe (parts of an upload).
        """
        chunks = _once(content) if isinstance(content, bytes) else content
        return await self._backend.put(_checked(key), chunks, size=size, create=create, durable=durable)

    async def get(self, key: str, span: Span | None = None) -> Opened:
        """Open an object for reading. Raises NotFound, RangeNotSatisfiable."""
        return await self._backend.get(_checked(key), span)

    async def read(self, key: str, limit: int) -> bytes:
        """A small object as a whole; one of more than `limit` bytes is refused."""
        opened = await self.get(key)
        if opened.info.size > limit:
            raise InvalidParameter(f"The file has {opened.info.size} bytes; at most {limit} can be read here.")
        if isinstance(opened.body, bytes):
            return opened.body
        return b"".join([piece async for piece in opened.body])

    async def find(self, key: str) -> ObjectInfo | None:
        return await self._backend.find(_checked(key))

    async def head(self, key: str) -> ObjectInfo:
        found = await self.find(key)
        if found is None:
            raise NotFound("There is no such file.")
        return found

    async def level(self, prefix: str, *, after: str = "", limit: int | None = None) -> Level | None:
        """The names directly below a directory, or None if it is not there. `after`: the last name seen."""
        found = await self._backend.level(_checked(prefix), after, limit)
        if found is None or all(entry.name != MARKER for entry in found.entries):
            return found
        if found.more and len(found.entries) == 1:  # the marker alone would be an empty page before others
            return await self._backend.level(prefix, MARKER, limit)
        return Level([entry for entry in found.entries if entry.name != MARKER], found.more)

    async def walk(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Every object below, in no particular order."""
        async for batch in self._backend.walk(_checked(prefix)):
            for info in batch:
                if not info.key.endswith("/" + MARKER):
                    yield info

    async def make_directory(self, prefix: str) -> None:
        await self.put(f"{prefix}/{MARKER}", b"")

    async def remove_directory(self, prefix: str) -> None:
        """Forget an empty directory that `make_directory` made."""
        await self._backend.delete(_checked(f"{prefix}/{MARKER}"))

    async def delete(self, key: str) -> bool:
        """False if there was none."""
        return await self._backend.delete(_checked(key))

    async def delete_prefix(self, prefix: str) -> None:
        """Everything below; after a crash, run it again."""
        await self._backend.delete_prefix(_checked(prefix))

    async def join(self, sources: Sequence[str], key: str, *, create: bool = False) -> ObjectInfo:
        """One durable object out of the bytes of others, in order; the others stay."""
        return await self._backend.join([_checked(source) for source in sources], _checked(key), create=create)

    async def presign(self, method: str, key: str, seconds: int) -> Presigned | None:
        """A URL of the store itself for one GET or PUT of this object; None where the store has none."""
        return await self._backend.presign(method, _checked(key), seconds)

    async def lend(self, prefix: str, *, write: bool) -> Loan | None:
        """Keys of the store itself for what is below a prefix; None where the operator lends none."""
        return await self._backend.lend(_checked(prefix), write=write)

    def path(self, key: str) -> str | None:
        """Where an object or prefix is as a plain file or directory of this machine; None where it is not."""
        return self._backend.path(_checked(key))

    async def check(self) -> None:
        """Raise Unavailable unless the store can be used now (for health and `lakeward doctor`)."""
        await self._backend.check()

    async def sweep(self) -> None:
        """Remove remains of writes that were cut off (the worker calls this now and then)."""
        await self._backend.sweep()


def _checked(key: str) -> str:
    """Keys are made by our own code; this makes a mistake there harmless."""
    if _UNSAFE.search(key):
        raise ValueError(f"not an object key: {key!r}")
    return key


async def _once(content: bytes) -> AsyncIterator[bytes]:
    if content:
        yield content
