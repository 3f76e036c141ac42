"""The route table as OpenAPI 3.1, made from the structs that decode and encode."""

import functools
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward.runtime.http.access import SIGNED_URL
from lakeward.runtime.http.reply import Reply
from lakeward.runtime.http.table import Route, path_names

_ERRORS = {"4XX": "The request is refused", "5XX": "A fault, or a dependency that is away: retry"}
_REF = "#/components/schemas/{name}"
_QUERY_METHODS = frozenset({"GET", "HEAD", "DELETE"})  # a body of DELETE is read too, but proxies may drop it


@functools.cache
def _encode(routes: tuple[Route, ...], version: str) -> bytes:
    return msgspec.json.encode(describe(routes, version))


def document(routes: Sequence[Route], version: str) -> bytes:
    return _encode(tuple(routes), version)


def describe(routes: Sequence[Route], version: str) -> dict[str, Any]:
    structs = [route.request for route in routes if route.request is not None]
    answers = [route.response for route in routes if _is_struct(route.response)]
    refusals = [route.dialect.body for route in routes]
    types = list(dict.fromkeys([*refusals, *structs, *answers]))
    references, components = msgspec.json.schema_components(types, ref_template=_REF, schema_hook=_raw)
    schemas = dict(zip(types, references, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = route.path.replace("...}", "}")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lakeward", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {scheme: {"type": "http", "scheme": scheme} for scheme in ("bearer", "basic")},
        },
        "security": [{"bearer": []}, {"basic": []}, {}],
    }  # fmt: skip


def _is_struct(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, msgspec.Struct) and candidate is not Reply


def _raw(kind: type) -> dict[str, Any]:
    """Stored JSON that leaves as it is."""
    return {"type": "object"} if kind is msgspec.Raw else {}


def _operation(route: Route, schemas: dict[Any, dict[str, Any]], components: dict[str, Any]) -> dict[str, Any]:
    in_path = set(path_names(route.path))
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__name__}_{route.method.lower()}_{zlib.crc32(route.path.encode()):08x}",
        "summary": (route.handler.__doc__ or route.handler.__name__.replace("_", " ")).strip().splitlines()[0],
        "tags": [route.tag],
        "x-access": route.allow.name,
        "parameters": [_parameter(name, "path", {"type": "string"}, required=True) for name in sorted(in_path)],
        "responses": _responses(route, schemas),
    }
    if route.request is not None:
        schema = components[schemas[route.request]["$ref"].rpartition("/")[2]]
        if route.method in _QUERY_METHODS or route.raw_body:
            required = set(schema.get("required", ()))
            operation["parameters"] += [
                _parameter(name, "query", each, required=name in required)
                for name, each in schema.get("properties", {}).items()
                if name not in in_path
            ]
        else:
            body = _without(schema, in_path) if in_path else schemas[route.request]
            operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    if route.raw_body:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"content": content}
    return operation


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _without(schema: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The body of a request whose other fields stand in the path."""
    properties = {name: each for name, each in schema.get("properties", {}).items() if name not in names}
    required = [name for name in schema.get("required", ()) if name not in names]
    return {"type": "object", "properties": properties, "required": required}


def _responses(route: Route, schemas: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    error: dict[str, Any] = {"application/json": {"schema": schemas[route.dialect.body]}}
    if route.allow is SIGNED_URL:  # clients of signed URLs expect the errors of object stores
        error["application/xml"] = {}
    failed = {code: {"description": what, "content": error} for code, what in _ERRORS.items()}
    if _is_struct(route.response):
        content = {"application/json": {"schema": schemas[route.response]}}
        return {str(route.status): {"description": "OK", "content": content}, **failed}
    if route.response is Reply:
        return {"2XX": {"description": "OK"}, "3XX": {"description": "As it was, or elsewhere"}, **failed}
    return {str(route.status): {"description": "OK"}, **failed}
