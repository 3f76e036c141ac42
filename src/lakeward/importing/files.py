"""Files: from the source to the object store, piece by piece, with the SHA-256 of what was sent."""

import hashlib
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from lakeward import artifacts
from lakeward.importing import store
from lakeward.importing.moving import Move, in_parallel
from lakeward.importing.records import File, Kept
from lakeward.importing.source import SourceError


class Tree(NamedTuple):
    """Files that belong together: what they are called, where their objects are, and how the source gives them."""

    kind: str
    owner: str
    prefix: str
    files: Callable[[], AsyncIterator[File]]
    locate: Callable[[str], tuple[str, dict[str, str]]]

    def key(self, path: str) -> str:
        """Of the object. Raises InvalidParameter for a path that no client could ask for."""
        return "/".join((self.prefix, *artifacts.parse(path)))


async def bring(move: Move, tree: Tree) -> None:
    """Every file that is not here as the source has it."""
    known: dict[str, Kept] = {}
    if not move.wanted.again:
        async with move.db.connection() as tx:
            known = await store.files_below(tx, move.number, tree.prefix)

    async def one(file: File) -> None:
        await move.attempt(f"file {file.path!r} of {tree.owner}", lambda: _bring(move, tree, file, known))

    await in_parallel(tree.files(), one, move.source.connections)


async def _bring(move: Move, tree: Tree, file: File, known: dict[str, Kept]) -> None:
    key = tree.key(file.path)
    before = known.get(key)
    if before is not None and file.size in (None, before.size):
        found = await move.objects.find(key)
        if found is not None and found.size == before.size:
            return
    kept = await move.source.retrying(lambda: _copy(move, tree, file, key))
    if file.size is not None and kept.size != file.size:
        raise SourceError(f"it has {file.size} bytes in the list, and {kept.size} were sent")
    async with move.db.connection() as tx:
        await store.keep_file(tx, move.number, key, kept)
    move.brought(tree.kind)
    move.brought("bytes", kept.size)


async def _copy(move: Move, tree: Tree, file: File, key: str) -> Kept:
    digest = hashlib.sha256()
    size = 0
    failed: list[Exception] = []
    path, params = tree.locate(file.path)
    async with move.source.stream(path, params) as chunks:

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            try:
                async for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
            except Exception as error:
                failed.append(error)
                raise

        try:
            await move.objects.put(key, counted(), size=file.size)
        except Exception:
            if failed:  # a store may call it something else
                raise failed[0] from None
            raise
    return Kept(size, digest.digest())


async def read(move: Move, key: str) -> Kept | None:
    """Size and SHA-256 of an object as it is here now; None if there is none."""
    found = await move.objects.find(key)
    if found is None:
        return None
    opened = await move.objects.get(key)
    if isinstance(opened.body, bytes):
        return Kept(len(opened.body), hashlib.sha256(opened.body).digest())
    digest = hashlib.sha256()
    size = 0
    async for chunk in opened.body:
        digest.update(chunk)
        size += len(chunk)
    return Kept(size, digest.digest())
