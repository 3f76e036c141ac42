"""Plain HTTP as R, Java and curl send it: other spellings of the same requests, and wrong ones."""

import json
import uuid

import pytest

from .expect import EXISTS, INVALID, MISSING, answered_error

API = "/api/2.0/mlflow"
AJAX = "/ajax-api/2.0/mlflow"

pytestmark = pytest.mark.modes("http")


def beyond(*values):
    """A case in which MLflow's own server fails, or takes what cannot be right."""
    return pytest.param(*values, marks=pytest.mark.beyond)


@pytest.fixture
def log_metric(server, run):
    def call(**fields):
        return server.post(f"{API}/runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 1} | fields)

    return call


@pytest.mark.parametrize("prefix", [API, AJAX])
def test_a_life_over_plain_http(server, prefix):
    name = uuid.uuid4().hex
    experiment = server.post(f"{prefix}/experiments/create", {"name": name}).json()["experiment_id"]
    assert server.get(f"{prefix}/experiments/get", experiment_id=experiment).json()["experiment"]["name"] == name
    found = server.get(f"{prefix}/experiments/get-by-name", experiment_name=name).json()["experiment"]
    assert found["experiment_id"] == experiment
    run = server.post(f"{prefix}/runs/create", {"experiment_id": experiment, "start_time": 5}).json()["run"]["info"]
    assert run["run_id"] == run["run_uuid"]
    assert run["status"] == "RUNNING"
    assert int(run["start_time"]) == 5
    for path, body in [
        ("log-parameter", {"key": "p", "value": "1"}),
        ("log-metric", {"key": "m", "value": 0.5, "timestamp": 10, "step": 2}),
        ("set-tag", {"key": "t", "value": "x"}),
        ("update", {"status": "FINISHED", "end_time": 20}),
    ]:
        assert server.post(f"{prefix}/runs/{path}", {"run_id": run["run_id"], **body}).status_code == 200
    data = server.get(f"{prefix}/runs/get", run_id=run["run_id"]).json()["run"]
    assert data["data"]["params"] == [{"key": "p", "value": "1"}]
    ((metric),) = data["data"]["metrics"]
    assert (metric["key"], metric["value"], int(metric["timestamp"]), int(metric["step"])) == ("m", 0.5, 10, 2)
    assert data["info"]["status"] == "FINISHED"
    runs = server.post(f"{prefix}/runs/search", {"experiment_ids": [experiment]}).json()["runs"]
    assert [r["info"]["run_id"] for r in runs] == [run["run_id"]]


@pytest.mark.parametrize("query", ["run_id={0}", "run_uuid={0}&run_id={0}", "run_id={0}&unknown=field"])
def test_spellings_of_the_run(server, run, query):
    answer = server.get(f"{API}/runs/get?{query.format(run)}")
    assert answer.json()["run"]["info"]["run_id"] == run


@pytest.mark.beyond  # MLflow wants run_id; clients before 1.0 send only this one
def test_run_uuid_alone(server, run):
    assert server.get(f"{API}/runs/get", run_uuid=run).json()["run"]["info"]["run_id"] == run
    assert server.post(f"{API}/runs/log-metric", {"run_uuid": run, "key": "m", "value": 1, "timestamp": 1}).ok
    assert server.post(f"{API}/runs/update", {"run_uuid": run, "status": "FINISHED"}).ok


@pytest.mark.parametrize("path", ["runs/get", "metrics/get-history", "artifacts/list"])
def test_empty_run_id(server, path):
    """A client without a run asks with an empty id; that is an answer, never a fault."""
    answer = server.get(f"{API}/{path}", run_id="", metric_key="m")
    assert answer.status_code in (400, 404)
    assert answer.json()["error_code"] in (INVALID, MISSING)


@pytest.mark.parametrize("value", [3, "3", 3.0])
@pytest.mark.parametrize("field", ["timestamp", "step"])
def test_int64_as_number_or_string(server, run, log_metric, field, value):
    assert log_metric(**{field: value}).status_code == 200
    (point,) = server.get(f"{API}/metrics/get-history", run_id=run, metric_key="m").json()["metrics"]
    assert int(point[field]) == 3


@pytest.mark.parametrize("big", [2**53 + 1, 2**63 - 1])
def test_large_int64_without_loss(server, run, log_metric, big):
    for timestamp, step in ((big, str(big)), (str(big), big)):
        assert log_metric(timestamp=timestamp, step=step).status_code == 200
    points = server.get(f"{API}/metrics/get-history", run_id=run, metric_key="m").json()["metrics"]
    assert {(int(p["timestamp"]), int(p["step"])) for p in points} == {(big, big)}


@pytest.mark.parametrize(
    ("sent", "read"),
    [("NaN", "NaN"), ("Infinity", None), ("-Infinity", None), (0.25, 0.25), (7, 7.0), ("0.5", 0.5), (1e-320, 1e-320)],
)
def test_doubles(server, run, log_metric, sent, read):
    assert log_metric(value=sent).status_code == 200
    (metric,) = server.get(f"{API}/runs/get", run_id=run).json()["run"]["data"]["metrics"]
    if read is not None:
        assert metric["value"] == read
    else:
        assert abs(float(metric["value"])) > 1e308


def test_unknown_fields_are_ignored(server, run, log_metric):
    assert log_metric(flavour="strawberry", nested={"a": [1]}).status_code == 200
    assert server.post(f"{API}/runs/search", {"experiment_ids": [], "colour": 1}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("runs/log-metric", {"value": "text"}),
        beyond("runs/log-metric", {"value": [1]}),
        beyond("runs/log-metric", {"value": {"a": 1}}),
        ("runs/log-metric", {"timestamp": "soon"}),
        beyond("runs/log-metric", {"timestamp": 1.5}),
        ("runs/log-metric", {"step": "one"}),
        beyond("runs/log-metric", {"step": 2**63}),
        ("runs/log-metric", {"key": 3}),
        ("runs/log-metric", {"key": ["m"]}),
        ("runs/log-batch", {"metrics": "m"}),
        beyond("runs/log-batch", {"metrics": [1]}),
        ("runs/log-batch", {"params": {"a": "b"}}),
        ("runs/log-batch", {"tags": [{"key": 1, "value": "v"}]}),
        beyond("runs/update", {"status": "SLEEPING"}),
        ("runs/update", {"end_time": "later"}),
        ("runs/search", {"experiment_ids": "1"}),
        ("runs/search", {"experiment_ids": ["1"], "max_results": "all"}),
        ("runs/search", {"experiment_ids": ["1"], "filter": 3}),
        ("runs/search", {"experiment_ids": ["1"], "order_by": "start_time"}),
        beyond("runs/search", {"experiment_ids": ["1"], "run_view_type": "SOME"}),
        ("runs/create", {"experiment_id": {"id": 1}}),
        beyond("runs/create", {"tags": "t"}),
        ("experiments/create", {"name": 7}),
        ("experiments/create", {"name": ["x"]}),
        ("experiments/create", {"tags": {"a": "b"}}),
        ("experiments/search", {"max_results": "all"}),
        beyond("runs/log-inputs", {"datasets": [{"dataset": "d"}]}),
    ],
    ids=lambda v: v if isinstance(v, str) else json.dumps(v),
)
def test_wrong_types_are_refused(server, experiment, run, path, body):
    base = {
        "runs/log-metric": {"run_id": run, "key": "m", "value": 1, "timestamp": 1},
        "runs/create": {"experiment_id": experiment},
        "experiments/create": {"name": uuid.uuid4().hex},
    }.get(path, {"run_id": run})
    answered_error(server.post(f"{API}/{path}", base | body), 400, INVALID)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("experiments/create", {}),
        ("runs/log-metric", {"run_id": "RUN"}),
        ("runs/log-metric", {"run_id": "RUN", "value": 1, "timestamp": 1}),
        ("runs/log-metric", {"run_id": "RUN", "key": "m", "timestamp": 1}),
        ("runs/log-metric", {"run_id": "RUN", "key": "m", "value": 1}),
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"run_id": "RUN"}),
        ("runs/set-tag", {"run_id": "RUN"}),
        ("runs/delete-tag", {"run_id": "RUN"}),
        ("runs/log-batch", {}),
        ("runs/update", {"status": "FINISHED"}),
        ("runs/delete", {}),
        ("experiments/delete", {}),
        ("experiments/update", {"new_name": "x"}),
        ("experiments/set-experiment-tag", {"key": "k", "value": "v"}),
    ],
    ids=lambda v: v if isinstance(v, str) else ",".join(v),
)
def test_missing_fields_are_named(server, run, path, body):
    sent = {k: run if v == "RUN" else v for k, v in body.items()}
    answer = server.post(f"{API}/{path}", sent)
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["error_code"] in (INVALID, MISSING)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        beyond(b"[1, 2]"),
        beyond(b'"text"'),
        b"null",
        b"\xff\xfe",
        b'{"run_id": "a"',
        b'{"a": 1}{"b": 2}',
    ],
    ids=repr,
)
def test_bodies_that_are_no_objects(server, body):
    answer = server.request("POST", f"{API}/runs/log-metric", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text


@pytest.mark.beyond  # MLflow answers such bodies in HTML
def test_a_broken_body_gets_a_json_answer(server):
    answer = server.request("POST", f"{API}/runs/create", data=b"{", headers={"Content-Type": "application/json"})
    answered_error(answer, 400, INVALID)


@pytest.mark.beyond
@pytest.mark.parametrize("value", ["a\x00b", "\x00"])
def test_nul_characters(server, run, value):
    """PostgreSQL text cannot hold them; whatever the answer, it is not a fault."""
    answer = server.post(f"{API}/runs/set-tag", {"run_id": run, "key": "t", "value": value})
    assert answer.status_code in (200, 400)
    assert server.get(f"{API}/runs/get", run_id=run).status_code == 200


@pytest.mark.beyond
def test_a_lone_surrogate(server, run):
    body = b'{"run_id": "%s", "key": "t", "value": "\\ud800"}' % run.encode()
    answer = server.request("POST", f"{API}/runs/set-tag", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_content_types(server, experiment, content_type):
    body = json.dumps({"experiment_id": experiment, "run_name": "ä"}).encode()
    answer = server.request("POST", f"{API}/runs/create", data=body, headers={"Content-Type": content_type})
    assert answer.json()["run"]["info"]["run_name"] == "ä"


@pytest.mark.beyond  # Flask has no route with the slash
def test_trailing_slash(server, run):
    assert server.get(f"{API}/runs/get/", run_id=run).json()["run"]["info"]["run_id"] == run
    assert server.post(f"{API}/runs/search/", {"experiment_ids": []}).status_code == 200


@pytest.mark.parametrize("path", ["/api/2.0/mlflow/nobody", "/api/2.0/nobody", "/api/9.9/mlflow/runs/get"])
def test_unknown_paths(server, path):
    assert server.get(path).status_code == 404


@pytest.mark.beyond  # newer clients fall back to older calls when they read this code
@pytest.mark.parametrize("path", ["/api/2.0/mlflow/nobody", "/api/3.0/mlflow/nobody", "/ajax-api/2.0/nobody"])
def test_unknown_paths_say_so_in_json(server, path):
    answered_error(server.get(path), 404, "ENDPOINT_NOT_FOUND")
    answered_error(server.post(path), 404, "ENDPOINT_NOT_FOUND")


def test_wrong_method(server):
    assert server.request("PUT", f"{API}/runs/create", json={}).status_code in (404, 405)


def test_get_search_of_experiments(server):
    """Older clients search experiments by GET."""
    name = uuid.uuid4().hex
    server.post(f"{API}/experiments/create", {"name": name})
    found = server.get(f"{API}/experiments/search", max_results=5, filter=f"name = '{name}'", order_by="name ASC")
    assert [e["name"] for e in found.json()["experiments"]] == [name]


@pytest.mark.parametrize("view", ["ACTIVE_ONLY", "DELETED_ONLY", "ALL", 1, 2, 3])
def test_view_types_by_name_and_number(server, experiment, run, view):
    answer = server.post(f"{API}/runs/search", {"experiment_ids": [experiment], "run_view_type": view})
    expected = [] if view in ("DELETED_ONLY", 2) else [run]
    assert [r["info"]["run_id"] for r in answer.json().get("runs", [])] == expected


@pytest.mark.parametrize("status", ["FINISHED", "FAILED", 3, 4])
def test_statuses_by_name_and_number(server, run, status):
    assert server.post(f"{API}/runs/update", {"run_id": run, "status": status}).ok
    found = server.get(f"{API}/runs/get", run_id=run).json()["run"]["info"]["status"]
    assert found == {3: "FINISHED", 4: "FAILED"}.get(status, status)


def test_error_bodies_name_the_reason(server):
    name = uuid.uuid4().hex
    server.post(f"{API}/experiments/create", {"name": name})
    body = answered_error(server.post(f"{API}/experiments/create", {"name": name}), 400, EXISTS)
    assert name in body["message"]
    body = answered_error(server.get(f"{API}/experiments/get", experiment_id="987654321"), 404, MISSING)
    assert "987654321" in body["message"]


def test_user_id_of_old_clients(server, experiment):
    """R and Java send the user as a field."""
    made = server.post(f"{API}/runs/create", {"experiment_id": experiment, "user_id": "ada"}).json()["run"]["info"]
    assert made["user_id"] == "ada"


def test_legacy_log_model(server, run):
    """compat(mlflow 2): the model's description is kept with the run."""
    model = {"artifact_path": "m", "run_id": run, "utc_time_created": "2026-01-01 00:00:00", "flavors": {"f": {}}}
    assert server.post(f"{API}/runs/log-model", {"run_id": run, "model_json": json.dumps(model)}).status_code == 200
    tags = {t["key"]: t["value"] for t in server.get(f"{API}/runs/get", run_id=run).json()["run"]["data"]["tags"]}
    (found,) = json.loads(tags["mlflow.log-model.history"])
    assert found["artifact_path"] == "m"


def test_artifact_list(server, run):
    answer = server.get(f"{API}/artifacts/list", run_id=run).json()
    assert answer["root_uri"].startswith("mlflow-artifacts:")
    assert answer.get("files", []) == []


@pytest.mark.parametrize("path", ["..", "../..", "/etc", "%2e%2e", "a/../../b", "..\\..", "%252e%252e"])
def test_artifact_list_outside(server, run, path):
    answer = server.request("GET", f"{API}/artifacts/list?run_id={run}&path={path}")
    assert answer.status_code in (200, 400, 404)
    assert answer.json().get("files", []) == []


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "%2e%2e/secret",
        "a/%2e%2e/%2e%2e/secret",
        "..%2fsecret",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        beyond("a%00b"),
        beyond("..%5csecret"),
        "%252e%252e%252fsecret",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_hostile_artifact_paths(server, path, method):
    """requests would tidy the path, so it is sent through a prepared request as it stands."""
    import requests

    with requests.Session() as session:
        prepared = session.prepare_request(requests.Request(method, server.url, data=b"x" if method == "PUT" else None))
        prepared.url = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}"
        answer = session.send(prepared, timeout=30, allow_redirects=False)
    assert answer.status_code in (308, 400, 403, 404, 405), (answer.status_code, answer.text)
    assert b"root:" not in answer.content
