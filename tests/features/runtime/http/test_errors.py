"""One shape for every refusal, whatever its cause: clients read the code, people the message, operators the id."""

import json

import pytest

from lakeward.kit import errors
from lakeward.runtime.http.render import STATUS, render, status_of
from server import Caller


@pytest.fixture(scope="module")
def server(serving):
    with serving(max_body=100_000) as started:
        yield started


def causes() -> dict[str, type[errors.LakewardError]]:
    return {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.LakewardError)
    }


def test_every_error_has_a_status():
    for name, kind in causes().items():
        if kind is errors.LakewardError:
            continue
        error = kind("message", ["GET"]) if kind is errors.MethodNotAllowed else kind("message")
        assert any(each in STATUS for each in kind.__mro__), name
        reply = render(error, "id-1")
        assert json.loads(reply.body) == {"error_code": error.code, "message": "message", "request_id": "id-1"}
        assert reply.headers["content-type"] == "application/json"
        assert (reply.status >= 500) == isinstance(error, (errors.Internal, errors.Unavailable)), name


def test_what_clients_retry_is_what_may_work_later():
    """The client retries 429 and 5xx, so nothing else may answer with those; both say when."""
    assert status_of(errors.Unavailable("")) == 503
    assert status_of(errors.LimitExceeded("")) == 429
    for kind in (errors.Unavailable, errors.LimitExceeded):
        assert render(kind(""), "").headers["retry-after"] == "1"


REFUSALS = {
    "unknown path": ("GET", "/nothing", {}, 404, "ENDPOINT_NOT_FOUND"),
    "unknown method": ("DELETE", "/health", {}, 405, "ENDPOINT_NOT_FOUND"),
    "no JSON": ("POST", "runs/create", {"content": b"{"}, 400, "INVALID_PARAMETER_VALUE"),
    "missing field": ("POST", "runs/create", {"json": {}}, 400, "INVALID_PARAMETER_VALUE"),
    "too large": ("POST", "runs/create", {"content": b"x" * 100_001}, 413, "INVALID_PARAMETER_VALUE"),
    "unknown object": ("GET", "runs/get?run_id=nothing", {}, 404, "RESOURCE_DOES_NOT_EXIST"),
    "taken name": ("POST", "experiments/create", {"json": {"name": "Default"}}, 400, "RESOURCE_ALREADY_EXISTS"),
    "wrong token": ("GET", "experiments/search", {"headers": {"authorization": "Bearer x"}}, 401, "UNAUTHENTICATED"),
    "foreign host": ("GET", "/health", {"headers": {"host": "evil.example"}}, 403, "PERMISSION_DENIED"),
}


@pytest.mark.parametrize("cause", REFUSALS)
def test_the_shape(client: Caller, cause):
    method, path, options, status, code = REFUSALS[cause]
    response = client.request(method, path, **options)
    body = response.json()
    assert (response.status_code, body["error_code"]) == (status, code)
    assert set(body) == {"error_code", "message", "request_id"}
    assert body["message"].endswith(".")
    assert len(body["message"]) < 500
    assert body["request_id"] == response.headers["x-request-id"]
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "traceback" not in response.text.lower()
    assert "retry-after" not in response.headers


def test_request_ids_are_unique(client: Caller):
    ids = {client.request("GET", "/version").headers["x-request-id"] for _ in range(50)}
    assert len(ids) == 50


def test_messages_do_not_reflect_markup_as_html(client: Caller):
    response = client.request("GET", "/<script>alert(1)</script>")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"
