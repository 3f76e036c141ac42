"""What a version in Unity Catalog shows of the LoggedModel it was made from."""

import uuid

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

pytestmark = pytest.mark.modes("databricks")


@pytest.fixture
def uc(side) -> MlflowClient:
    mlflow.set_registry_uri("databricks-uc")
    yield MlflowClient(tracking_uri=side.uri, registry_uri="databricks-uc")
    mlflow.set_registry_uri("")


def test_a_version_shows_the_results_of_its_model(uc, experiment):
    name = f"main.default.model-{uuid.uuid4().hex}"
    data = np.arange(12.0).reshape(6, 2)
    estimator = LinearRegression().fit(data, data.sum(axis=1))
    with mlflow.start_run(experiment_id=experiment):
        info = mlflow.sklearn.log_model(
            estimator,
            name="line",
            pip_requirements=["scikit-learn"],
            signature=infer_signature(data, estimator.predict(data)),
            params={"alpha": "1"},
        )
        dataset = mlflow.data.from_numpy(data, name="numbers")
        mlflow.log_metric("r2", 0.5, model_id=info.model_id, dataset=dataset)
        mlflow.log_metric("loss", float("nan"), model_id=info.model_id)
    mlflow.register_model(f"models:/{info.model_id}", name)
    found = uc.get_model_version(name, "1")
    assert found.params == {"alpha": "1"} or [(each.key, each.value) for each in found.params] == [("alpha", "1")]
    assert ("r2", 0.5, "numbers") in [(each.key, each.value, each.dataset_name) for each in found.metrics]
