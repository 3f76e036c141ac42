"""Models with their files: logged, listed, loaded by both URIs, and from the other mode."""

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import LoggedModelStatus
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression


@pytest.fixture(scope="module")
def regression():
    data = load_diabetes(as_frame=True).data
    return data, LinearRegression().fit(data, load_diabetes().target)


class AddN(mlflow.pyfunc.PythonModel):
    def __init__(self, n):
        self.n = n

    def predict(self, context, model_input: list[int]) -> list[int]:
        return [each + self.n for each in model_input]


def log_sklearn(estimator, **kwargs):
    return mlflow.sklearn.log_model(estimator, pip_requirements=["scikit-learn"], **kwargs)


def test_sklearn(side, client, experiment, regression):
    data, estimator = regression
    expected = estimator.predict(data)
    with mlflow.start_run(experiment_id=experiment) as run:
        info = log_sklearn(estimator, name="line", input_example=data.head(2), params={"alpha": 0}, step=3)
    found = client.get_logged_model(info.model_id)
    assert (found.status, found.source_run_id, found.name) == (LoggedModelStatus.READY, run.info.run_id, "line")
    assert found.params == {"alpha": "0"}
    (output,) = client.get_run(run.info.run_id).outputs.model_outputs
    assert (output.model_id, output.step) == (info.model_id, 3)
    for uri in (f"models:/{info.model_id}", f"runs:/{run.info.run_id}/line"):
        assert np.array_equal(mlflow.sklearn.load_model(uri).predict(data), expected)
        assert np.allclose(mlflow.pyfunc.load_model(uri).predict(data), expected, rtol=1e-12)


def test_files_of_a_model(side, client, experiment, regression):
    with mlflow.start_run(experiment_id=experiment) as run:
        info = log_sklearn(regression[1], name="line")
    paths = [f.path for f in client.list_logged_model_artifacts(info.model_id)]
    assert {"MLmodel", "requirements.txt", "python_env.yaml"} <= set(paths)
    merged = [f.path for f in mlflow.artifacts.list_artifacts(f"runs:/{run.info.run_id}/line")]
    assert "line/MLmodel" in merged
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{info.model_id}"))
    assert info.model_id in (folder / "MLmodel").read_text()


