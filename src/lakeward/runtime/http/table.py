"""Routes as data, and the one table that finds them.

A path segment may be `{name}`; a last segment `{name...}` takes the rest of the path. Static segments win over
parameters. Segments are percent-decoded once, after the path was split, so an encoded slash stays inside its segment.
"""

import inspect
import types
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import unquote

import msgspec

from lakeward.runtime.http.access import Rule
from lakeward.runtime.http.render import PLATFORM, Dialect
from lakeward.runtime.http.scopes import scope_of
from lakeward.runtime.http.wire import HIDDEN

Handler = Callable[..., Awaitable[Any]]
Access = Literal["write", "statement", "read"] | None


def _list_fields(struct: type[msgspec.Struct]) -> frozenset[str]:
    """Fields that hold a list, so that a repeated query parameter is one."""
    return _fields(struct, lambda option: get_origin(option) is list or option is list)


def _secret_fields(struct: type[msgspec.Struct]) -> frozenset[str]:
    """Fields that are a `Secret`."""
    return _fields(struct, lambda option: get_origin(option) is Annotated and HIDDEN in get_args(option))


def _fields(struct: type[msgspec.Struct], test: Callable[[Any], bool]) -> frozenset[str]:
    """Those of whose type, or of an alternative of it, this is true."""
    found = set()
    for each in msgspec.structs.fields(struct):
        options = get_args(each.type) if get_origin(each.type) in (Union, types.UnionType) else (each.type,)
        if any(test(option) for option in options):
            found.add(each.encode_name)
    return frozenset(found)


@dataclass(slots=True, eq=False)
class Route:
    """One method of one path.

    `tx`: "write" opens a transaction and "read" lends a connection. So does "statement", to a handler that changes
    something in one statement, which also writes `call.record()`. None leaves it all to the handler.
    """

    method: str
    path: str
    handler: Handler
    allow: Rule
    tag: str
    tx: Access = "write"
    max_body: int | None = None  # bytes; None takes the server's limit
    status: int = 200  # of an answer that is a struct or nothing
    dialect: Dialect = PLATFORM
    open: bool = False  # to any address: what watches over the server must get through
    raw_body: bool = False  # the handler reads `call.stream()`; only path and query are decoded
    page: bool = False  # browsers are led here: who is not signed in gets the sign-in page, and comes back
    request: type[msgspec.Struct] | None = None
    response: Any = None
    list_fields: frozenset[str] = frozenset()
    secret_fields: frozenset[str] = frozenset()
    decoder: Any = None
    has_params: bool = False
    scope: str | None = None  # that a token needs; None if it needs all

    def __post_init__(self) -> None:
        hints = get_type_hints(self.handler, include_extras=True)
        names = list(inspect.signature(self.handler).parameters)
        self.request = hints[names[1]] if len(names) > 1 else None
        answer: Any = hints.get("return")
        self.response = answer.__metadata__[0] if get_origin(answer) is Annotated else answer
        self.has_params = "{" in self.path
        self.scope = scope_of(self.path)
        if self.request is not None:
            self.list_fields = _list_fields(self.request)
            self.secret_fields = _secret_fields(self.request)
            self.decoder = msgspec.json.Decoder(self.request, strict=False)


MLFLOW_2_0 = ("/api/2.0/mlflow", "/ajax-api/2.0/mlflow")  # the second is what MLflow's own pages call


