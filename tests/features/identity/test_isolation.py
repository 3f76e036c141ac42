"""Every route and everybody: who may not, learns nothing and changes nothing; who may, is let through.

The table in isolation/ says for each route how to reach an object of the default workspace through it. A route that is
neither there nor among the few that name no object fails the test, so a new route cannot be forgotten.
"""

import itertools
from collections.abc import Iterator

import pytest
from isolation import AUTHOR, BY_ID, FILE, MASTER, SECRET, STAGER, TABLE, WITHOUT_OBJECT, Request, World
from isolation.worlds import GIVEN, entrust, give, make_world

from lakeward.app import all_routes
from lakeward.runtime.http import PUBLIC, SIGNED_IN, SIGNED_URL, Role, Route
from server import Caller, Callers, Server
from snapshot import Snapshot

_PREFIX = "/api/2.0/mlflow/"


def key_of(route: Route) -> tuple[str, str]:
    return route.method, route.path.removeprefix(_PREFIX)


_HANDLERS = {(route.method, route.handler): route for route in all_routes() if not route.path.startswith("/ajax-api/")}
ROUTES = {
    key_of(route): route
    for route in all_routes()
    if route.allow not in (PUBLIC, SIGNED_URL)
    and not (route.path.startswith("/ajax-api/") and (route.method, route.handler) in _HANDLERS)
}


def test_the_table_is_complete():
    assert set(ROUTES) - WITHOUT_OBJECT == set(TABLE)


def test_twins_are_the_same_routes():
    """What is tested on one path holds on the handler's other paths: they stand under the same rule."""
    for route in all_routes():
        assert route.allow == _HANDLERS.get((route.method, route.handler), route).allow


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def everybody(server: Server) -> Callers:
    made = Callers(server)
    for who in ("nobody", "memberless", "stranger", "member", "reader", "editor", "manager", "admin", "deactivated"):
        getattr(made, who)
    for who in (*GIVEN, "maker", "keeper"):
        setattr(made, who, server.bearer(server.token(who, role=Role.USE)))
    server.sql("UPDATE principal SET is_active = false WHERE name = 'deactivated'")
    server.sql(
        "INSERT INTO access_grant SELECT 1, 'metastore', '', id, each FROM principal,"
        " unnest(array['CREATE_CATALOG', 'CREATE_CONNECTION', 'CREATE_TAG_POLICY',"
        " 'CREATE_EXTERNAL_METADATA']) each WHERE name = 'maker'"
    )
    return made


def needed(key: tuple[str, str]) -> str:
    """Who of those that were given a level is the first who may use this route."""
    if key in MASTER or key in STAGER:
        return "master" if key in MASTER else "stager"
    return {Role.READ: "viewer", Role.EDIT: "author", Role.MANAGE: "master"}[ROUTES[key].allow.role]


@pytest.fixture(scope="module")
def standing(server: Server, everybody: Callers) -> World:
    """Whoever may not, changes nothing: so one world is enough for all of them."""
    made = make_world(server.local)
    for who in GIVEN:
        give(server, made, who)
    entrust(server, made)
    return made


@pytest.fixture(scope="module")
def own(server: Server, everybody: Callers) -> World:
    """The world of a member who made it himself; levels were given to others."""
    made = make_world(everybody.maker, server.local)
    for who in GIVEN:
        give(server, made, who)
    entrust(server, made)
    return made


