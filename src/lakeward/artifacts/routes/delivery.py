"""From an object to an HTTP answer: ranges, validators, and headers under which a browser shows but never runs it."""

from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import Final
from urllib.parse import quote

import msgspec

from lakeward.artifacts.records import Place
from lakeward.artifacts.routes import traced
from lakeward.kit.errors import NotFound, RangeNotSatisfiable
from lakeward.runtime.http import Call, Reply
from lakeward.runtime.objects import ObjectInfo, Span

_BINARY: Final = "application/octet-stream"
_TEXT: Final = "text/plain; charset=utf-8"
# What a browser may show in place. Nothing in this list can hold a script, and `nosniff` keeps it what it says it is.
_INERT: Final[Mapping[str, str]] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "json": "application/json",
} | dict.fromkeys(
    ("txt", "text", "log", "md", "csv", "tsv", "yaml", "yml", "toml", "ini", "cfg", "py", "mlmodel"), _TEXT
)
_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
_CONDITIONS: Final = frozenset(
    {b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range"}
)


async def deliver(call: Call, place: Place, *, missing: str = "RESOURCE_DOES_NOT_EXIST") -> Reply:
    """The file at this place, or the part of it the request asks for. `missing` is the dialect's word for absence."""
    try:
        if traced.holds_spans(place) and await call.objects.find(place.key) is None:
            return await traced.rendered(call, place)
        return await _answer(call, place)
    except NotFound as error:
        raise NotFound(f"No file at {'/'.join(place.rest)!r}.", code=missing) from error


async def _answer(call: Call, place: Place) -> Reply:
    span = Span.parse(call.header("range"))
    head = call.method == "HEAD"
    if head or not call.headers.keys().isdisjoint(_CONDITIONS):
        info = await call.objects.head(place.key)
        refused = _refused(call, info)
        if refused:
            return Reply(refused, {"etag": f'"{info.etag}"', "last-modified": _date(info)})
        if not _same(call, info):
            span = None
        if head:
            return Reply(200, {**_headers(info, place.name), "content-length": str(info.size)})
    try:
        opened = await call.objects.get(place.key, span)
    except RangeNotSatisfiable as error:
        size = (await call.objects.head(place.key)).size
        body = msgspec.json.encode({"error_code": error.code, "message": error.message})
        return Reply(416, {"content-type": "application/json", "content-range": f"bytes */{size}"}, body)
    headers = _headers(opened.info, place.name)
    headers["content-length"] = str(opened.stop - opened.start)
    if span is None:
        return Reply(200, headers, opened.body)
    headers["content-range"] = f"bytes {opened.start}-{opened.stop - 1}/{opened.info.size}"
    return Reply(206, headers, opened.body)


def _headers(info: ObjectInfo, name: str) -> dict[str, str]:
    kind = _INERT.get(name.rpartition(".")[2].lower()) if "." in name else None
    if name == "MLmodel":
        kind = _TEXT
    return {
        "content-type": kind or _BINARY,
        "content-disposition": _disposition(name, inline=kind is not None),
        "content-security-policy": _POLICY,
        "etag": f'"{info.etag}"',
        "last-modified": _date(info),
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
    }


def _disposition(name: str, *, inline: bool) -> str:
    """RFC 6266, with the name as it is for whoever understands it."""
    kind = "inline" if inline else "attachment"
    if name.isascii() and '"' not in name and "%" not in name:
        return f'{kind}; filename="{name}"'
    plain = "".join(char if char.isascii() and char not in '"%' else "_" for char in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _date(info: ObjectInfo) -> str:
    return formatdate(info.modified, usegmt=True)


def _refused(call: Call, info: ObjectInfo) -> int | None:
    """304 or 412 if a condition of the request says so (RFC 9110 §13.2.2)."""
    match, unmodified = call.header("if-match"), _time(call.header("if-unmodified-since"))
    if match is not None:
        if not _matches(match, info):
            return 412
    elif unmodified is not None and int(info.modified) > unmodified:
        return 412
    none, modified = call.header("if-none-match"), _time(call.header("if-modified-since"))
    if none is not None:
        return 304 if _matches(none, info) else None
    return 304 if modified is not None and int(info.modified) <= modified else None


def _same(call: Call, info: ObjectInfo) -> bool:
    """Whether a range still makes sense: what `If-Range` names is what is here."""
    condition = call.header("if-range")
    if condition is None:
        return True
    return condition == f'"{info.etag}"' if condition.startswith(('"', "W/")) else condition == _date(info)


def _matches(header: str, info: ObjectInfo) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in tags or info.etag in tags


def _time(header: str | None) -> float | None:
    """Seconds since the epoch; None for no date, and for one that nobody can read."""
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except (ValueError, TypeError, OverflowError):
        return None
