"""The registry by the client over http, and by the same calls in `databricks` mode with its workspace registry.

The Unity Catalog registry, which is what `databricks` mode takes by itself, has a file of its own.
"""

import uuid

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LinearRegression

from .expect import EXISTS, INVALID, MISSING, refused


@pytest.fixture
def client(side) -> MlflowClient:
    mlflow.set_registry_uri(side.uri)
    yield MlflowClient(tracking_uri=side.uri, registry_uri=side.uri)
    mlflow.set_registry_uri("")


@pytest.fixture
def name() -> str:
    return f"model-{uuid.uuid4().hex}"


def versions(found) -> list[int]:
    return [int(each.version) for each in found]


def test_a_registered_model(client, name):
    made = client.create_registered_model(name, tags={"team": "a"}, description="flowers")
    assert (made.name, made.description, made.tags, made.latest_versions) == (name, "flowers", {"team": "a"}, [])
    assert dict(client.get_registered_model(name)) == dict(made)
    with refused(EXISTS, "already exists"):
        client.create_registered_model(name)
    assert client.update_registered_model(name, "trees").description == "trees"
    client.set_registered_model_tag(name, "n", 1)
    client.delete_registered_model_tag(name, "team")
    assert client.get_registered_model(name).tags == {"n": "1"}
    new = f"{name}-new"
    client.rename_registered_model(name, new)
    assert client.get_registered_model(new).tags == {"n": "1"}
    with refused(MISSING, name):
        client.get_registered_model(name)
    client.delete_registered_model(new)
    with refused(MISSING):
        client.delete_registered_model(new)


def test_names_that_may_not_be(client):
    for name in ("a/b", "a:b"):
        with pytest.raises(MlflowException, match=r"cannot contain|Invalid"):
            client.create_registered_model(name)
    with refused(INVALID, by=None):
        client.create_registered_model("")


def test_versions(client, name, run):
    client.create_registered_model(name)
    made = client.create_model_version(name, f"runs:/{run}/model", run, tags={"k": "v"}, description="first")
    assert (made.name, int(made.version), made.run_id, made.status, made.tags) == (name, 1, run, "READY", {"k": "v"})
    assert (made.description, made.current_stage, made.source) == ("first", "None", f"runs:/{run}/model")
    assert client.get_model_version_download_uri(name, "1") == f"runs:/{run}/model"
    again = client.create_model_version(name, "s3://bucket/m")
    assert int(again.version) == 2
    assert client.update_model_version(name, "2", "second").description == "second"
    client.set_model_version_tag(name, "2", "k", "v2")
    client.delete_model_version_tag(name, "1", "k")
    assert (client.get_model_version(name, "1").tags, client.get_model_version(name, "2").tags) == ({}, {"k": "v2"})
    client.delete_model_version(name, "2")
    with refused(MISSING, "not found"):
        client.get_model_version(name, "2")
    assert int(client.create_model_version(name, "s3://bucket/m").version) == 3


def test_stages(client, name):
    client.create_registered_model(name)
    for _ in range(3):
        client.create_model_version(name, "s3://bucket/m")
    client.transition_model_version_stage(name, 1, "Production")
    client.transition_model_version_stage(name, 2, "production", archive_existing_versions=True)
    assert client.get_model_version(name, 1).current_stage == "Archived"
    assert versions(client.get_latest_versions(name)) == [1, 2, 3]
    assert versions(client.get_latest_versions(name, ["Production"])) == [2]
    with refused(INVALID, by=None):
        client.transition_model_version_stage(name, 1, "Nowhere")


@pytest.mark.modes("http")  # the client has no aliases in the workspace registry
def test_aliases(client, name):
    client.create_registered_model(name)
    for _ in range(2):
        client.create_model_version(name, "s3://bucket/m")
    client.set_registered_model_alias(name, "champion", 1)
    assert int(client.get_model_version_by_alias(name, "champion").version) == 1
    client.set_registered_model_alias(name, "champion", "2")
    found = client.get_model_version_by_alias(name, "champion")
    assert (int(found.version), list(found.aliases)) == (2, ["champion"])
    assert {k: int(v) for k, v in client.get_registered_model(name).aliases.items()} == {"champion": 2}
    client.delete_registered_model_alias(name, "champion")
    with refused(INVALID, "champion"):
        client.get_model_version_by_alias(name, "champion")
    for alias in ("latest", "v3"):
        with refused(INVALID, "reserved", by=None):
            client.set_registered_model_alias(name, alias, 1)


def test_search(client, name):
    for number in range(5):
        client.create_registered_model(f"{name}-{number}", tags={"n": str(number)})
        client.create_model_version(f"{name}-{number}", "s3://bucket/m", run_id=f"{name}-run", tags={"n": str(number)})
    mine = f"name LIKE '{name}%'"
    found, token = [], None
    while token != "":
        page = client.search_registered_models(mine, max_results=2, order_by=["name DESC"], page_token=token)
        found += [each.name for each in page]
        token = page.token or ""
    assert found == [f"{name}-{number}" for number in (4, 3, 2, 1, 0)]
    (one,) = client.search_registered_models(f"{mine} AND tags.n = '3'")
    assert (one.name, versions(one.latest_versions)) == (f"{name}-3", [1])
    assert [each.name for each in client.search_model_versions(f"run_id = '{name}-run'", order_by=["name ASC"])] == [
        f"{name}-{number}" for number in range(5)
    ]
    (one,) = client.search_model_versions(f"name = '{name}-2'")
    assert one.tags == {"n": "2"}
    with refused(INVALID, by=None):
        client.search_registered_models("nonsense = '1'")


@pytest.mark.modes("http")  # the client has no aliases in the workspace registry
def test_copies(client, name):
    client.create_registered_model(name)
    client.create_model_version(name, "s3://bucket/m", tags={"k": "v"}, description="d")
    client.set_registered_model_alias(name, "champion", 1)
    for number, uri in enumerate((f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/latest"), 1):
        copied = client.copy_model_version(uri, f"{name}-copy")
        assert (int(copied.version), copied.tags, copied.description) == (number, {"k": "v"}, "d")
        assert copied.source == f"models:/{name}/1"
    assert client.get_model_version_download_uri(f"{name}-copy", 3) == "s3://bucket/m"


@pytest.mark.modes("http")
def test_a_model_is_logged_registered_and_loaded(side, client, experiment, name):
    data = np.arange(12.0).reshape(6, 2)
    estimator = LinearRegression().fit(data, data.sum(axis=1))
    expected = estimator.predict(data)
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.sklearn.log_model(estimator, "line", pip_requirements=["scikit-learn"], registered_model_name=name)
    made = client.get_model_version(name, 1)
    assert made.run_id == run.info.run_id
    again = mlflow.register_model(f"runs:/{run.info.run_id}/line", name, tags={"by": "run"})
    assert (int(again.version), again.run_id) == (2, run.info.run_id)
    client.set_registered_model_alias(name, "champion", 1)
    client.transition_model_version_stage(name, 1, "Staging")
    for which in ("/1", "/2", "@champion", "/latest", "/Staging"):
        assert np.array_equal(mlflow.sklearn.load_model(f"models:/{name}{which}").predict(data), expected)
    assert np.allclose(mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(data), expected, rtol=1e-12)
    copied = client.copy_model_version(f"models:/{name}@champion", f"{name}-copy")
    client.delete_registered_model(name)
    loaded = mlflow.sklearn.load_model(f"models:/{name}-copy/{copied.version}")
    assert np.array_equal(loaded.predict(data), expected)
