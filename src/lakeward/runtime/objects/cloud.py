"""The cloud backend: S3, GCS and Azure through obstore.

Objects are read in ranged pieces, each of which must carry the ETag of the first: an object of any size comes through
with two pieces in memory, a slow reader meets no request time-out, and a piece that fails is asked for again. Large
objects are written by the store's own multipart upload, of which nothing is visible before it is complete.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, Self, TypeVar

import obstore
from obstore import exceptions
from obstore.store import from_url

from lakeward.kit.errors import AlreadyExists, NotFound, Unavailable
from lakeward.runtime.objects.lending import OPTIONS as LENDING
from lakeward.runtime.objects.lending import Lender, Loan
from lakeward.runtime.objects.records import Entry, Level, ObjectInfo, Opened, Presigned
from lakeward.runtime.objects.spans import Span
from lakeward.runtime.settings import SettingError

T = TypeVar("T")

_PIECE: Final = 8 << 20
_SINGLE: Final = 8 << 20  # an object up to this size is written with one request
_PARTS: Final = 9_000  # S3 takes 10,000 parts; sizes are hints
_CONCURRENCY: Final = 4  # parts under way at once: four times 8 MiB in memory per upload
_AZURE_PUT: Final = {"x-ms-blob-type": "BlockBlob"}  # Azure refuses a PUT without it
_CLIENT: Final = {"connect_timeout": "5s", "timeout": "120s"}
_RETRIES: Final = {"max_retries": 5, "retry_timeout": timedelta(seconds=30)}


class CloudBackend:
    """One bucket or container, below an optional prefix."""

    def __init__(self, store: Any, scheme: str, lender: Lender | None, *, presigns: bool) -> None:
        self._store = store
        self._lender = lender
        self.lends = lender is not None
        self._scheme = scheme
        self.presigns = presigns

    @classmethod
    def open(cls, url: str, options: Mapping[str, str]) -> Self:
        """`options` are obstore's (endpoint, region, access_key_id …) and some of ours.

        `presign = false` keeps clients from the store where they cannot reach it; `allow_http` follows the endpoint;
        with `lend_role` they get keys for single prefixes.
        """
        lender = Lender.open(url, options)
        config = {name: value for name, value in options.items() if name not in LENDING}
        client: dict[str, Any] = dict(_CLIENT)
        client["allow_http"] = _truth(config.pop("allow_http", str(config.get("endpoint", "").startswith("http://"))))
        presigns = _truth(config.pop("presign", "true"))
        try:
            store = from_url(url, config=config, client_options=client, retry_config=_RETRIES)  # type: ignore[call-overload]  # one of three stores
        except (exceptions.BaseError, ValueError) as error:
            raise SettingError(f"The object store {url.partition('://')[0]}:// refuses its options: {error}") from error
        return cls(store, url.partition("://")[0], lender, presigns=presigns)

    def close(self) -> None:
        """Connections belong to obstore."""

    async def get(self, key: str, span: Span | None) -> Opened:
        with translated():
            first = await self._first(key, span)
            if first is None:  # empty, or a range outside of it
                info = await self._head(key)
                start, stop = (0, 0) if span is None and not info.size else (span or Span()).within(info.size)
                if start < stop:  # the store failed in words that speak of a range
                    raise Unavailable("The object could not be read. Retry.")
                return Opened(info, start, stop, b"")
            info = _info(first.meta)
            start, stop = (0, info.size) if span is None else span.within(info.size)
            content = bytes(await first.bytes_async())
        if start + len(content) >= stop:
            return Opened(info, start, stop, content[: stop - start])
        return Opened(info, start, stop, self._pieces(info, content, start, stop))

    async def _first(self, key: str, span: Span | None) -> Any:
        """The answer that holds the first piece and what is known of the object; None if there is no such byte."""
        wanted: Any = (0, _PIECE)
        if span is not None and span.suffix is not None:
            if not 0 < span.suffix <= _PIECE:
                info = await self._head(key)
                start, _ = span.within(info.size)
                wanted = (start, start + _PIECE)
            else:
                wanted = {"suffix": span.suffix}
        elif span is not None:
            last = span.first + _PIECE - 1 if span.last is None else min(span.last, span.first + _PIECE - 1)
            wanted = (span.first, last + 1)
        try:
            return await obstore.get_async(self._store, key, options={"range": wanted})
        except exceptions.GenericError as error:
            if "416" in str(error) or "range" in str(error).lower():
                return None
            raise

    async def _pieces(self, info: ObjectInfo, content: bytes, start: int, stop: int) -> AsyncIterator[bytes]:
        offset = start + len(content)
        ahead = self._ahead(info, offset, stop)
        try:
            while content:
                yield content
                content = await ahead if ahead is not None else b""
                offset += len(content)
                ahead = self._ahead(info, offset, stop)
        finally:
            if ahead is not None:
                ahead.cancel()

    def _ahead(self, info: ObjectInfo, offset: int, stop: int) -> "asyncio.Task[bytes] | None":
        return asyncio.create_task(self._piece(info, offset, min(offset + _PIECE, stop))) if offset < stop else None

    async def _piece(self, info: ObjectInfo, start: int, stop: int) -> bytes:
        with translated():
            found = await obstore.get_async(
                self._store, info.key, options={"range": (start, stop), "if_match": f'"{info.etag}"'}
            )
            return bytes(await found.bytes_async())

    async def _head(self, key: str) -> ObjectInfo:
        return _info(await obstore.head_async(self._store, key))

    async def find(self, key: str) -> ObjectInfo | None:
        try:
            with translated():
                return await self._head(key)
        except NotFound:
            return None

    async def level(self, prefix: str, after: str, limit: int | None) -> Level | None:
        """The store lists a whole level, a thousand names per request, so each page costs as much as all of them."""
        with translated():
            found = await obstore.list_with_delimiter_async(self._store, prefix)
        cut = len(prefix) + 1
        entries = [Entry(path[cut:], is_directory=True) for path in found["common_prefixes"]]
        entries += [
            Entry(each["path"][cut:], is_directory=False, size=each["size"], modified=each["last_modified"].timestamp())
            for each in found["objects"]
        ]
        if not entries:
            return None
        entries.sort(key=lambda entry: entry.name.encode())
        rest = [entry for entry in entries if entry.name.encode() > after.encode()] if after else entries
        chosen = rest if limit is None else rest[:limit]
        return Level(chosen, more=len(chosen) < len(rest))

    async def walk(self, prefix: str) -> AsyncIterator[list[ObjectInfo]]:
        with translated():
            async for batch in obstore.list(self._store, prefix, chunk_size=1000):
                yield [_info(each) for each in batch]

    async def put(
        self, key: str, chunks: AsyncIterator[bytes], *, size: int | None, create: bool, durable: bool
    ) -> ObjectInfo:
        del durable  # a cloud store acknowledges nothing else
        gathered: list[bytes] = []
        count = 0
        complete = True
        async for chunk in chunks:
            gathered.append(chunk)
            count += len(chunk)
            if count > _SINGLE:
                complete = False
                break
        with translated():
            if complete:
                mode: Any = "create" if create else "overwrite"
                await obstore.put_async(self._store, key, b"".join(gathered), use_multipart=False, mode=mode)
            else:
                if create and await self.find(key) is not None:
                    raise AlreadyExists("The file exists already.", code="ALREADY_EXISTS")
                part = max(_SINGLE, -(-(size or 0) // _PARTS))
                source = _Source(gathered, chunks)
                await source.failing_as_itself(
                    obstore.put_async(self._store, key, source, chunk_size=part, max_concurrency=_CONCURRENCY)
                )
            return await self._head(key)

    async def join(self, sources: Sequence[str], key: str, *, create: bool) -> ObjectInfo:
        size = 0
        for source in sources:
            found = await self.find(source)
            if found is None:
                raise NotFound("A part is missing. Upload it again.")
            size += found.size
        joined = await self.put(key, self._contents(sources), size=size, create=create, durable=True)
        if joined.size != size:
            await self.delete(key)
            raise Unavailable("The parts could not be read whole. Retry.")
        return joined

    async def _contents(self, sources: Sequence[str]) -> AsyncIterator[bytes]:
        for source in sources:
            opened = await self.get(source, None)
            if isinstance(opened.body, bytes):
                yield opened.body
            else:
                async for piece in opened.body:
                    yield piece

    async def delete(self, key: str) -> bool:
        if await self.find(key) is None:
            return False
        with translated():
            await obstore.delete_async(self._store, key)
        return True

    async def delete_prefix(self, prefix: str) -> None:
        async for batch in self.walk(prefix):
            with translated():
                await obstore.delete_async(self._store, [info.key for info in batch])

    async def presign(self, method: str, key: str, seconds: int) -> Presigned | None:
        if not self.presigns:
            return None
        with translated():
            url: str = await obstore.sign_async(self._store, method, key, timedelta(seconds=seconds))  # type: ignore[call-overload]  # GET or PUT
        return Presigned(url, self._scheme, _AZURE_PUT if (self._scheme, method) == ("az", "PUT") else {})

    async def lend(self, prefix: str, *, write: bool) -> Loan | None:
        return None if self._lender is None else await self._lender.lend(prefix, write=write)

    def path(self, key: str) -> None:
        """Objects are no files."""

    async def check(self) -> None:
        """A question that costs nothing to answer: health is asked every few seconds."""
        await self.find("check/nothing")

    async def sweep(self) -> None:
        """The bucket's own lifecycle rule removes incomplete multipart uploads."""


