"""The built files, read once per process and kept: a few hundred kilobytes."""

import functools
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

STATIC: Final = Path(__file__).parent / "static"
_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# In the order of preference: the name in Accept-Encoding, the suffix of the file made by the build.
_REFUSED: Final = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*", re.IGNORECASE)
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))


class File(msgspec.Struct, frozen=True):
    """One file and its compressed forms, by encoding; `""` is the file as it is."""

    kind: str
    etag: str
    forms: Mapping[str, bytes]

    def best(self, accepted: str) -> tuple[str, bytes]:
        """(encoding, bytes) for an Accept-Encoding header."""
        offered = {name for name, wanted in map(_coding, accepted.split(",")) if wanted}
        for encoding, _ in _ENCODINGS:
            if encoding in offered and encoding in self.forms:
                return encoding, self.forms[encoding]
        return "", self.forms[""]


def _coding(item: str) -> tuple[str, bool]:
    """(name, whether it is wanted) of one item of Accept-Encoding: `q=0` says no (RFC 9110 §12.4.2)."""
    name, _, parameter = item.partition(";")
    return name.strip().lower(), not _REFUSED.fullmatch(parameter)


@functools.cache
def built(root: Path = STATIC) -> Mapping[str, File]:
    """Every built file by its path below the root. Empty in a checkout that was not built."""
    found = {}
    for path in sorted(root.rglob("*")):
        kind = _KINDS.get(path.suffix)
        if kind is None or not path.is_file():
            continue
        plain = path.read_bytes()
        forms = {"": plain}
        for encoding, suffix in _ENCODINGS:
            compressed = path.with_name(path.name + suffix)
            if compressed.is_file():
                forms[encoding] = compressed.read_bytes()
        name = path.relative_to(root).as_posix()
        found[name] = File(kind, f'"{hashlib.sha256(plain).hexdigest()[:20]}"', forms)
    return found
