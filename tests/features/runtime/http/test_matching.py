"""Paths and methods over the wire."""

import pytest

from server import Caller


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/nothing",
        "/api/9.9/mlflow/runs/get",
        "/nothing",
        "/api/2.0/mlflow/runs/get/x",
        "/API/2.0/mlflow",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "PURGE"])
def test_unknown_endpoints(client: Caller, method, path):
    """Clients fall back to older APIs on exactly this status and code."""
    answer = client.refused(method, path)
    assert (answer.status, answer.code) == (404, "ENDPOINT_NOT_FOUND")
    assert method in answer.message


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/2.0/mlflow/runs/create", "POST"),
        ("POST", "/api/2.0/mlflow/runs/get", "GET"),
        ("DELETE", "/api/2.0/mlflow/experiments/search", "GET, POST"),
        ("PUT", "/api/3.0/mlflow/workspaces/default", "DELETE, GET, PATCH"),
        ("OPTIONS", "/health", "GET"),
    ],
)
def test_other_methods(client: Caller, method, path, allowed):
    answer = client.refused(method, path)
    assert (answer.status, answer.code) == (405, "ENDPOINT_NOT_FOUND")
    assert answer.response.headers["allow"] == allowed
    assert allowed in answer.message


@pytest.mark.parametrize("prefix", ["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"])
@pytest.mark.parametrize("end", ["", "/"])
def test_twins_and_trailing_slashes(client: Caller, prefix, end):
    name = f"{prefix}{end or ' '}"
    made = client.call("POST", f"{prefix}/experiments/create{end}", json={"name": name})
    found = client.call("GET", f"{prefix}/experiments/get{end}", params=made)
    assert found["experiment"]["name"] == name


def test_an_encoded_slash_stays_in_its_segment(client: Caller):
    answer = client.refused("GET", "/api/3.0/mlflow/workspaces/de%2Ffault")
    assert (answer.status, answer.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert "'de/fault'" in answer.message


@pytest.mark.parametrize("path", ["/api/3.0/mlflow/workspaces/%ff", "/api/3.0/mlflow/workspaces/%ED%A0%80"])
def test_paths_that_are_not_utf8(client: Caller, path):
    answer = client.refused("GET", path)
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


def test_paths_on_the_wire(raw):
    """What no client library sends: bytes above 127, a whole URL, dots."""
    for target, status in [
        (b"/api/3.0/mlflow/workspaces/\xff", b"400"),
        (b"/api/3.0/mlflow/../mlflow/workspaces", b"404"),
        (b"/api//3.0/mlflow/workspaces", b"404"),
        (b"http://localhost/version", b"200"),
        (b"/version?", b"200"),
        (b"/version?x=%ff", b"200"),
        (b"/version#x", b"200"),
    ]:
        answer = raw(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 " + status), (target, answer)


def test_head_is_served_where_get_is(client: Caller):
    """Load balancers and monitors ask with HEAD."""
    for path in ("/health", "/version", "/api/2.0/mlflow/experiments/get?experiment_id=0"):
        answer = client.request("HEAD", path)
        assert (answer.status_code, answer.content) == (200, b"")
    assert client.request("HEAD", "experiments/get?experiment_id=999").status_code == 404
