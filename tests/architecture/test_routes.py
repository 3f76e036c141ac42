"""What every route owes: a rule, a place in the pages that are made from the table, a description that is true."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from lakeward.app import all_routes
from lakeward.runtime.http import ADMIN, EDIT, MANAGE, PUBLIC, READ, SIGNED_IN, SIGNED_URL, USE, Role, Route, Routes
from lakeward.runtime.http.openapi import document

ROOT = Path(__file__).parents[2]
# Whoever adds one here says why: these answer anybody.
PUBLIC_PATHS = {
    "/",  # the web interface: the same files for everybody, without any data
    "/ml",
    "/ml/{path...}",
    "/explore/data/{path...}",
    "/assets/{path...}",
    "/favicon.svg",
    "/artifact-frame",
    "/.well-known/databricks-config",  # asked before a client signs in
    "/oidc/.well-known/oauth-authorization-server",
    "/oidc/.well-known/openid-configuration",
    "/oidc/accounts/{account_id}/.well-known/oauth-authorization-server",
    "/oidc/v1/token",  # what it is sent is the proof
    "/oidc/v1/revoke",
    "/api/2.0/lakeward/sign-in",  # the same
    "/sso/sign-in",  # the way to the OpenID provider, and back
    "/sso/callback",
    "/api/3.0/mlflow/server-info",
    "/health",
    "/openapi.json",
    "/version",
}

_PEOPLE = "/api/2.0/preview/scim/v2"
_MEMBERS = "/api/2.0/preview/permissionassignments"

# Whoever adds one here says why: what they name, nobody was given.
WITHOUT_OBJECTS = {
    # principals and roles belong to the workspace as a whole
    *(f"{_PEOPLE}/{kind}{one}" for kind in ("Users", "Groups", "ServicePrincipals") for one in ("", "/{id}")),
    _MEMBERS,
    f"{_MEMBERS}/principals/{{principal_id}}",
    # access lists of scopes decide
    *(f"/api/2.0/secrets/{call}" for call in ("put", "get", "list", "delete")),
    *(f"/api/2.0/secrets/{what}/{call}" for what in ("scopes", "acls") for call in ("list", "delete")),
    *(f"/api/2.0/secrets/{call}" for call in ("scopes/create", "acls/put", "acls/get")),
    "/api/5.0/mlflow/tracing/locations",  # names, until an experiment is linked to them
    "/api/5.0/mlflow/tracing/locations/{location_id}",
    "/api/4.0/mlflow/traces/location",
    "/api/2.0/sql/warehouses/{warehouse_id}",  # there are none
    "/api/2.0/mlflow/webhooks",  # hear of the workspace as a whole
    "/api/2.0/mlflow/experiments/create",  # who is in a workspace may make experiments
    "/api/2.0/mlflow/unity-catalog/registered-models:is-databricks-sdk-models-artifact-repository-enabled",  # says yes
}


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated", ROOT / "scripts" / "generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_route_has_a_rule() -> None:
    rules = (PUBLIC, SIGNED_URL, SIGNED_IN, USE, READ, EDIT, MANAGE, ADMIN)
    assert [route.path for route in all_routes() if msgspec.structs.replace(route.allow, objects=()) not in rules] == []


def test_a_route_without_a_rule_does_not_exist() -> None:
    with pytest.raises(TypeError, match="allow"):
        Routes("x").get("/x")  # type: ignore[call-arg]


def test_what_names_objects_says_so() -> None:
    """A role alone decides about these few: they name nothing, or make something new."""
    plain = {
        route.path.replace("/ajax-api/", "/api/")
        for route in all_routes()
        if route.allow.role is not None and not route.allow.objects
    }
    assert plain == WITHOUT_OBJECTS


def test_what_is_public_is_few_and_named() -> None:
    public = {route.path for route in all_routes() if route.allow is PUBLIC}
    assert {path.replace("/ajax-api/", "/api/") for path in public} <= PUBLIC_PATHS


# What readers say of what they read, by a right of its own.
SAID_BY_READERS = re.compile(r"^/api/2.0/mlflow/(comments/(create|update|delete)|transition-requests/(create|delete))$")


def test_what_changes_something_asks_for_more_than_reading() -> None:
    """A read rule on a method that writes is a mistake, but for searches, which have a body."""
    reads = re.compile(
        r"/(search[\w-]*|get-latest-versions|generate-temporary-credentials|temporary-model-version-credentials"
        r"|temporary-(table|volume)-credentials|emit-lineage|presigned-download-url|credentials-for-(read|download)|create-download-url"
        r"|runs/group|runs/metric-extremes|runs/(curves|table)|batchGetInfos|traces/metrics|traces/export|calculate-filter-correlation)$"
        r"|^/api/2.0/token/(create|delete|{token_id})$"  # the caller's own
        r"|^/oidc/v1/(token|revoke)$"
        r"|^/api/2.0/lakeward/(sign-in|sign-out|password)$"
        r"|^/api/2.0/lakeward/experiments/{experiment_id}/views/{table}/{name...}$"  # the caller's own
    )
    wrong = [
        f"{route.method} {route.path}"
        for route in all_routes()
        if route.method not in ("GET", "HEAD")
        and route.allow.name in ("PUBLIC", "SIGNED_IN", "READ")
        and not reads.search(route.path)
        and not SAID_BY_READERS.search(route.path)
    ]
    assert wrong == []


def test_what_only_reads_opens_no_transaction() -> None:
    wrong = [
        f"{route.method} {route.path}"
        for route in all_routes()
        if route.allow.role is Role.READ and route.tx == "write" and not SAID_BY_READERS.search(route.path)
    ]
    assert wrong == []


def test_the_pages_are_what_the_code_says(generated: ModuleType, backend: Any) -> None:
    """`make docs` writes them; the schema is that of the template all these tests run on."""
    heading = generated.schema.__code__.co_consts
    assert any("make docs" in str(each) for each in heading)
    for name, make in generated.PAGES.items():
        page = (ROOT / name).read_text("utf-8")
        if make is generated.schema:
            assert page.endswith(generated.dumped(backend.postgres)), f"{name} is old: make docs"
        else:
            assert page == make(), f"{name} is old: make docs"


def variables(text: str) -> set[str]:
    return set(re.findall(r"\bLAKEWARD_[A-Z][A-Z_]*[A-Z]\b", text))


def test_the_docs_name_no_setting_that_is_none() -> None:
    from lakeward.runtime.settings import all_settings

    known = {setting.variable for setting in all_settings()} | {"LAKEWARD_CONFIG"}
    harness = re.compile(r"LAKEWARD_(TEST_\w+|COMMAND|OBJECTS_\w+|BENCH\w*|OBJECTS)")
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        unknown = {name for name in variables(page.read_text("utf-8")) - known if not harness.fullmatch(name)}
        assert unknown == set(), page.name


# --- OpenAPI


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return msgspec.json.decode(document(all_routes(), "1"))


def test_every_route_is_described(description: dict[str, Any]) -> None:
    listed = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    assert listed == {(route.method, route.path.replace("...}", "}")) for route in all_routes()}


def test_operations_have_names_of_their_own(description: dict[str, Any]) -> None:
    operations = [operation for methods in description["paths"].values() for operation in methods.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert all(operation["summary"] for operation in operations)


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    text = msgspec.json.encode(description).decode()
    for reference in set(re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', text)):
        assert reference in description["components"]["schemas"]


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: f"{route.method} {route.path}")
def test_path_parameters_are_fields(route: Route, description: dict[str, Any]) -> None:
    """What stands in the path reaches the handler, and the description says so."""
    names = re.findall(r"{(\w+)(?:\.\.\.)?}", route.path)
    fields = [] if route.request is None else [each.encode_name for each in msgspec.structs.fields(route.request)]
    assert set(names) <= set(fields)
    operation = description["paths"][route.path.replace("...}", "}")][route.method.lower()]
    listed = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
    assert listed == set(names)
    if route.method in ("GET", "HEAD"):
        assert "requestBody" not in operation
