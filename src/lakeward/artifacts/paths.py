"""Paths of artifacts as callers write them, and which are refused in every transport.

A path is percent-decoded once before it comes here. It becomes segments that mean nothing to any file system: no `.` or
`..`, nothing empty, no backslash, no control character. The same must hold for what the path turns into when some later
layer decodes it again or folds Unicode (NFKC makes `/` of a full-width solidus and `..` of a two-dot leader). All other
names are kept byte by byte, percent signs included.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.objects import MARKER

Segments = tuple[str, ...]

MAX_SEGMENT: Final = 255  # bytes: what file systems take
MAX_PATH: Final = 1024  # bytes: what object stores take
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
# compat(mlflow 2.22): `log_image` names files `key%step%10%timestamp%1795…`, which decodes to others than these
_ENCODED_CONTROL: Final = re.compile("%(0[0-9a-f]|7f)", re.IGNORECASE)
_DRIVE: Final = re.compile("[A-Za-z]:")
_DECODINGS: Final = 4
# Most paths: nothing in them could mean anything else to anybody.
_PLAIN: Final = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_. =+,@-]{0,99}/){0,8}[A-Za-z0-9_-][A-Za-z0-9_. =+,@-]{0,99}")


def parse(path: str, *, directory: bool = False) -> Segments:
    """The segments of a file's path, or of a directory's (which may be empty and may end with a slash)."""
    if directory:
        path = path.removesuffix("/")
        if not path:
            return ()
    if not path:
        raise InvalidParameter("Invalid path: it is empty.")
    if _PLAIN.fullmatch(path):
        return tuple(path.split("/"))
    if _CONTROL.search(path):
        raise _invalid(path, "it has a control character")
    _refuse_escapes(path, path)
    if "%" in path:
        _refuse_encoded_escapes(path)
    segments = tuple(path.split("/"))
    if "" in segments:
        raise _invalid(path, "it is absolute or has an empty part")
    if not path.isascii() or len(path) > MAX_SEGMENT:
        _check_sizes(path, segments)
    if MARKER in segments:
        raise _invalid(path, f"{MARKER!r} is reserved")
    return segments


def relative(rest: Segments) -> Segments:
    """What is left of a checked path below its root must not be absolute by itself, also once it is decoded."""
    if rest and (":" in rest[0] or "%" in rest[0]):
        parse("/".join(rest))
    return rest


def _refuse_encoded_escapes(path: str) -> None:
    if _ENCODED_CONTROL.search(path):
        raise _invalid(path, "it has a control character")
    decoded = path
    for _ in range(_DECODINGS):
        decoded, before = unquote(decoded, errors="replace"), decoded
        if decoded == before:
            return
        _refuse_escapes(decoded, path)


def _refuse_escapes(form: str, path: str) -> None:
    """Raise if this form of the path leaves its directory, or could in a layer that reads it differently."""
    if "\\" in form:
        raise _invalid(path, "it has a backslash")
    if form.startswith("/") or _DRIVE.fullmatch(form.partition("/")[0]):
        raise _invalid(path, "it is absolute")
    if any(part in (".", "..") for part in form.split("/")):
        raise _invalid(path, "it has a part '.' or '..'")
    if not form.isascii():
        folded = unicodedata.normalize("NFKC", form)
        if "\\" in folded or folded.count("/") != form.count("/") or _has_dots(folded):
            raise _invalid(path, "it has characters that stand for '/', '\\' or '..'")


def _has_dots(form: str) -> bool:
    return any(part in (".", "..") for part in form.split("/"))


def _check_sizes(path: str, segments: Segments) -> None:
    try:
        if len(path.encode()) > MAX_PATH:
            raise _invalid(path[:100] + "…", f"it is longer than {MAX_PATH} bytes")
        for segment in segments:
            if len(segment.encode()) > MAX_SEGMENT:
                raise _invalid(segment[:100] + "…", f"a part of it is longer than {MAX_SEGMENT} bytes")
    except UnicodeEncodeError:
        raise _invalid(path, "it is not valid Unicode") from None


def _invalid(path: str, reason: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid path {path!r}: {reason}.")
