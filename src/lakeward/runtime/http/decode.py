"""From body, query and path to the route's struct. Unknown fields are ignored, wrong types refused, sizes bounded."""

import asyncio
import functools
import re
import types
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
import zstandard

from lakeward.kit.errors import InvalidParameter, TooLarge
from lakeward.runtime.http.call import Call
from lakeward.runtime.http.table import Route

_MISSING = re.compile(r"missing required field `([^`]+)`")
_ZSTD_WINDOW = 1 << 26
_PIECE = 1 << 20  # bytes that are decompressed at a time
_FED = 64 << 10  # bytes of a compressed body that are given to zlib, which copies what it leaves
_NO_PARTS: tuple[Mapping[str, Any], Any] = ({}, None)
_AT = re.compile(r" - at `\$\.?([^`]*)`$")


Buffer = bytes | bytearray


async def read_body(call: Call, limit: int, counted: Callable[[int], None] | None = None) -> Buffer:
    """The whole body, decompressed. `counted` is told of each piece before it is kept, and may refuse it; and with a
    negative number what is let go again, the compressed body in the end.
    """
    declared = call.headers.get(b"content-length")
    if declared is not None and declared.isdigit() and int(declared.lstrip(b"0")[:19] or b"0") > limit:
        raise TooLarge(f"The request body is larger than the {limit} bytes that are taken.")
    call.limit = limit
    body = await call.body(counted)
    encoding = call.headers.get(b"content-encoding", b"").lower()
    if encoding in (b"", b"identity"):
        return body
    plain = bytearray()
    for piece in inflated(body, encoding):
        if len(plain) + len(piece) > limit:
            raise TooLarge(f"The decompressed body is larger than {limit} bytes.")
        if counted is not None:
            counted(len(piece))
        plain += piece
        if len(piece) == _PIECE:
            await asyncio.sleep(0)  # others are served meanwhile
    if counted is not None:
        counted(-len(body))
    return plain


def inflated(body: Buffer, encoding: bytes) -> Iterator[bytes]:
    """What gzip, deflate or zstd have compressed, in pieces of a megabyte at most."""
    if encoding == b"zstd":
        return _inflated_zstd(body)
    if encoding not in (b"gzip", b"deflate"):
        raise InvalidParameter(
            f"Content-Encoding {encoding.decode('latin-1')!r} is not supported; use gzip, deflate or zstd."
        )
    return _inflated_zlib(body, encoding)


def _inflated_zlib(body: Buffer, encoding: bytes) -> Iterator[bytes]:
    wrapped = encoding == b"gzip" or (len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0)
    engine = zlib.decompressobj(wbits=47 if encoding == b"gzip" else 15 if wrapped else -15)
    name = encoding.decode()
    at = 0
    while at < len(body) and not engine.eof:
        fed: Buffer = body[at : at + _FED]
        at += len(fed)
        full = True
        while (fed or full) and not engine.eof:  # a full piece may have left some behind
            try:
                piece = engine.decompress(fed, _PIECE)
            except zlib.error as error:
                raise InvalidParameter(f"The body is not valid {name}: {error}.") from error
            fed, full = engine.unconsumed_tail, len(piece) == _PIECE
            yield piece
    if not engine.eof:
        raise InvalidParameter(f"The {name} body is incomplete.")
    if at < len(body) or engine.unused_data:  # a body of a million tiny members would cost a million times its size
        raise InvalidParameter(f"The {name} body goes on after its end; send it as one member.")


def _inflated_zstd(body: Buffer) -> Iterator[bytes]:
    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    size = 0
    try:
        with engine.stream_reader(body, read_across_frames=False) as reader:
            while piece := reader.read(_PIECE):
                size += len(piece)
                yield piece
        whole = zstandard.frame_content_size(body)
    except zstandard.ZstdError as error:
        raise InvalidParameter(f"The body is not valid zstd: {error}.") from error
    if not body or (whole not in (-1, size)):
        raise InvalidParameter("The zstd body is incomplete.")


def decode(route: Route, body: Buffer, query: bytes, params: Mapping[str, str]) -> Any:
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


def _json_object(body: Buffer) -> dict[str, Any]:
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
