"""NUL: legal in JSON, impossible in PostgreSQL. Wherever it stands, the request is refused and nothing breaks."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from server import Caller

NUL = "a\x00b"
RUN = "the run"
DATASET = {"name": "n", "digest": "d", "source_type": "t", "source": "s", "schema": "s", "profile": "p"}
PAIR = {"key": "k", "value": "v"}
POINT = {"key": "k", "value": "1", "timestamp": "1"}

# Good requests, but for the texts in them: each in turn is replaced.
GOOD = [
    ("experiments/create", {"name": "n", "tags": [PAIR], "artifact_location": "s3://bucket/path"}),
    ("experiments/update", {"experiment_id": "0", "new_name": "n"}),
    ("experiments/delete", {"experiment_id": "0"}),
    ("experiments/restore", {"experiment_id": "0"}),
    ("experiments/set-experiment-tag", {"experiment_id": "0", **PAIR}),
    ("experiments/delete-experiment-tag", {"experiment_id": "0", "key": "k"}),
    ("experiments/search", {"filter": "name = 'x'", "order_by": ["name"], "page_token": "x", "view_type": "ALL"}),
    ("experiments/search-datasets", {"experiment_ids": ["0"]}),
    ("runs/create", {"experiment_id": "0", "run_name": "n", "user_id": "u", "tags": [PAIR]}),
    ("runs/update", {"run_id": RUN, "run_name": "n", "status": "FINISHED"}),
    ("runs/delete", {"run_id": RUN}),
    ("runs/restore", {"run_id": RUN}),
    ("runs/log-metric", {"run_id": RUN, **POINT}),
    ("runs/log-parameter", {"run_id": RUN, **PAIR}),
    ("runs/set-tag", {"run_id": RUN, **PAIR}),
    ("runs/delete-tag", {"run_id": RUN, "key": "k"}),
    ("runs/log-batch", {"run_id": RUN, "metrics": [POINT], "params": [PAIR], "tags": [PAIR]}),
    ("runs/log-inputs", {"run_id": RUN, "datasets": [{"dataset": DATASET, "tags": [PAIR]}], "models": []}),
    ("runs/log-inputs", {"run_id": RUN, "models": [{"model_id": "m"}]}),
    ("runs/outputs", {"run_id": RUN, "models": [{"model_id": "m"}]}),
    ("runs/log-model", {"run_id": RUN, "model_json": "{}"}),
    ("runs/search", {"filter": "tags.a = 'x'", "order_by": ["metrics.a"], "page_token": "x", "run_view_type": "ALL"}),
    ("/api/3.0/mlflow/workspaces", {"name": "ws", "description": "d"}),
]  # fmt: skip


def spoiled(body: Any) -> Iterator[Any]:
    """Copies of a body, in each of which one text holds a NUL."""
    if isinstance(body, str):
        yield NUL
    else:
        for place in body if isinstance(body, dict) else range(len(body)):
            for inner in spoiled(body[place]):
                other = copy.deepcopy(body)
                other[place] = inner
                yield other


CASES = [pytest.param(path, body, id=f"{path} {n}") for path, good in GOOD for n, body in enumerate(spoiled(good))]


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture
def run(client: Caller) -> str:
    return client.run("0")


@pytest.mark.parametrize(("path", "body"), CASES)
def test_in_bodies(client: Caller, run, path, body):
    answer = client.refused("POST", path, json.loads(json.dumps(body).replace(RUN, run)))
    assert answer.status in (400, 404)
    assert answer.code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST")
    assert "DETAIL" not in answer.message


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("experiments/get", {"experiment_id": NUL}),
        ("experiments/get-by-name", {"experiment_name": NUL}),
        ("experiments/search", {"filter": f"tags.a = '{NUL}'"}),
        ("runs/get", {"run_id": NUL}),
        ("metrics/get-history", {"run_id": NUL, "metric_key": "m"}),
        ("metrics/get-history-bulk", {"run_id": [NUL], "metric_key": "m"}),
        ("metrics/get-history-bulk-interval", {"run_ids": [NUL], "metric_key": "m"}),
        ("/api/3.0/mlflow/workspaces/a%00b", {}),
    ],
)
def test_in_queries_and_paths(client: Caller, path, query):
    assert client.refused("GET", path, query).status in (400, 404)


def test_a_metric_nobody_could_log(client: Caller, run):
    response = client.request("GET", "metrics/get-history", params={"run_id": run, "metric_key": NUL})
    assert response.status_code in (200, 400), response.text


def test_json_that_stays_text_may_name_it(client: Caller, run):
    """The escape in a document that is kept as text is six harmless characters."""
    model = '{"artifact_path": "\\u0000", "flavors": {}, "utc_time_created": "", "run_id": ""}'
    client.post("runs/log-model", run_id=run, model_json=model)
    assert "\\u0000" in client.data(run)["tags"][0]["value"]