@pytest.mark.beyond
def test_a_run_that_moves_while_it_logs_takes_its_model_along(side, client, experiment, regression):
    """By all the names the client knows: the run's id, `runs:/`, and its model in the other experiment."""
    data, estimator = regression
    there = side.experiment("there")
    with mlflow.start_run(experiment_id=experiment) as run:
        info = log_sklearn(estimator, name="line")
        mlflow.log_text("before", "notes/first.txt")
        uri = client.get_run(run.info.run_id).info.artifact_uri
        moved = side.server.post(
            "/api/2.0/lakeward/runs/move",
            {"run_ids": [run.info.run_id], "experiment_id": there},
        )
        assert moved.json() == {"runs_moved": 1, "models_moved": 1}
        mlflow.log_metric("after", 1)
        mlflow.log_text("after", "notes/second.txt")
    found = client.get_run(run.info.run_id)
    assert (found.info.experiment_id, found.info.status, found.data.metrics) == (there, "FINISHED", {"after": 1})
    assert found.info.artifact_uri == uri
    assert [each.info.run_id for each in client.search_runs([there], "metrics.after = 1")] == [run.info.run_id]
    assert not client.search_runs([experiment])
    assert [each.model_id for each in client.search_logged_models([there])] == [info.model_id]
    folder = Path(mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/notes"))
    assert {each.name: each.read_text() for each in folder.iterdir()} == {"first.txt": "before", "second.txt": "after"}
    for model in (f"runs:/{run.info.run_id}/line", f"models:/{info.model_id}"):
        assert np.array_equal(mlflow.sklearn.load_model(model).predict(data), estimator.predict(data))


def test_a_python_class(side, client, experiment):
    with mlflow.start_run(experiment_id=experiment) as run:
        info = mlflow.pyfunc.log_model(name="adder", python_model=AddN(5), pip_requirements=["mlflow"])
    for uri in (info.model_uri, f"runs:/{run.info.run_id}/adder"):
        assert mlflow.pyfunc.load_model(uri).predict([1, 2]) == [6, 7]


def test_a_class_with_artifacts(side, client, experiment, tmp_path):
    (tmp_path / "words.txt").write_text("häl\nlo")

    class Reader(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            self.words = Path(context.artifacts["words"]).read_text().split()

        def predict(self, context, model_input, params=None):
            return [" ".join(self.words) for _ in range(len(model_input))]

    artifacts = {"words": (tmp_path / "words.txt").as_uri()}
    with mlflow.start_run(experiment_id=experiment):
        info = mlflow.pyfunc.log_model(
            name="reader", python_model=Reader(), artifacts=artifacts, pip_requirements=["mlflow"]
        )
    assert mlflow.pyfunc.load_model(info.model_uri).predict(pd.DataFrame({"a": [1, 2]})) == ["häl lo", "häl lo"]


def test_models_from_code(side, client, experiment, tmp_path):
    code = tmp_path / "model_code.py"
    code.write_text(
        "import mlflow\n"
        "class Shout(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input: list[str]) -> list[str]:\n"
        "        return [each.upper() + '!' for each in model_input]\n"
        "mlflow.models.set_model(Shout())\n"
    )
    with mlflow.start_run(experiment_id=experiment) as run:
        info = mlflow.pyfunc.log_model(name="shout", python_model=str(code), pip_requirements=["mlflow"])
    for uri in (info.model_uri, f"runs:/{run.info.run_id}/shout"):
        assert mlflow.pyfunc.load_model(uri).predict(["a", "bc"]) == ["A!", "BC!"]


def test_without_a_run(side, client, experiment, regression):
    data, estimator = regression
    mlflow.set_experiment(experiment_id=experiment)
    info = log_sklearn(estimator, name="alone")
    assert np.array_equal(mlflow.sklearn.load_model(info.model_uri).predict(data), estimator.predict(data))


def test_two_models_of_one_name(side, client, experiment, regression):
    data, estimator = regression
    with mlflow.start_run(experiment_id=experiment):
        infos = [log_sklearn(estimator, name="same", step=step) for step in (1, 2)]
    assert infos[0].model_id != infos[1].model_id
    for info in infos:
        assert np.array_equal(mlflow.sklearn.load_model(info.model_uri).predict(data), estimator.predict(data))


def test_a_failed_upload_marks_the_model(side, client, experiment):
    class Unpicklable(mlflow.pyfunc.PythonModel):
        def __reduce__(self):
            raise RuntimeError("cannot be stored")

        def predict(self, context, model_input):
            return model_input

    with pytest.raises(Exception, match="serialize"), mlflow.start_run(experiment_id=experiment):
        mlflow.pyfunc.log_model(name="broken", python_model=Unpicklable(), pip_requirements=["mlflow"])
    (found,) = client.search_logged_models([experiment])
    assert found.status == LoggedModelStatus.FAILED


def test_metrics_find_the_logged_model(side, client, experiment, regression):
    """In a run, metrics on a data set find the model that was logged last."""
    data, estimator = regression
    dataset = mlflow.data.from_pandas(data, name="diabetes")
    with mlflow.start_run(experiment_id=experiment):
        info = log_sklearn(estimator, name="line")
        mlflow.log_metric("r2", 0.5, dataset=dataset, model_id=info.model_id)
    order = [{"field_name": "metrics.r2", "ascending": False, "dataset_name": "diabetes"}]
    (best,) = client.search_logged_models([experiment], order_by=order, max_results=1)
    assert best.model_id == info.model_id
    assert mlflow.last_logged_model().model_id == info.model_id


@pytest.mark.beyond
def test_logged_in_one_mode_loaded_in_the_other(side, client, experiment, regression, other_side):
    data, estimator = regression
    with mlflow.start_run(experiment_id=experiment) as run:
        info = log_sklearn(estimator, name="line")
    with other_side().entered() as other:
        for uri in (f"models:/{info.model_id}", f"runs:/{run.info.run_id}/line"):
            assert np.array_equal(mlflow.sklearn.load_model(uri).predict(data), estimator.predict(data))
        there = {f.path for f in other.client.list_logged_model_artifacts(info.model_id)}
    assert there == {f.path for f in client.list_logged_model_artifacts(info.model_id)}


def test_log_model_artifacts_by_hand(side, client, experiment, tmp_path):
    """Files put on a model one by one, as checkpoints are."""
    made = client.create_logged_model(experiment, name="by-hand")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.bin").write_bytes(b"w" * 5000)
    client.log_model_artifacts(made.model_id, str(tmp_path / "weights"))
    client.finalize_logged_model(made.model_id, "READY")
    assert [f.path for f in client.list_logged_model_artifacts(made.model_id)] == ["w.bin"]
    back = mlflow.artifacts.download_artifacts(f"models:/{made.model_id}", dst_path=str(tmp_path / "back"))
    assert (Path(back) / "w.bin").read_bytes() == b"w" * 5000


def test_evaluate(side, client, experiment, regression):
    data, estimator = regression
    frame = data.head(100).assign(y=estimator.predict(data.head(100)))
    with mlflow.start_run(experiment_id=experiment):
        info = log_sklearn(estimator, name="line", input_example=data.head(1))
        dataset = mlflow.data.from_pandas(frame, name="head", targets="y")
        result = mlflow.models.evaluate(
            info.model_uri, dataset, model_type="regressor", evaluator_config={"log_explainer": False}
        )
    assert result.metrics["r2_score"] == pytest.approx(1)
    stored = {(m.key, m.dataset_name): m.value for m in client.get_logged_model(info.model_id).metrics}
    assert stored[("r2_score", "head")] == pytest.approx(1)