class Routes:
    """The routes of a feature. Each decorator call adds the handler once per prefix."""

    def __init__(self, tag: str, prefixes: Sequence[str] = ("",), *, dialect: Dialect = PLATFORM) -> None:
        self.tag = tag
        self.dialect = dialect
        self.prefixes = tuple(prefixes)
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(self, method: str, path: str, *, allow: Rule, **options: Any) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            for prefix in self.prefixes:
                self._routes.append(
                    Route(method, prefix + path, handler, allow, self.tag, dialect=self.dialect, **options)
                )
            return handler

        return register

    def get(self, path: str, *, allow: Rule, tx: Access = "read", **options: Any) -> Callable[[Handler], Handler]:
        return self.add("GET", path, allow=allow, tx=tx, **options)

    def head(self, path: str, *, allow: Rule, tx: Access = "read", **options: Any) -> Callable[[Handler], Handler]:
        return self.add("HEAD", path, allow=allow, tx=tx, **options)

    def post(self, path: str, *, allow: Rule, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("POST", path, allow=allow, **options)

    def put(self, path: str, *, allow: Rule, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("PUT", path, allow=allow, **options)

    def patch(self, path: str, *, allow: Rule, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("PATCH", path, allow=allow, **options)

    def delete(self, path: str, *, allow: Rule, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("DELETE", path, allow=allow, **options)


class _Node:
    __slots__ = ("children", "methods", "param", "rest")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.param: _Node | None = None
        self.rest: dict[str, Route] = {}
        self.methods: dict[str, Route] = {}


def path_names(path: str) -> list[str]:
    return [part[1:-1].removesuffix("...") for part in path.split("/") if part.startswith("{")]


class RouteTable:
    """All routes of the server. `find` returns the route and its path parameters."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = list(routes)
        self._static: dict[str, dict[str, Route]] = {}
        self._root = _Node()
        for route in self.routes:
            self._place(route)

    def _place(self, route: Route) -> None:
        methods = self._branch(route.path) if route.has_params else self._static.setdefault(route.path, {})
        if route.method in methods:
            raise ValueError(f"two routes for {route.method} {route.path}")
        methods[route.method] = route

    def _branch(self, path: str) -> dict[str, Route]:
        node = self._root
        for part in path.split("/")[1:]:
            if part.startswith("{") and part.endswith("...}"):
                return node.rest
            if part.startswith("{"):
                node.param = node.param or _Node()
                node = node.param
            else:
                node = node.children.setdefault(part, _Node())
        return node.methods

    def find(self, method: str, raw_path: str) -> tuple[Route | None, dict[str, str], list[str]]:
        """(route, path parameters, methods the path has). `raw_path` is still percent-encoded, without the query.

        HEAD goes to the GET route where it has none of its own; uvicorn sends no body for it.
        """
        found = self._find(method, raw_path)
        if method == "HEAD" and "GET" in found[2]:
            return self._find("GET", raw_path)
        return found

    def _find(self, method: str, raw_path: str) -> tuple[Route | None, dict[str, str], list[str]]:
        methods = self._static.get(raw_path) or self._static.get(raw_path.rstrip("/"))
        values: list[str] = []
        if methods is None or (method not in methods and self._walk(raw_path, method) is not None):
            found = self._walk(raw_path, method) or self._walk(raw_path, None)
            if found is None:
                return None, {}, sorted(methods or ())
            methods, values = found
        route = methods.get(method)
        if route is None:
            return None, {}, sorted(methods)
        return route, dict(zip(path_names(route.path), values, strict=True)) if values else {}, []

    def _walk(self, raw_path: str, method: str | None) -> tuple[dict[str, Route], list[str]] | None:
        """Depth-first, static before parameter before rest; only nodes that serve `method` (or any, for None)."""
        parts = raw_path.split("/")[1:]

        def serves(methods: dict[str, Route]) -> bool:
            return bool(methods) if method is None else method in methods

        def visit(node: _Node, index: int, values: list[str]) -> tuple[dict[str, Route], list[str]] | None:
            if index == len(parts) or (index == len(parts) - 1 and parts[index] == "" and serves(node.methods)):
                if serves(node.methods):
                    return node.methods, values
                return (node.rest, [*values, ""]) if serves(node.rest) else None
            part = parts[index]
            child = node.children.get(part)
            found = visit(child, index + 1, values) if child is not None else None
            if found is None and node.param is not None and part:
                found = visit(node.param, index + 1, [*values, unquote(part, errors="strict")])
            if found is None and serves(node.rest):
                found = node.rest, [*values, unquote("/".join(parts[index:]), errors="strict")]
            return found

        return visit(self._root, 0, [])
