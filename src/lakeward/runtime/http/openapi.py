"""The route table as OpenAPI 3.1, made from the structs that decode and encode."""

import functools
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward.runtime.http.render import ErrorBody
from lakeward.runtime.http.reply import Reply
from lakeward.runtime.http.table import Route, path_names

_REF = "#/components/schemas/{name}"
_QUERY_METHODS = frozenset({"GET", "HEAD"})


@functools.cache
def _encode(routes: tuple[Route, ...], version: str) -> bytes:
    return msgspec.json.encode(describe(routes, version))


def document(routes: Sequence[Route], version: str) -> bytes:
    return _encode(tuple(routes), version)


def describe(routes: Sequence[Route], version: str) -> dict[str, Any]:
    structs = [route.request for route in routes if route.request is not None]
    answers = [route.response for route in routes if _is_struct(route.response)]
    types = list(dict.fromkeys([ErrorBody, *structs, *answers]))
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
        "responses": {
            str(route.status): _answer(route, schemas),
            "default": {"description": "An error", "content": {"application/json": {"schema": schemas[ErrorBody]}}},
        },
    }
    if route.request is not None:
        schema = components.get(route.request.__name__, {})
        if route.method in _QUERY_METHODS or route.raw_body:
            required = set(schema.get("required", ()))
            operation["parameters"] += [
                _parameter(name, "query", each, required=name in required)
                for name, each in schema.get("properties", {}).items()
                if name not in in_path
            ]
        else:
            operation["requestBody"] = {"content": {"application/json": {"schema": schemas[route.request]}}}
    if route.raw_body:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"content": content}
    return operation


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _answer(route: Route, schemas: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    if _is_struct(route.response):
        return {"description": "OK", "content": {"application/json": {"schema": schemas[route.response]}}}
    return {"description": "OK"}