@pytest.fixture(scope="module")
def kept(server: Server, standing: World, own: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """Both worlds as they were made: whoever may, changes them, and the next one finds them as before."""
    with Snapshot(server, tmp_path_factory.mktemp("kept")) as taken:
        yield taken


def send(caller: Caller, route: Route, fields: Request, **headers: str):
    path = route.path
    fields = dict(fields)
    for name in list(fields):
        for mark in (f"{{{name}}}", f"{{{name}...}}"):
            if mark in path:
                path = path.replace(mark, str(fields.pop(name)))
    headers = {name.replace("_", "-"): value for name, value in headers.items()} | fields.pop("headers", {})
    if route.raw_body:
        content = fields.pop("content", b"taken")
        return caller.request(route.method, path, params=fields, content=content, headers=headers)
    if route.method in ("GET", "HEAD", "DELETE"):
        return caller.request(route.method, path, params=fields, headers=headers)
    return caller.request(route.method, path, json=fields, headers=headers)


STRANGERS = (
    ("member", {}),
    ("member", {"x_databricks_org_id": "1"}),
    ("nobody", {}),
    ("nobody", {"x_mlflow_workspace": "default"}),
    ("memberless", {}),
    ("stranger", {}),
    ("stranger", {"x_mlflow_workspace": "default"}),
    ("stranger", {"x_databricks_org_id": "1"}),
)


def refused_as(who: str, route: Route, key: tuple[str, str], headers: dict[str, str]) -> set[int]:
    if who == "nobody":
        return {401}
    if who == "member" and route.allow is not SIGNED_IN:
        return {403} if key in BY_ID or route.allow.admin else {200, 403}
    if who == "stranger" and headers:  # a workspace that is not his
        return {403}
    if route.allow is SIGNED_IN:
        return {200} if who == "member" or key not in BY_ID else {404}
    if who == "stranger" and not route.allow.admin:
        return {404} if key in BY_ID else {200, 404}
    return {403}


@pytest.mark.parametrize("key", sorted(TABLE), ids=lambda key: f"{key[0]} {key[1]}")
def test_who_may_not(everybody: Callers, standing: World, kept: Snapshot, key):
    route, fields = ROUTES[key], TABLE[key](standing)
    before = kept.state()
    for who, headers in STRANGERS:
        response = send(getattr(everybody, who), route, fields, **headers)
        assert response.status_code in refused_as(who, route, key, headers), (who, response.text)
        echoed = response.text  # without what the caller said itself
        for said in (FILE, standing.catalog, standing.prompt, standing.name, standing.scope):
            echoed = echoed.replace(said, "")
        assert SECRET not in echoed, (who, response.text)
        assert "signed" not in response.text
    for who, held in (("reader", Role.READ), ("editor", Role.EDIT), ("manager", Role.MANAGE)):
        wanted = route.allow.role
        if route.allow.admin or (wanted is not None and held < wanted):
            response = send(getattr(everybody, who), route, fields)
            assert response.status_code == 403, (who, response.text)
            told = {} if route.method == "HEAD" else response.json()
            assert told.get("error_code", "PERMISSION_DENIED") == "PERMISSION_DENIED"  # SCIM has no such code
    if route.allow.objects:
        lesser = itertools.takewhile(lambda each: each != needed(key), GIVEN) if route.allow.role else GIVEN
        for who in lesser:
            response = send(getattr(everybody, who), route, fields)
            assert response.status_code == 403, (who, response.text)
    if key in AUTHOR:
        for who in ("reader", "viewer"):
            response = send(getattr(everybody, who), route, fields)
            assert response.status_code == 403, (who, response.text)
    assert send(everybody.deactivated, route, fields).status_code == 401
    assert kept.state() == before


@pytest.mark.parametrize("key", sorted(TABLE), ids=lambda key: f"{key[0]} {key[1]}")
def test_who_may(everybody: Callers, own: World, kept: Snapshot, key):
    """The lowest role that a rule names is enough; so is the lowest level on the object, and having made it.

    And so the refusals above were because of who asked.
    """
    route = ROUTES[key]
    role = {None: "reader", Role.USE: "member", Role.READ: "reader", Role.EDIT: "editor", Role.MANAGE: "manager"}
    callers = ["admin"] if route.allow.admin else [role[route.allow.role]]
    if route.allow.objects:
        callers += [needed(key), "maker"] if route.allow.role else ["keeper"]
    if key in AUTHOR:
        callers = ["maker"]
    for who in callers:
        response = send(getattr(everybody, who), route, TABLE[key](own))
        if route.method not in ("GET", "HEAD"):
            kept.restore()
        assert response.status_code not in (401, 403, 404, 405), (who, response.text)
        assert response.status_code < 500, (who, response.text)
        if route.method == "GET" and key in BY_ID:
            assert response.status_code == 200, (who, response.text)


def test_runs_of_strangers_are_not_reached_by_mixing_ids(
    server: Server, everybody: Callers, standing: World, kept: Snapshot
):
    """An own experiment or run does not lend its rights to a foreign one in the same request."""
    stranger = everybody.stranger
    experiment = stranger.experiment()
    run = stranger.run(experiment)
    _, before = kept.state()
    assert stranger.refused("POST", "runs/create", {"experiment_id": standing.experiment}).status == 404
    found = stranger.post("runs/search", experiment_ids=[experiment, standing.experiment], run_view_type="ALL")["runs"]
    assert [each["info"]["run_id"] for each in found] == [run]
    both = {"run_ids": [run, standing.run], "metric_key": SECRET}
    assert stranger.refused("GET", "metrics/get-history-bulk-interval", both).status == 404
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{standing.run}/artifacts/{FILE}"
    assert stranger.refused("GET", path).status == 404
    path = f"/api/2.0/mlflow-artifacts/artifacts/{standing.experiment}/{run}/artifacts/{FILE}"
    assert stranger.refused("GET", path).status == 404
    body = {"experiment_id": experiment, "source_run_id": standing.run, "name": "m"}
    response = stranger.request("POST", "logged-models", json=body)
    assert SECRET not in response.text
    stranger.post("runs/outputs", run_id=run, models=[{"model_id": standing.model}])
    assert SECRET not in str(stranger.get("runs/get", run_id=run))
    metric = {"run_id": run, "key": "m", "value": 1, "timestamp": 1, "model_id": standing.model}
    response = stranger.request("POST", "runs/log-metric", json=metric)
    assert response.status_code < 500
    model = server.local.get(f"logged-models/{standing.model}")["model"]
    assert not model["data"].get("metrics")
    _, files = kept.state()
    assert files == before


def test_page_tokens_grant_nothing(server: Server, everybody: Callers, client: Caller):
    """A token made in one workspace opens nothing in another."""
    experiment = client.experiment()
    for _ in range(3):
        client.run(experiment)
    tokens = [
        client.post("runs/search", experiment_ids=[experiment], max_results=1)["next_page_token"],
        client.get("experiments/search", max_results=1)["next_page_token"],
    ]
    for path, body in (("runs/search", {"experiment_ids": [experiment]}), ("experiments/search", {})):
        for token in tokens:
            response = everybody.stranger.request("POST", path, json=body | {"max_results": 1, "page_token": token})
            assert response.status_code == 400 or not response.json().get("runs", response.json().get("experiments")), (
                response.text
            )
