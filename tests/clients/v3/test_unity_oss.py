"""Models by the store for open-source Unity Catalog, `uc:`, and the same models seen by the other clients."""

import uuid

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

pytestmark = [pytest.mark.modes("http"), pytest.mark.beyond]


@pytest.fixture
def oss(server) -> MlflowClient:
    mlflow.set_registry_uri(f"uc:{server.url}")
    yield MlflowClient(tracking_uri=server.url, registry_uri=f"uc:{server.url}")
    mlflow.set_registry_uri("")


@pytest.fixture
def http(server) -> MlflowClient:
    return MlflowClient(tracking_uri=server.url, registry_uri=server.url)


@pytest.fixture
def name() -> str:
    return f"main.default.oss-{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def line():
    data = np.arange(12.0).reshape(6, 2)
    estimator = LinearRegression().fit(data, data.sum(axis=1))
    return estimator, data, estimator.predict(data)


def log(line, **kwargs):
    estimator, data, expected = line
    return mlflow.sklearn.log_model(estimator, name="line", signature=infer_signature(data, expected), **kwargs)


def test_a_model_from_first_to_last(oss, http, name, line, experiment):
    made = oss.create_registered_model(name, description="first")
    assert (made.name, made.description) == (name, "first")
    with mlflow.start_run(experiment_id=experiment) as run:
        info = log(line)
    version = oss.create_model_version(name, info.model_uri, run_id=run.info.run_id, description="v")
    assert (int(version.version), version.status, version.description) == (1, "READY", "v")
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict(line[1]) == pytest.approx(line[2])
    assert oss.update_registered_model(name, "second").description == "second"
    assert oss.update_model_version(name, 1, "w").description == "w"
    assert [each.name for each in oss.search_registered_models(max_results=1000) if each.name == name] == [name]
    assert [int(each.version) for each in oss.search_model_versions(f"name='{name}'")] == [1]
    oss.delete_model_version(name, 1)
    with pytest.raises(MlflowException):
        oss.get_model_version(name, 1)
    oss.delete_registered_model(name)
    with pytest.raises(MlflowException):
        http.get_registered_model(name)


def test_log_and_register_in_one(oss, server, http, name, line, experiment, monkeypatch):
    with mlflow.start_run(experiment_id=experiment):
        log(line, registered_model_name=name)
    seen = http.get_model_version(name, "1")
    assert seen.status == "READY"
    http.set_registered_model_alias(name, "champion", "1")
    mlflow.set_registry_uri(server.url)
    for uri in (f"models:/{name}/1", f"models:/{name}@champion"):
        assert mlflow.pyfunc.load_model(uri).predict(line[1]) == pytest.approx(line[2])
    monkeypatch.setenv("DATABRICKS_HOST", server.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", server.token)
    mlflow.set_registry_uri("databricks-uc")
    platform = MlflowClient(tracking_uri=server.url, registry_uri="databricks-uc")
    assert platform.get_model_version_by_alias(name, "champion").status == "READY"
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict(line[1]) == pytest.approx(line[2])


def test_a_model_registered_over_http_is_loaded(oss, server, http, name, line, experiment):
    mlflow.set_registry_uri(server.url)
    with mlflow.start_run(experiment_id=experiment):
        log(line, registered_model_name=name)
    mlflow.set_registry_uri(f"uc:{server.url}")
    assert oss.get_model_version(name, 1).status == "READY"
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict(line[1]) == pytest.approx(line[2])


def test_a_version_that_was_not_finalized_is_not_loaded(oss, server, name):
    oss.create_registered_model(name)
    catalog, schema, leaf = name.split(".")
    body = {"catalog_name": catalog, "schema_name": schema, "model_name": leaf, "source": "s3://b/m"}
    made = server.post("/api/2.1/unity-catalog/models/versions", body).json()
    assert (made["status"], made["storage_location"][:8]) == ("PENDING_REGISTRATION", "file:///")
    with pytest.raises(MlflowException):
        mlflow.artifacts.download_artifacts(f"models:/{name}/1")