class _Source:
    """Chunks for obstore, which reports a failure of its source as a failure of its own; this keeps the real one."""

    def __init__(self, gathered: list[bytes], rest: AsyncIterator[bytes]) -> None:
        self._gathered = gathered[::-1]
        self._rest = rest
        self._failure: BaseException | None = None

    def __aiter__(self) -> "_Source":
        return self

    async def __anext__(self) -> bytes:
        if self._gathered:
            return self._gathered.pop()
        try:
            return await anext(self._rest)
        except StopAsyncIteration:
            raise
        except BaseException as failure:
            self._failure = failure
            raise

    async def failing_as_itself(self, writing: Awaitable[T]) -> T:
        try:
            return await writing
        except Exception:
            if self._failure is not None:
                raise self._failure from None
            raise


def _truth(text: str) -> bool:
    return text.strip().lower() in ("true", "1", "yes", "on")


def _info(meta: Any) -> ObjectInfo:
    etag = (meta["e_tag"] or "").removeprefix("W/").strip('"')
    return ObjectInfo(meta["path"], meta["size"], meta["last_modified"].timestamp(), etag)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the store's errors as ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("There is no such file.") from error
    except exceptions.AlreadyExistsError as error:
        raise AlreadyExists("The file exists already.", code="ALREADY_EXISTS") from error
    except exceptions.PreconditionError as error:
        raise Unavailable("The file was replaced while it was read. Retry.") from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise Unavailable("The object store refuses this server's credentials.") from error
    except (exceptions.BaseError, OSError) as error:
        raise Unavailable("The object store cannot be used at the moment. Retry.") from error
