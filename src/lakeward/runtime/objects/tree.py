"""Files below one directory, as plain blocking calls: open, list, commit, delete; never through a symbolic link.

Durability: a file is fsynced, then renamed to its name, then the directory is fsynced, and the same for each directory
made on the way. (obstore's LocalStore syncs nothing: a file it acknowledged can be empty after a power cut.)
"""

import errno
import os
import secrets
import shutil
import stat as statistics
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from lakeward.kit.errors import AlreadyExists, Conflict, InvalidParameter, LakewardError, NotFound, Unavailable
from lakeward.runtime.objects.kernel import open_beneath, start_writeback
from lakeward.runtime.objects.records import Entry, Level, ObjectInfo

_TEMPORARY: Final = ".tmp"  # no key begins like this: keys begin with names of ours
_TRIES: Final = 100  # of a commit: concurrent deletes may remove its directory, empty as it still is
_STALE_SECONDS: Final = 24 * 3600
_READ: Final = os.O_RDONLY | os.O_NONBLOCK  # a FIFO must not hang the reader
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG})
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_GONE: Final = "The directory of the object store is gone. Bring it back, then retry."


class Tree:
    """One directory of this machine, or of a network file system that several machines mount."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = os.path.realpath(root)
        self._temporary = Path(self.root, _TEMPORARY)
        self._temporary.mkdir(exist_ok=True)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def open_cached(self, key: str) -> tuple[int, ObjectInfo]:
        """As `open`, but OSError unless the kernel knows the whole path without asking the disk."""
        return self._open(key, cached=True)

    def open(self, key: str) -> tuple[int, ObjectInfo]:
        """A descriptor for reading and what is known of the file. Raises NotFound, Unavailable."""
        try:
            return self._open(key, cached=False)
        except OSError as error:
            raise self._reading_failure(error) from error

    def _open(self, key: str, *, cached: bool) -> tuple[int, ObjectInfo]:
        descriptor = open_beneath(self.root, key, _READ, cached=cached)
        status = os.fstat(descriptor)
        if not statistics.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise FileNotFoundError(errno.ENOENT, "not a regular file")
        return descriptor, info_of(key, status)

    def _reading_failure(self, error: OSError) -> LakewardError:
        """What a failed read means. A missing root is a lost disk, not a missing object."""
        if error.errno not in _ABSENT:
            return Unavailable(f"The object store cannot be read: {error.strerror}.")
        return NotFound("There is no such file.") if self._temporary.is_dir() else Unavailable(_GONE)

    def infos(self, keys: Sequence[str]) -> list[ObjectInfo]:
        """Of those that (still) exist."""
        found = []
        for key in keys:
            with suppress(NotFound):
                descriptor, info = self.open(key)
                os.close(descriptor)
                found.append(info)
        return found

    def level(self, prefix: str, after: str, limit: int | None) -> Level | None:
        try:
            descriptor = open_beneath(self.root, prefix, _DIRECTORY)
        except OSError as error:
            failure = self._reading_failure(error)
            if isinstance(failure, NotFound):
                return None
            raise failure from error
        try:
            with os.scandir(descriptor) as found:
                names = sorted((os.fsencode(each.name), each) for each in found if not each.is_symlink())
            first = bisect_right(names, os.fsencode(after), key=lambda pair: pair[0]) if after else 0
            chosen = names[first:] if limit is None else names[first : first + limit]
            entries = [entry for _, each in chosen if (entry := _entry_of(each)) is not None]
        finally:
            os.close(descriptor)
        return Level(entries, more=first + len(chosen) < len(names))

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def temporary(self) -> tuple[int, str]:
        """A new file that no key names. Raises OSError."""
        name = f"{self._temporary}/{secrets.token_hex(16)}"
        try:
            return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640), name
        except FileNotFoundError as error:
            raise Unavailable(_GONE) from error

    def commit(self, descriptor: int, name: str, key: str, *, create: bool, durable: bool) -> ObjectInfo:
        """Give the temporary file `name` its key; with `create` only if the key is free. Raises OSError."""
        if durable:
            os.fsync(descriptor)
        directory, _, last = key.rpartition("/")
        tries = _TRIES
        while True:
            try:
                parent = self._make_directories(directory, durable=durable)
                try:
                    if create:
                        os.link(name, last, dst_dir_fd=parent, follow_symlinks=False)
                    else:
                        os.rename(name, last, dst_dir_fd=parent)
                    if durable:
                        os.fsync(parent)
                    return info_of(key, os.fstat(descriptor))
                finally:
                    os.close(parent)
            except FileNotFoundError:
                tries -= 1
                if not tries:
                    raise

    def _make_directories(self, directory: str, *, durable: bool) -> int:
        """A descriptor of the directory, made with its parents where missing."""
        with suppress(FileNotFoundError):
            return open_beneath(self.root, directory, _DIRECTORY)
        flags = _DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        here = os.open(self.root, flags)
        for part in directory.split("/"):
            try:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o750, dir_fd=here)
                    if durable:
                        os.fsync(here)
                below = os.open(part, flags, dir_fd=here)
            finally:
                os.close(here)
            here = below
        return here

    def join(self, sources: Sequence[str], key: str, *, create: bool) -> ObjectInfo:
        """One object out of the bytes of others, copied inside the kernel."""
        try:
            descriptor, name = self.temporary()
        except OSError as error:
            raise writing_failure(error) from error
        try:
            written = 0
            for source in sources:
                origin, info = self.open(source)
                try:
                    _copy(origin, descriptor, info.size)
                finally:
                    os.close(origin)
                start_writeback(descriptor, written, info.size)
                written += info.size
            return self.commit(descriptor, name, key, create=create, durable=True)
        except OSError as error:
            raise writing_failure(error) from error
        finally:
            discard(descriptor, name)

    # ── deleting ─────────────────────────────────────────────────────────────────────────────────────────────────

    def delete(self, key: str) -> bool:
        directory, _, last = key.rpartition("/")
        try:
            parent = open_beneath(self.root, directory, _DIRECTORY)
            try:
                os.unlink(last, dir_fd=parent)
                os.fsync(parent)
            finally:
                os.close(parent)
        except OSError as error:
            if error.errno in _ABSENT or error.errno == errno.EISDIR:
                return False
            raise writing_failure(error) from error
        self._prune(directory)
        return True

    def delete_prefix(self, prefix: str) -> None:
        """Everything below; what is gone already is no failure, so it can be run again after a crash."""
        try:
            os.close(open_beneath(self.root, prefix, _DIRECTORY))  # no link on the way; rmtree follows none below
            shutil.rmtree(f"{self.root}/{prefix}", onerror=_unless_gone)
        except OSError as error:
            if error.errno not in _ABSENT:
                raise writing_failure(error) from error
        self._prune(prefix.rpartition("/")[0])

    def _prune(self, directory: str) -> None:
        """Remove directories that became empty, upwards."""
        while directory:
            above, _, last = directory.rpartition("/")
            try:
                parent = open_beneath(self.root, above, _DIRECTORY)
            except OSError:
                return
            try:
                os.rmdir(last, dir_fd=parent)
            except OSError as error:
                if error.errno != errno.ENOENT:
                    return
            finally:
                os.close(parent)
            directory = above

    # ── the store itself ─────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """Raise Unavailable unless a file can be written."""
        try:
            discard(*self.temporary())
        except OSError as error:
            raise writing_failure(error) from error

    def sweep(self) -> None:
        """Remove temporary files of uploads that were cut off long ago."""
        with os.scandir(self._temporary) as found:
            for each in found:
                with suppress(FileNotFoundError):
                    if each.stat(follow_symlinks=False).st_mtime < time.time() - _STALE_SECONDS:
                        Path(each.path).unlink()


def info_of(key: str, status: os.stat_result) -> ObjectInfo:
    # Inode, time and size: two writes within one tick of the file system's clock differ in the inode.
    etag = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
    return ObjectInfo(key, status.st_size, status.st_mtime, etag)


def _entry_of(found: "os.DirEntry[str]") -> Entry | None:
    try:
        if found.is_dir(follow_symlinks=False):
            return Entry(found.name, is_directory=True)
        status = found.stat(follow_symlinks=False)
    except OSError:
        return None  # gone meanwhile
    if not statistics.S_ISREG(status.st_mode):
        return None
    return Entry(found.name, is_directory=False, size=status.st_size, modified=status.st_mtime)


def discard(descriptor: int, name: str) -> None:
    """Close and remove a temporary file, which may have got its key meanwhile."""
    if descriptor >= 0:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            Path(name).unlink()


def _copy(source: int, target: int, size: int) -> None:
    """Append `size` bytes of `source`."""
    offset = 0
    while offset < size:
        try:
            count = os.copy_file_range(source, target, min(size - offset, 64 << 20), offset)
        except (OSError, AttributeError):  # another file system, an old kernel, not Linux
            count = os.write(target, os.pread(source, 1 << 20, offset))
        if count == 0:
            raise Unavailable("A part became shorter while it was copied. Upload it again.")
        offset += count


def _unless_gone(_function: object, _path: str, failure: tuple[type[BaseException], BaseException, object]) -> None:
    if not isinstance(failure[1], FileNotFoundError):
        raise failure[1]


def writing_failure(error: OSError) -> LakewardError:
    """What a failed write means to the caller."""
    if error.errno in _FULL:
        return Unavailable("The object store is full; nothing of this file was kept. Make room, then retry.")
    if error.errno == errno.EEXIST:
        return AlreadyExists("The file exists already.", code="ALREADY_EXISTS")
    if error.errno in (errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY):
        return Conflict("The path cannot be a file: it is a directory, or a part of it is a file.")
    if error.errno in (errno.ELOOP, errno.ENAMETOOLONG, errno.EFBIG):
        return InvalidParameter(f"The file cannot be stored: {error.strerror}.")
    return Unavailable(f"The object store cannot be written: {error.strerror}.")
