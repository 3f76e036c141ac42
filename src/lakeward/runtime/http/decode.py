"""From body, query and path to the route's struct. Unknown fields are ignored, wrong types refused, sizes bounded."""

import functools
import re
import types
import zlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
import zstandard

from lakeward.kit.errors import InvalidParameter, TooLarge
from lakeward.runtime.http.call import Call
from lakeward.runtime.http.table import Route

_MISSING = re.compile(r"missing required field `([^`]+)`")
_ZSTD_WINDOW = 1 << 26
_ZSTD_PIECE = 1 << 20
_NO_PARTS: tuple[Mapping[str, Any], Any] = ({}, None)
_AT = re.compile(r" - at `\$\.?([^`]*)`$")


async def read_body(call: Call, limit: int, counted: Callable[[int], None] | None = None) -> bytes:
    """The whole body, decompressed. `counted` is told of each piece before it is kept, and may refuse it."""
    declared = call.headers.get(b"content-length")
    if declared is not None and declared.isdigit() and int(declared.lstrip(b"0")[:19] or b"0") > limit:
        raise TooLarge(f"The request body is larger than the {limit} bytes that are taken.")
    call.limit = limit
    body = await call.body(counted)
    encoding = call.headers.get(b"content-encoding", b"").lower()
    return body if encoding in (b"", b"identity") else inflate(body, encoding, limit)


def inflate(body: bytes, encoding: bytes, limit: int) -> bytes:
    """Decompress gzip, deflate or zstd, never beyond `limit` bytes."""
    if encoding == b"zstd":
        return _inflate_zstd(body, limit)
    if encoding not in (b"gzip", b"deflate"):
        raise InvalidParameter(
            f"Content-Encoding {encoding.decode('latin-1')!r} is not supported; use gzip, deflate or zstd."
        )
    wrapped = encoding == b"gzip" or (len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0)
    engine = zlib.decompressobj(wbits=47 if encoding == b"gzip" else 15 if wrapped else -15)
    try:
        plain = engine.decompress(body, limit + 1)
    except zlib.error as error:
        raise InvalidParameter(f"The body is not valid {encoding.decode()}: {error}.") from error
    if len(plain) > limit:
        raise TooLarge(f"The decompressed body is larger than {limit} bytes.")
    if not engine.eof:
        raise InvalidParameter(f"The {encoding.decode()} body is incomplete.")
    if engine.unused_data:  # a body of a million tiny members would cost a million times its size
        raise InvalidParameter(f"The {encoding.decode()} body goes on after its end; send it as one member.")
    return plain


def _inflate_zstd(body: bytes, limit: int) -> bytes:
    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    pieces: list[bytes] = []
    size = 0
    try:
        with engine.stream_reader(body, read_across_frames=False) as reader:
            while piece := reader.read(_ZSTD_PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > limit:
                    raise TooLarge(f"The decompressed body is larger than {limit} bytes.")
        whole = zstandard.frame_content_size(body)
    except zstandard.ZstdError as error:
        raise InvalidParameter(f"The body is not valid zstd: {error}.") from error
    if not body or (whole not in (-1, size)):
        raise InvalidParameter("The zstd body is incomplete.")
    return b"".join(pieces)


def decode(route: Route, body: bytes, query: bytes, params: Mapping[str, str]) -> Any:
    """The route's struct out of everything the request says; path wins over body, body over query."""
    if route.request is None:
        return None
    if not params and not query:
        try:
            return route.decoder.decode(body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # the slow path below allows nulls and says what is wrong
    fields: dict[str, Any] = _from_query(query, route.list_fields) if query else {}
    for name in route.secret_fields.intersection(fields):
        raise InvalidParameter(f"{name!r} is taken from the body only: addresses are kept in logs.")
    if body:
        fields.update(_json_object(body))
    fields.update(params)
    try:
        return msgspec.convert(_without_nulls(fields, route.request), route.request, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidParameter(explain(str(error))) from error
    except RecursionError as error:
        raise InvalidParameter("The request body is nested too deeply.") from error


def _from_query(query: bytes, lists: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10_000)
    except ValueError as error:
        raise InvalidParameter(f"The query string cannot be read: {error}.") from error
    for name, value in pairs:
        if name in lists:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidParameter(f"The request body is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise InvalidParameter("The request body is nested too deeply.") from error
    if not isinstance(value, dict):
        raise InvalidParameter(f"The request body must be a JSON object, not {type(value).__name__}.")
    return value


def _without_nulls(value: Any, wanted: Any) -> Any:
    """In protobuf JSON a null field is an absent one; in a value of any type a null is itself."""
    if wanted is Any:
        return value
    fields, inside = _parts(wanted)
    if isinstance(value, dict):
        return {
            key: _without_nulls(item, fields.get(key, inside))
            for key, item in value.items()
            if item is not None or (inside is Any and key not in fields)
        }
    if isinstance(value, list):
        return [_without_nulls(item, inside) for item in value]
    return value


@functools.cache
def _parts(wanted: Any) -> tuple[Mapping[str, Any], Any]:
    """The types of a struct's fields, and of what a list or an object of this type holds."""
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return {each.encode_name: each.type for each in msgspec.structs.fields(wanted)}, None
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return _parts(arguments[0])
    if origin in (list, dict):
        return {}, arguments[-1]
    if origin in (Union, types.UnionType):
        return next((found for each in arguments if (found := _parts(each)) != _NO_PARTS), _NO_PARTS)
    return _NO_PARTS


def explain(message: str) -> str:
    """The decoder's complaint in the words MLflow users know."""
    missing = _MISSING.search(message)
    if missing:
        return f"Missing value for required parameter '{missing[1]}'."
    at = _AT.search(message)
    if at:
        return f"Invalid value for parameter '{at[1]}': {message[: at.start()]}."
    return f"Invalid request: {message}."
