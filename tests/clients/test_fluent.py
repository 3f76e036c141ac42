"""The fluent API the way training scripts use it."""

import json
import time

import matplotlib as mpl
import mlflow
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

mpl.use("Agg")


@pytest.fixture
def named(side):
    """The experiment is set by name, as scripts do."""
    return mlflow.set_experiment(side.name("fluent"))


def paths(client, run_id, path=None):
    return [f.path for f in client.list_artifacts(run_id, path)]


def test_start_and_end(client, named):
    with mlflow.start_run(run_name="one") as run:
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
    found = client.get_run(run.info.run_id)
    assert (found.info.status, found.info.run_name) == ("FINISHED", "one")
    assert found.info.end_time >= found.info.start_time
    assert found.data.tags["mlflow.user"]
    assert found.data.tags["mlflow.source.type"] == "LOCAL"


def test_a_failed_run(client, named):
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        1 / 0  # noqa: B018
    assert client.get_run(run.info.run_id).info.status == "FAILED"


def test_resume(client, named):
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1, step=1)
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("m", 2, step=2)
    found = client.get_run(run.info.run_id)
    assert (found.info.status, found.data.metrics) == ("FINISHED", {"m": 2})


def test_nested(client, named):
    with mlflow.start_run() as parent:
        children = []
        for depth in range(3):
            with mlflow.start_run(nested=True) as child:
                mlflow.log_param("depth", depth)
                children.append(child.info.run_id)
    query = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    found = client.search_runs([named.experiment_id], query, order_by=["params.depth"])
    assert [r.info.run_id for r in found] == children


def test_parallel_children_by_parent_id(client, named):
    with mlflow.start_run() as parent:
        pass
    child = mlflow.start_run(parent_run_id=parent.info.run_id, nested=True)
    mlflow.end_run()
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_text_and_dicts(client, named):
    with mlflow.start_run() as run:
        mlflow.log_text("hällo\n", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2, {"b": None}]}, "config.json")
        mlflow.log_dict({"a": "ä"}, "config.yaml")
    assert mlflow.artifacts.load_text(_full(client, run, "notes/hello.txt")) == "hällo\n"
    assert mlflow.artifacts.load_dict(_full(client, run, "config.json")) == {"a": [1, 2, {"b": None}]}
    assert paths(client, run.info.run_id) == ["config.json", "config.yaml", "notes"]


def _full(client, run, path):
    return f"{client.get_run(run.info.run_id).info.artifact_uri}/{path}"


def test_figure(client, named):
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([0, 1], [1, 0])
    with mlflow.start_run() as run:
        mlflow.log_figure(figure, "plots/line.png")
    plt.close(figure)
    image = mlflow.artifacts.load_image(_full(client, run, "plots/line.png"))
    assert image.size == (640, 480)


def test_image_as_a_file(client, named):
    pixels = np.random.default_rng(0).integers(0, 255, (8, 6, 3), dtype=np.uint8)
    with mlflow.start_run() as run:
        mlflow.log_image(pixels, "image.png")
    assert np.array_equal(np.asarray(mlflow.artifacts.load_image(_full(client, run, "image.png"))), pixels)


def test_images_over_steps(client, named):
    with mlflow.start_run() as run:
        for step in range(3):
            mlflow.log_image(Image.new("RGB", (20, 20), (step, 0, 0)), key="sample", step=step)
            time.sleep(0.002)
    stored = paths(client, run.info.run_id, "images")
    assert len([p for p in stored if p.endswith(".png")]) == 3
    assert client.get_run(run.info.run_id).data.tags["mlflow.loggedImages"] == "True"


def test_tables(client, named):
    with mlflow.start_run() as run:
        mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "table.json")
        mlflow.log_table(pd.DataFrame({"q": ["c"], "n": [3]}), "table.json")
    frame = mlflow.load_table("table.json", run_ids=[run.info.run_id])
    assert frame.to_dict("list") == {"q": ["a", "b", "c"], "n": [1, 2, 3]}
    tags = client.get_run(run.info.run_id).data.tags
    assert json.loads(tags["mlflow.loggedArtifacts"]) == [{"path": "table.json", "type": "table"}]


