"""Files of versions for clients of open-source Unity Catalog.

Such a client (`uc:` in mlflow) knows a server that keeps names, not one that hands out files: it reads and writes the
storage location itself. That can be a directory, for clients on the server's own machine, or a prefix of a cloud that
lends keys. What it writes goes into an exchange directory of the version, and from there to its place when the version
is finalized: keys that were lent may still write then. What it reads are the objects themselves. Elsewhere it sees
everything but the files.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from lakeward import artifacts
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.registry import files
from lakeward.registry.records import PENDING, READY, FilesId, ModelVersion
from lakeward.runtime.db import Tx
from lakeward.runtime.objects import ObjectStore

_FOLDER: Final = "exchange"
_PIECE: Final = 1 << 20
_STALE_SECONDS: Final = 2 * 24 * 3600


async def opened(objects: ObjectStore, root: str, data: Path, version: ModelVersion, *, here: bool) -> str | None:
    """Where such a client puts the files of a PENDING version; `here`: it is on this machine."""
    if version.files_id is None:
        return None
    if objects.lends:
        return _url(root, _key(version.files_id))
    if not here:
        return None
    directory = _directory(data, version.files_id)
    await asyncio.to_thread(directory.mkdir, 0o700, parents=True, exist_ok=True)
    return directory.as_uri()


async def location(
    tx: Tx, objects: ObjectStore, root: str, workspace: int, version: ModelVersion, *, here: bool
) -> str | None:
    """Where such a client reads the files of a READY version; None if it gets nowhere."""
    if version.status != READY:
        return None
    try:
        prefix = await files.prefix_of(tx, workspace, version)
    except NotFound:  # they are where the source says, wherever that is
        return version.source if here and version.source.startswith("file:") else None
    if objects.lends:
        return _url(root, prefix)
    path = objects.path(prefix) if here else None
    return None if path is None else Path(path).as_uri()


async def prefix(tx: Tx, workspace: int, version: ModelVersion, *, write: bool) -> str | None:
    """What keys are lent for; None where there is nothing of this version in the object store."""
    if write:
        return None if version.files_id is None else _key(version.files_id)
    try:
        return await files.prefix_of(tx, workspace, version)
    except NotFound:
        return None


async def take(objects: ObjectStore, data: Path, workspace: int, version: ModelVersion) -> None:
    """What was put into the exchange directory becomes the files of a PENDING version."""
    if version.files_id is None or version.status != PENDING:
        return
    if objects.lends:
        await _take_lent(objects, workspace, version.files_id)
        return
    directory = _directory(data, version.files_id)
    for path, rest in await asyncio.to_thread(_found, directory):
        key = "/".join((files.prefix(workspace, version.files_id), *artifacts.parse(rest)))
        await objects.put(key, _pieces(path))
    await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


async def _take_lent(objects: ObjectStore, workspace: int, files_id: FilesId) -> None:
    top, home = _key(files_id), files.prefix(workspace, files_id)
    async for info in objects.walk(top):
        await objects.join([info.key], "/".join((home, *artifacts.parse(info.key.removeprefix(f"{top}/")))))
    await objects.delete_prefix(top)


async def sweep(objects: ObjectStore, data: Path) -> None:
    """Remove directories of versions that nobody finalized."""
    await asyncio.to_thread(_sweep, data / _FOLDER)
    if objects.lends:
        async for info in objects.walk(_FOLDER):
            if info.modified < time.time() - _STALE_SECONDS:
                await objects.delete(info.key)


def _key(files_id: FilesId) -> str:
    return f"{_FOLDER}/{files_id}"


def _url(root: str, key: str) -> str:
    return f"{root.rstrip('/')}/{key}"


def _directory(data: Path, files_id: FilesId) -> Path:
    return data.absolute() / _FOLDER / files_id


def _found(directory: Path) -> list[tuple[Path, str]]:
    """Every file below with its path from here. Links lead out of here, so they are refused."""
    found = []
    for folder, folders, names in os.walk(directory):
        for name in (*folders, *names):
            path = Path(folder, name)
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise InvalidParameter(f"{path.name!r} is no file; a model holds files and directories only.")
        found += [(Path(folder, name), Path(folder, name).relative_to(directory).as_posix()) for name in names]
    return found


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    descriptor = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        while piece := await asyncio.to_thread(os.read, descriptor, _PIECE):
            yield piece
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    with suppress(OSError):  # gone meanwhile, or not there at all
        for each in folder.iterdir():
            if each.stat().st_mtime < time.time() - _STALE_SECONDS:
                shutil.rmtree(each, ignore_errors=True)
