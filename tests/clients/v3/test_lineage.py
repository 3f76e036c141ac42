"""Lineage and A/B tests of what the unmodified client logs, registers, loads and traces, in both modes."""

import time
import uuid

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from sklearn.linear_model import LinearRegression

LINEAGE = "/api/2.0/lakeward/lineage"
SPLIT = "/api/2.0/lakeward/registry/prompts/split"
ACTIVITY = "/api/2.0/lakeward/registry/activity"

pytestmark = pytest.mark.beyond


@pytest.fixture
def registry(side):
    """The registry that belongs to the mode: the server itself, or Unity Catalog."""
    mlflow.set_registry_uri("databricks-uc" if side.mode == "databricks" else side.server.url)
    yield
    mlflow.set_registry_uri("")


@pytest.fixture
def stem(side) -> str:
    word = f"l{uuid.uuid4().hex[:12]}"
    return f"main.default.{word}" if side.mode == "databricks" else word


def links(server, kind: str, **which) -> set[tuple[str, str, str]]:
    """(direction, kind, id or name/version) of each."""
    answer = server.get(LINEAGE, kind=kind, **which)
    assert answer.status_code == 200, answer.text
    found = [(each["direction"], each["object"]) for each in answer.json()["links"]]
    return {
        (way, node["kind"], node.get("id") or f"{node['name']}/{node.get('version') or node.get('digest')}")
        for way, node in found
    }


def eventually(condition):
    """The client links prompts in threads of its own."""
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_from_the_data_to_the_version(client: MlflowClient, server, registry, experiment, stem):
    data = np.arange(6.0).reshape(3, 2)
    model = LinearRegression().fit(data, data.sum(axis=1))
    dataset = mlflow.data.from_numpy(data, name="rows")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_input(dataset, "training")
        info = mlflow.sklearn.log_model(
            model, name="line", registered_model_name=stem, input_example=data
        )  # fmt: skip
    run_id, version = run.info.run_id, f"{stem}/1"
    of_run = links(server, "RUN", id=run_id)
    assert ("UPSTREAM", "DATASET", f"rows/{dataset.digest}") in of_run
    assert ("DOWNSTREAM", "LOGGED_MODEL", info.model_id) in of_run
    assert ("DOWNSTREAM", "MODEL_VERSION", version) in of_run
    assert ("DOWNSTREAM", "MODEL_VERSION", version) in links(server, "LOGGED_MODEL", id=info.model_id)
    upstream = links(server, "MODEL_VERSION", name=stem, version="1")
    assert {("UPSTREAM", "LOGGED_MODEL", info.model_id), ("UPSTREAM", "RUN", run_id)} <= upstream
    assert ("DOWNSTREAM", "RUN", run_id) in links(server, "DATASET", name="rows", digest=dataset.digest)


def test_a_split_prompt_from_the_alias_to_the_trace(client: MlflowClient, server, registry, experiment, stem):
    mlflow.set_experiment(experiment_id=experiment)
    for text in ("one", "two"):
        mlflow.genai.register_prompt(stem, text)
    arms = [{"version": 1, "weight": 1}, {"version": 2, "weight": 1}]
    body = {"name": stem, "alias": "live", "arms": arms}
    assert server.request("PUT", SPLIT, json=body).status_code == 200
    loaded = {key: mlflow.genai.load_prompt(f"prompts:/{stem}@live--{key}").version for key in range(40)}
    assert set(loaded.values()) == {1, 2}
    again = {key: mlflow.genai.load_prompt(f"prompts:/{stem}@live--{key}", cache_ttl_seconds=0) for key in range(5)}
    assert {key: prompt.version for key, prompt in again.items()} == {key: loaded[key] for key in range(5)}

    @mlflow.trace
    def answer() -> str:
        return mlflow.genai.load_prompt(f"prompts:/{stem}@live--7", cache_ttl_seconds=0).template

    answer()
    trace_id = mlflow.get_last_active_trace_id()
    mlflow.flush_trace_async_logging()
    tag = eventually(lambda: client.get_trace(trace_id).info.tags.get(f"lakeward.arm.{stem}"))
    assert tag == f"live={loaded[7]}"
    assert ("DOWNSTREAM", "TRACE", trace_id) in links(server, "PROMPT_VERSION", name=stem, version=str(loaded[7]))
    assert ("UPSTREAM", "PROMPT_VERSION", f"{stem}/{loaded[7]}") in links(server, "TRACE", id=trace_id)
    found = mlflow.search_traces(
        locations=[experiment], filter_string=f"prompt = '{stem}/{loaded[7]}'", return_type="list"
    )
    assert [each.info.trace_id for each in found] == [trace_id]
    mlflow.genai.set_prompt_alias(stem, alias="live", version=1)
    assert {
        mlflow.genai.load_prompt(f"prompts:/{stem}@live--{key}", cache_ttl_seconds=0).version for key in range(5)
    } == {1}


def test_the_log_of_a_prompt(server, registry, stem):
    mlflow.genai.register_prompt(stem, "one")
    mlflow.genai.set_prompt_alias(stem, alias="live", version=1)
    mlflow.genai.set_prompt_version_tag(stem, 1, "k", "v")
    found = server.get(ACTIVITY, name=stem, version="1").json()["activities"]
    assert [each["action"] for each in found] == ["tag_set", "alias_set", "created"]


def test_a_prompt_in_a_run(client: MlflowClient, server, registry, experiment, stem):
    mlflow.genai.register_prompt(stem, "one")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.genai.load_prompt(f"prompts:/{stem}/1", cache_ttl_seconds=0)
    assert ("DOWNSTREAM", "RUN", run.info.run_id) in links(server, "PROMPT_VERSION", name=stem, version="1")
    assert ("UPSTREAM", "PROMPT_VERSION", f"{stem}/1") in links(server, "RUN", id=run.info.run_id)


@pytest.mark.modes("databricks")
def test_a_table_that_a_run_read_leads_to_its_model(client: MlflowClient, server, registry, experiment, stem):
    """The client says so when it registers what a notebook logged."""
    leaf = stem.rpartition(".")[2]
    asked = {"catalog_name": "main", "schema_name": "default", "name": leaf, "table_type": "MANAGED"}
    table = server.post("/api/2.1/unity-catalog/tables", asked).json()
    source = DeltaDatasetSource(delta_table_name=stem, delta_table_id=table["table_id"])
    data = np.arange(6.0).reshape(3, 2)
    model = LinearRegression().fit(data, data.sum(axis=1))
    with mlflow.start_run(experiment_id=experiment, tags={"mlflow.databricks.notebookID": "7"}):
        mlflow.log_input(MetaDataset(source, name="sales"))
        mlflow.sklearn.log_model(model, name="line", registered_model_name=stem, input_example=data)
    assert ("UPSTREAM", "TABLE", table["table_id"]) in links(server, "MODEL_VERSION", name=stem, version="1")
    assert links(server, "TABLE", name=stem) == {("DOWNSTREAM", "MODEL_VERSION", f"{stem}/1")}