def test_table_over_runs(named):
    ids = []
    for number in range(3):
        with mlflow.start_run() as run:
            mlflow.log_table({"n": [number]}, "t.json")
            ids.append(run.info.run_id)
    frame = mlflow.load_table("t.json", run_ids=ids, extra_columns=["run_id"])
    assert dict(zip(frame["run_id"], frame["n"], strict=True)) == dict(zip(ids, range(3), strict=True))


def test_artifacts_of_the_active_run(client, named, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f.txt").write_text("x")
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / "d" / "f.txt"))
        mlflow.log_artifacts(str(tmp_path / "d"), "dir")
        assert mlflow.get_artifact_uri("f.txt").endswith("/f.txt")
    assert paths(client, run.info.run_id) == ["dir", "f.txt"]


def test_autolog_sklearn(client, named):
    data = load_iris(as_frame=True)
    mlflow.sklearn.autolog(log_models=False, silent=True)
    try:
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=300, C=0.5).fit(data.data, data.target)
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = client.get_run(run.info.run_id)
    assert found.data.params["C"] == "0.5"
    assert found.data.metrics["training_accuracy_score"] > 0.9
    assert [i.tags[0].value for i in found.inputs.dataset_inputs] == ["train"]


@pytest.mark.modes("http")  # the client takes long to find out what the model requires
def test_autolog_keeps_the_model(client, named):
    data = load_iris(as_frame=True)
    mlflow.sklearn.autolog(silent=True)
    try:
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=300).fit(data.data, data.target)
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = client.get_run(run.info.run_id)
    loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    assert loaded.score(data.data, data.target) == found.data.metrics["training_score"]


def test_autolog_grid_search(client, named):
    data = load_iris()
    mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        with mlflow.start_run() as run:
            search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3]}, cv=2)
            search.fit(data.data, data.target)
    finally:
        mlflow.sklearn.autolog(disable=True)
    query = f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    children = client.search_runs([named.experiment_id], query, order_by=["metrics.mean_test_score DESC"])
    assert sorted(c.data.params["max_depth"] for c in children) == ["1", "2", "3"]
    best = client.get_run(run.info.run_id).data
    assert best.params["best_max_depth"] == children[0].data.params["max_depth"]
    assert "cv_results.csv" in paths(client, run.info.run_id)


def test_system_metrics(client, named):
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(1.2)
    metrics = client.get_run(run.info.run_id).data.metrics
    assert metrics["system/system_memory_usage_megabytes"] > 0
    assert "system/cpu_utilization_percentage" in metrics


def test_async_by_operation(client, named):
    with mlflow.start_run() as run:
        waiting = [mlflow.log_metric("m", s, step=s, synchronous=False) for s in range(300)]
        waiting.append(mlflow.log_params({"a": 1, "b": 2}, synchronous=False))
        waiting.append(mlflow.set_tag("t", "x", synchronous=False))
        for operation in waiting:
            operation.wait()
    found = client.get_run(run.info.run_id).data
    assert found.metrics["m"] == 299
    assert found.params == {"a": "1", "b": "2"}
    assert found.tags["t"] == "x"
    assert len(client.get_metric_history(run.info.run_id, "m")) == 300


def test_async_switched_on(client, named):
    mlflow.config.enable_async_logging(True)
    try:
        with mlflow.start_run() as run:
            for step in range(500):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.log_param("p", 1)
        mlflow.flush_async_logging()
    finally:
        mlflow.config.enable_async_logging(False)
    assert len(client.get_metric_history(run.info.run_id, "loss")) == 500
    assert client.get_run(run.info.run_id).data.params == {"p": "1"}


def test_async_artifacts(client, named):
    with mlflow.start_run() as run:
        for number in range(5):
            mlflow.log_image(Image.new("L", (4, 4)), key=f"k{number}", step=0, synchronous=False)
        mlflow.flush_artifact_async_logging()
    assert len([p for p in paths(client, run.info.run_id, "images") if p.endswith(".png")]) == 5


def test_last_active_run(named):
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    assert mlflow.last_active_run().info.run_id == run.info.run_id


def test_delete_from_the_fluent_api(client, named):
    with mlflow.start_run() as run:
        pass
    mlflow.delete_run(run.info.run_id)
    assert client.search_runs([named.experiment_id]) == []
