"""Without EXECUTE a model and a prompt are closed at every address that shows one, and with it they open.

That by the clients: clients/dialects.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from lakeward import registry as registry_package
from lakeward.app import all_routes
from lakeward.runtime.http import Role
from server import Caller, Server

CLASSIC, UNITY, NATIVE = "/api/2.0/mlflow", "/api/2.0/mlflow/unity-catalog", "/api/2.1/unity-catalog"
OURS = "/api/2.0/lakeward/registry"
PROMPT = {"mlflow.prompt.is_prompt": "true"}

# What each asks for beside the names in its path.
NAMED: dict[str, Any] = {"name": "closed.s.x"}
ONE: dict[str, Any] = NAMED | {"version": "1"}
ALIAS: dict[str, Any] = NAMED | {"alias": "live"}
OF_EITHER = {
    f"GET {CLASSIC}/registered-models/get": NAMED,
    f"GET {CLASSIC}/registered-models/alias": ALIAS,
    f"POST {CLASSIC}/registered-models/get-latest-versions": NAMED,
    f"GET {CLASSIC}/registered-models/get-latest-versions": NAMED,
    f"GET {CLASSIC}/model-versions/get": ONE,
    f"GET {CLASSIC}/model-versions/get-download-uri": ONE,
    f"GET {CLASSIC}/databricks/registered-models/get": NAMED,
    f"POST {CLASSIC}/comments/create": ONE | {"comment": "x"},
    f"POST {CLASSIC}/transition-requests/create": ONE | {"stage": "Staging"},
    f"GET {CLASSIC}/transition-requests/list": ONE,
    f"DELETE {CLASSIC}/transition-requests/delete": ONE | {"stage": "Staging", "creator": "executor"},
    f"GET {UNITY}/registered-models/get": NAMED,
    f"GET {UNITY}/registered-models/alias": ALIAS,
    f"GET {UNITY}/model-versions/get": ONE,
    f"GET {UNITY}/model-versions/get-download-uri": ONE,
    f"POST {UNITY}/model-versions/generate-temporary-credentials": ONE,
    f"POST {UNITY}/model-versions/emit-lineage": ONE,
    f"GET {NATIVE}/models/{{full_name}}": {},
    f"GET {NATIVE}/models/{{full_name}}/aliases/{{alias}}": {},
    f"GET {NATIVE}/models/{{full_name}}/versions": {},
    f"GET {NATIVE}/models/{{full_name}}/versions/{{version}}": {},
    f"POST {NATIVE}/temporary-model-version-credentials":
        {"catalog_name": "closed", "schema_name": "s", "model_name": "x", "version": 1},
    f"GET {OURS}/entry": NAMED,
    f"GET {OURS}/activity": NAMED,
    f"GET {OURS}/comments": ONE,
    "GET /api/2.0/lakeward/lineage": ONE | {"kind": "MODEL_VERSION"},
}  # fmt: skip
OF_PROMPTS = {
    f"GET {UNITY}/prompts/{{name}}": {},
    f"POST {UNITY}/prompts/{{name}}/versions/search": {},
    f"GET {UNITY}/prompts/{{name}}/versions/by-alias/{{alias}}": {},
    f"GET {UNITY}/prompts/{{name}}/versions/{{version}}": {},
    f"POST {UNITY}/prompt-versions/links-to-runs": {"prompt_versions": [ONE], "run_ids": []},
    f"GET {OURS}/prompts/diff": NAMED | {"from": "1", "to": "1"},
    f"GET {OURS}/prompts/split": ALIAS,
    f"GET {OURS}/prompts/resolve": ALIAS,
    "GET /api/2.0/lakeward/lineage": ONE | {"kind": "PROMPT_VERSION"},
}
ELSEWHERE = {f"{method} {CLASSIC}/comments/{what}" for method, what in (("PATCH", "update"), ("DELETE", "delete"))}
LISTS = [
    (f"{CLASSIC}/registered-models/search", "GET", {}),
    (f"{CLASSIC}/model-versions/search", "GET", {}),
    (f"{UNITY}/registered-models/search", "GET", {"max_results": 100}),
    (f"{UNITY}/model-versions/search", "GET", {"filter": "name='closed.s.x'"}),
    (f"{NATIVE}/models", "GET", {"catalog_name": "closed", "schema_name": "s"}),
    (f"{UNITY}/prompts/search", "POST", {"catalog_schema": {"catalog_name": "closed", "schema_name": "s"}}),
]


@pytest.fixture(scope="module", params=["model", "prompt"])
def world(request, server: Server, registry_for_all) -> Iterator[tuple[str, Caller, Caller]]:
    """`closed.s.x`, a model or a prompt; a caller who may go there and no further, and one who has EXECUTE."""
    client, api = registry_for_all.client, f"{NATIVE}/permissions"
    client.call("POST", f"{NATIVE}/catalogs", json={"name": "closed"})
    client.call("POST", f"{NATIVE}/schemas", json={"name": "s", "catalog_name": "closed"})
    tags = PROMPT if request.param == "prompt" else {}
    registry_for_all.create("closed.s.x", tags=tags)
    registry_for_all.add("closed.s.x", tags=tags, source="dummy-source" if tags else "s3://b/m")
    registry_for_all.alias("closed.s.x", "live", 1)
    visitor, executor = (server.bearer(server.token(who, role=Role.USE)) for who in ("visitor", "executor"))
    for who in ("visitor", "executor"):
        given = {"changes": [{"principal": who, "add": ["USE_CATALOG", "USE_SCHEMA"]}]}
        client.call("PATCH", f"{api}/catalog/closed", json=given)
    given = {"changes": [{"principal": "executor", "add": ["EXECUTE"]}]}
    client.call("PATCH", f"{api}/function/closed.s.x", json=given)
    yield request.param, visitor, executor
    client.call("DELETE", f"{NATIVE}/catalogs/closed", params={"force": "true"})


def asked(caller: Caller, address: str, fields: dict[str, Any]) -> int:
    method, _, path = address.partition(" ")
    for word, value in (("full_name", "closed.s.x"), ("name", "closed.s.x"), ("alias", "live"), ("version", "1")):
        path = path.replace(f"{{{word}}}", value)
    sent = {"params" if method == "GET" else "json": fields}
    return caller.request(method, path, **sent).status_code


def test_every_address(world):
    kind, visitor, executor = world
    for address, fields in {**OF_EITHER, **(OF_PROMPTS if kind == "prompt" else {})}.items():
        assert asked(visitor, address, fields) == 403, address
        assert asked(executor, address, fields) < 500, address
        assert asked(executor, address, fields) not in (401, 403), address


def test_lists(world):
    kind, visitor, executor = world
    seen = 0
    for path, method, fields in LISTS:
        of_prompts = (
            {"filter": "tags.`mlflow.prompt.is_prompt` = 'true'"} if kind == "prompt" and not fields else fields
        )
        sent = {"params" if method == "GET" else "json": of_prompts}
        assert "closed.s.x" not in str(visitor.call(method, path, **sent)), path
        seen += "closed.s.x" in str(executor.call(method, path, **sent))
    assert seen >= 3


def test_no_address_is_forgotten():
    known = OF_EITHER.keys() | OF_PROMPTS.keys() | ELSEWHERE
    shown = {
        f"{route.method} {route.path}"
        for route in all_routes()
        if route.allow.name == "READ" and not route.path.startswith("/ajax-api/")
        and any(getattr(getattr(each, "way", None), "kind", None) is registry_package.REGISTERED_MODEL
                for each in route.allow.objects)
    }  # fmt: skip
    assert shown - known == set()
