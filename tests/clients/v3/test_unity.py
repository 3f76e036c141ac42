"""Unity Catalog's own surface by the client and by the platform's SDK; what a version shows of its LoggedModel."""

import uuid

import mlflow
import numpy as np
import pytest
from databricks.sdk import WorkspaceClient
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.tracking._model_registry.registry import ModelRegistryStoreRegistry
from sklearn.linear_model import LinearRegression

from clients.expect import EXISTS, MISSING, refused

pytestmark = pytest.mark.modes("databricks")
_built = ModelRegistryStoreRegistry._get_store_with_resolved_uri  # the client remembers which surface it chose


@pytest.fixture
def uc(side) -> MlflowClient:
    mlflow.set_registry_uri("databricks-uc")
    yield MlflowClient(tracking_uri=side.uri, registry_uri="databricks-uc")
    mlflow.set_registry_uri("")


@pytest.fixture
def native(monkeypatch, uc) -> MlflowClient:
    """The client on `/api/2.1/unity-catalog`."""
    monkeypatch.setenv("MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY", "true")
    _built.cache_clear()
    yield MlflowClient(registry_uri="databricks-uc")
    _built.cache_clear()


@pytest.fixture
def http(server) -> MlflowClient:
    return MlflowClient(tracking_uri=server.url, registry_uri=server.url)


@pytest.fixture
def name() -> str:
    return f"main.default.model-{uuid.uuid4().hex}"


@pytest.fixture
def line():
    data = np.arange(12.0).reshape(6, 2)
    estimator = LinearRegression().fit(data, data.sum(axis=1))
    return estimator, data, estimator.predict(data)


def log(line, **kwargs):
    estimator, data, expected = line
    return mlflow.sklearn.log_model(
        estimator, name="line", pip_requirements=["scikit-learn"], signature=infer_signature(data, expected), **kwargs
    )


def test_a_version_shows_the_results_of_its_model(uc, experiment, line, name):
    with mlflow.start_run(experiment_id=experiment):
        info = log(line, params={"alpha": "1"})
        dataset = mlflow.data.from_numpy(line[1], name="numbers")
        mlflow.log_metric("r2", 0.5, model_id=info.model_id, dataset=dataset)
        mlflow.log_metric("loss", float("nan"), model_id=info.model_id)
    mlflow.register_model(f"models:/{info.model_id}", name)
    found = uc.get_model_version(name, "1")
    assert [(each.key, each.value) for each in found.params] == [("alpha", "1")]
    assert ("r2", 0.5, "numbers") in [(each.key, each.value, each.dataset_name) for each in found.metrics]
    assert "loss" in [each.key for each in found.metrics]


@pytest.mark.parametrize("way", ["true", "false"])  # the Files API, or signed URLs
def test_the_native_surface(way, native, http, experiment, line, name, monkeypatch):
    monkeypatch.setenv("MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC", way)
    made = native.create_registered_model(name, tags={"team": "a"}, description="flowers")
    assert (made.name, made.description, made.tags) == (name, "flowers", {"team": "a"})
    with refused(EXISTS):
        native.create_registered_model(name)
    native.set_registered_model_tag(name, "n", "1")
    native.delete_registered_model_tag(name, "team")
    assert native.get_registered_model(name).tags == http.get_registered_model(name).tags == {"n": "1"}
    assert native.update_registered_model(name, "trees").description == "trees"
    assert name in [each.name for each in native.search_registered_models(max_results=1000)]
    with mlflow.start_run(experiment_id=experiment):
        info = log(line, registered_model_name=name)
    native.set_registered_model_alias(name, "champion", 1)
    found = native.get_model_version_by_alias(name, "champion")
    assert (found.name, found.version, found.status, found.model_id) == (name, "1", "READY", info.model_id)
    assert (list(found.aliases), native.get_registered_model(name).aliases) == (["champion"], {"champion": "1"})
    assert np.array_equal(mlflow.sklearn.load_model(f"models:/{name}@champion").predict(line[1]), line[2])
    native.set_model_version_tag(name, "1", "a/b", "c")
    assert http.get_model_version(name, "1").tags == native.get_model_version(name, "1").tags == {"a/b": "c"}
    native.delete_model_version_tag(name, "1", "a/b")
    assert native.update_model_version(name, "1", "words").description == "words"
    assert [each.version for each in native.search_model_versions(f"name = '{name}'")] == ["1"]
    native.delete_registered_model_alias(name, "champion")
    with refused(MISSING):
        native.get_model_version_by_alias(name, "champion")
    native.delete_model_version(name, "1")
    with refused(MISSING):
        native.get_model_version(name, "1")
    native.rename_registered_model(name, f"{name}x")
    native.delete_registered_model(f"{name}x")
    with refused(MISSING):
        http.get_registered_model(f"{name}x")


def test_the_platform_sdk(uc, http, experiment, line, name):
    catalog, schema, leaf = name.split(".")
    sdk = WorkspaceClient()
    made = sdk.registered_models.create(catalog_name=catalog, schema_name=schema, name=leaf, comment="flowers")
    assert (made.full_name, made.comment) == (name, "flowers")
    with mlflow.start_run(experiment_id=experiment):
        log(line, registered_model_name=name)
    sdk.registered_models.set_alias(name, "champion", 1)
    assert sdk.model_versions.get_by_alias(name, "champion").version == 1
    assert http.get_model_version_by_alias(name, "champion").version == "1"
    assert [each.version for each in sdk.model_versions.list(name)] == [1]
    assert sdk.model_versions.update(name, 1, comment="words").comment == "words"
    listed = sdk.registered_models.list(catalog_name=catalog, schema_name=schema, max_results=2)
    assert name in [each.full_name for each in listed]
    assert sdk.registered_models.update(name, comment="trees").comment == "trees"
    assert [each.alias_name for each in sdk.registered_models.get(name, include_aliases=True).aliases] == ["champion"]
    sdk.registered_models.delete_alias(name, "champion")
    sdk.model_versions.delete(name, 1)
    sdk.registered_models.delete(name)
    with refused(MISSING):
        http.get_registered_model(name)
