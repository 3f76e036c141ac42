"""One server per data directory. The kernel drops the lock with its holder, so a kill -9 leaves nothing to clean up."""

import fcntl
import os
from pathlib import Path
from typing import Self

from lakeward.kit.errors import LakewardError


class DirectoryTaken(LakewardError):
    """Another process holds the data directory."""

    exit_code = 4


class DirectoryLock:
    """A flock on `<data>/lock`, which holds the owner's pid for people and messages."""

    def __init__(self, data: Path, descriptor: int) -> None:
        self.data = data
        self.descriptor = descriptor

    @classmethod
    def take(cls, data: Path) -> Self:
        make_data_directory(data)
        descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise DirectoryTaken(
                f"{data} is in use by another Lakeward (pid {pid}). Stop it, or start this one with another --data."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(data, descriptor)

    def forget(self) -> None:
        """In a forked child: the copy of the descriptor would keep the lock alive after the parent."""
        os.close(self.descriptor)

    def release(self) -> None:
        os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)


def make_data_directory(data: Path) -> None:
    """Private to this user; root's can be crossed, not listed, by the account that PostgreSQL runs under."""
    try:
        made = not data.exists()
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if made and os.geteuid() == 0:
            data.chmod(0o711)
    except OSError as error:
        message = f"The data directory {data} cannot be made: {error.strerror}. Choose one with --data."
        raise LakewardError(message) from error
