"""Registered LoggedModels: each knows its versions, and its versions know it."""

import uuid

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression

pytestmark = pytest.mark.modes("http")


@pytest.fixture
def name() -> str:
    return f"model-{uuid.uuid4().hex}"


@pytest.fixture
def logged(side, experiment):
    data = np.arange(12.0).reshape(6, 2)
    estimator = LinearRegression().fit(data, data.sum(axis=1))
    with mlflow.start_run(experiment_id=experiment) as run:
        info = mlflow.sklearn.log_model(estimator, name="line", pip_requirements=["scikit-learn"])
    return run.info.run_id, info.model_id, data, estimator.predict(data)


def test_a_logged_model_is_registered_by_its_id(client: MlflowClient, logged, name, server):
    run_id, model_id, data, expected = logged
    made = mlflow.register_model(f"models:/{model_id}", name)
    assert (int(made.version), made.run_id, made.source) == (1, run_id, f"models:/{model_id}")
    by_run = mlflow.register_model(f"runs:/{run_id}/line", name)
    assert by_run.source == f"models:/{model_id}"
    client.set_registered_model_alias(name, "champion", 2)
    for which in ("/1", "@champion", "/latest"):
        assert np.array_equal(mlflow.sklearn.load_model(f"models:/{name}{which}").predict(data), expected)
    info = server.get(f"/api/2.0/mlflow/logged-models/{model_id}").json()["model"]["info"]
    assert info["registrations"] == [{"name": name, "version": str(number)} for number in (1, 2)]
    assert "mlflow.modelVersions" in client.get_logged_model(model_id).tags


def test_a_version_is_loaded_after_its_run_is_gone(client: MlflowClient, logged, name, server):
    run_id, model_id, data, expected = logged
    mlflow.register_model(f"models:/{model_id}", name)
    client.delete_run(run_id)
    server.post("/api/2.0/lakeward/purge", {"run_ids": [run_id]})
    assert client.get_model_version(name, 1).run_id == run_id
    assert np.array_equal(mlflow.sklearn.load_model(f"models:/{name}/1").predict(data), expected)


def test_an_external_model_has_a_version_too(client: MlflowClient, experiment, name):
    model = client.create_logged_model(experiment, name="app")
    client.create_registered_model(name)
    made = client.create_model_version(name, f"models:/{model.model_id}", model_id=model.model_id)
    assert made.source == f"models:/{model.model_id}"
