"""Master keys: where they are, how the first one is made, and how another one takes over.

A source is a file or `env:NAME`. It holds keys of 256 random bits as base64, the newest first, one a line in a file or
with commas between in a variable. Nothing is derived from a password, so no weak one exists. A key is known by its
fingerprint. The file is the owner's alone; it appears whole or not at all, and of two processes that make it at once
the second takes what the first has made.
"""

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lakeward.kit.errors import Conflict, LakewardError

KEY_BYTES: Final = 32
ENVIRONMENT: Final = "env:"
_HEADING = "# Lakeward's master keys, the newest first. Who has this file and the database can read every secret.\n"


class KeyMissing(Conflict):
    """The database holds what was wrapped by a master key that is not here, or no usable key is."""

    code = "KEY_UNAVAILABLE"
    exit_code = 2


class MasterKeys:
    """The keys of one source. `first` is the one that wraps what is new, once the database agrees."""

    def __init__(self, source: str, keys: Mapping[str, bytes]) -> None:
        self.source = source
        self._keys = dict(keys)

    def __repr__(self) -> str:
        return f"MasterKeys({self.source!r}, {list(self._keys)})"

    def __contains__(self, fingerprint: str) -> bool:
        return fingerprint in self._keys

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def first(self) -> str:
        return next(iter(self._keys))

    @property
    def fingerprints(self) -> list[str]:
        return list(self._keys)

    def key(self, fingerprint: str) -> bytes:
        try:
            return self._keys[fingerprint]
        except KeyError:
            raise missing([fingerprint], self.source) from None

    @classmethod
    def read(cls, source: str) -> "MasterKeys":
        """The keys that are there now, none of a file that is not. Raises KeyMissing for what is no key."""
        if source.startswith(ENVIRONMENT):
            text = os.environ.get(source.removeprefix(ENVIRONMENT), "")
            return cls(source, _parsed(text.replace(",", "\n"), source))
        path = Path(source)
        try:
            with path.open(encoding="ascii") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o022:
                    raise KeyMissing(
                        f"Others may write the key file {path}. Take that right from them: chmod 600 {path}"
                    )
                text = file.read()
        except FileNotFoundError:
            return cls(source, {})
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise KeyMissing(f"The key file {path} cannot be read: {reason}.") from error
        return cls(source, _parsed(text, source))

    @classmethod
    def read_or_make(cls, source: str) -> "MasterKeys":
        """As `read`, but a file that is not there is made, with one new key."""
        found = cls.read(source)
        if found:
            return found
        if source.startswith(ENVIRONMENT):
            name = source.removeprefix(ENVIRONMENT)
            raise KeyMissing(f"The variable {name} holds no key. Make one: {name}=$(openssl rand -base64 {KEY_BYTES})")
        with contextlib.suppress(FileExistsError):  # another process was first, and its file is whole
            _place(Path(source), [new_key()], replace=False)
        return cls.read(source)

    def with_new(self) -> "MasterKeys":
        """These keys and a new one before them, on disk when this returns."""
        if self.source.startswith(ENVIRONMENT):
            name = self.source.removeprefix(ENVIRONMENT)
            raise KeyMissing(
                f"Put a new key before the others, with a comma between, into {name} for every process, and call this"
                f" again. A new key: openssl rand -base64 {KEY_BYTES}"
            )
        return self._rewritten([new_key(), *self._keys.values()])

    def without(self, fingerprints: set[str]) -> "MasterKeys":
        return self._rewritten([key for name, key in self._keys.items() if name not in fingerprints])

    def _rewritten(self, keys: list[bytes]) -> "MasterKeys":
        _place(Path(self.source), keys, replace=True)
        return MasterKeys.read(self.source)


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"lakeward master key\x00" + key).hexdigest()[:16]


def missing(fingerprints: list[str], source: str) -> KeyMissing:
    names = ", ".join(sorted(fingerprints))
    return KeyMissing(
        f"The database holds secrets that were encrypted under the master key {names}, which is not in {source}. Bring"
        " back that file from its backup, or copy it from the machine that made it: without it they cannot be read."
    )


def _parsed(text: str, source: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for line in text.splitlines():
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        try:
            key = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES or len(set(key)) < KEY_BYTES // 4:  # random ones have 30 different bytes
            raise KeyMissing(f"{source} holds something that is no key: each must be {KEY_BYTES} random bytes, base64.")
        keys[fingerprint(key)] = key
    return keys


def _place(path: Path, keys: list[bytes], *, replace: bool) -> None:
    """Write the file so that it is there whole or not at all, even if the machine stops now."""
    text = _HEADING + "".join(base64.b64encode(key).decode() + "\n" for key in keys)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except FileExistsError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        draft.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> LakewardError:
    return KeyMissing(f"The key file {path} cannot be written: {error.strerror}.")
