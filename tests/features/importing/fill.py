"""Fills an MLflow server by way of its own client:  python fill.py URL [--runs N]

Runs in the environment of that server's version, 2.22 or 3.17. Prints what it made as JSON.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
from pathlib import Path

os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "120")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

THREE = int(mlflow.__version__.split(".")[0]) >= 3
T0 = 1_700_000_000_000
ONE_AT_A_TIME = threading.Lock()


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * each for each in model_input]


def numpy_input(name: str, digest: str) -> "mlflow.entities.DatasetInput":
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(name, digest, "local", json.dumps({"uri": f"/data/{name}.csv"}), '{"columns": []}', '{"rows": 3}')
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def fill_run(client: MlflowClient, experiment_id: str, number: int, directory: Path) -> str:
    """A run with everything; one in seven is deleted, one in five failed, one in eight is still running."""
    run = client.create_run(experiment_id, start_time=T0 + number * 1000, run_name=f"run-{number}")
    run_id = run.info.run_id
    params = [Param(f"p{k}", f"value {number} {k} ü") for k in range(8)] + [Param("empty", "")]
    metrics = [Metric(f"m{k}", number + k / 7, T0 + k, k) for k in range(6)]
    metrics += [Metric("loss", 1 / (1 + step), T0 + step * 10, step) for step in range(60)]
    if number % 3 == 0:
        metrics += [Metric("odd", value, T0 + step, step) for step, value in enumerate((float("nan"), 1e308, -0.5))]
    tags = [RunTag("team", "blue" if number % 2 else "red"), RunTag("note/slash.dot", "x" * 3000)]
    client.log_batch(run_id, metrics, params, tags)
    if number % 2 == 0:
        with ONE_AT_A_TIME:  # two runs that are the first to name a data set trip the server up
            client.log_inputs(run_id, [numpy_input("train", f"digest{number % 4}")])
    (directory / "deep" / "er").mkdir(parents=True, exist_ok=True)
    (directory / "a.txt").write_text(f"artifact of {number}\n")
    (directory / "deep" / "er" / "bytes é 1+1.bin").write_bytes(bytes(range(256)) * (1 + number % 5) * 40)
    (directory / "deep" / "empty").write_bytes(b"")
    client.log_artifacts(run_id, str(directory))
    if number % 8 != 7:
        status = "FAILED" if number % 5 == 4 else "FINISHED"
        client.set_terminated(run_id, status, end_time=T0 + number * 1000 + 500)
    if number % 7 == 6:
        client.delete_run(run_id)
    return run_id


def fill_runs(client: MlflowClient, experiment_id: str, count: int) -> list[str]:
    made: list[str] = []
    numbers = iter(range(count))
    lock = threading.Lock()

    def work() -> None:
        with tempfile.TemporaryDirectory() as name:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                run_id = fill_run(client, experiment_id, number, Path(name))
                with lock:
                    made.append(run_id)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == count
    return made


def log_model(name: str) -> str:
    """A model of the run that is under way; its URI."""
    given = {"name": name} if THREE else {"artifact_path": name}
    made = mlflow.pyfunc.log_model(python_model=Doubler(), pip_requirements=["mlflow"], **given)
    return made.model_uri


def fill_registry(client: MlflowClient, experiment_id: str, models: int, versions: int) -> dict[str, str]:
    mlflow.set_experiment(experiment_id=experiment_id)
    with mlflow.start_run(run_name="training") as run:
        uri = log_model("doubler")
        mlflow.log_metric("accuracy", 0.5, step=1)
    for number in range(models):
        name = f"model {number}" if number else "doubler"
        client.create_registered_model(name, {"area": "arithmetic"}, f"Doubles, {number}.")
        for _ in range(versions):
            mlflow.register_model(uri, name)
        client.set_model_version_tag(name, "1", "checked", "yes")
        client.update_model_version(name, "1", description="the first")
        client.set_registered_model_alias(name, "champion", "1")
        client.set_registered_model_alias(name, "newest", str(versions))
        client.transition_model_version_stage(name, "1", "Production")
        if versions > 2:
            client.delete_model_version(name, "2")
    client.copy_model_version("models:/doubler/1", "copied")
    client.create_registered_model("Doubler", description="Another one, by its case.")
    mlflow.register_model(uri, "Doubler")
    return {"model_uri": uri, "model_run": run.info.run_id}


def fill_logged_models(client: MlflowClient, experiment_id: str) -> list[str]:
    ready = client.create_logged_model(experiment_id, name="ready", params={"depth": "3"}, tags={"kind": "tree"})
    pending = client.create_logged_model(experiment_id, name="pending", model_type="agent")
    run = client.create_run(experiment_id, run_name="measures")
    for step in range(5):
        client.log_metric(
            run.info.run_id, "auc", 0.5 + step / 10, timestamp=T0 + step, step=step, model_id=ready.model_id,
            dataset_name="train", dataset_digest="d1",
        )  # fmt: skip
    client.finalize_logged_model(ready.model_id, "READY")
    client.set_terminated(run.info.run_id)
    return [ready.model_id, pending.model_id]


def fill_model_files(client: MlflowClient, experiment_id: str, runs: list[str]) -> None:
    """A LoggedModel of each of these runs, with files and what it was measured by."""
    from mlflow.entities import LoggedModelOutput

    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "data").mkdir()
        for number, run_id in enumerate(runs):
            model = client.create_logged_model(
                experiment_id, f"tree-{number}", run_id, {"kind": "tree"}, {"depth": "3"}
            )
            (directory / "MLmodel").write_text(f"flavors: {{}}\nmodel_id: {model.model_id}\n")
            (directory / "data" / "weights.bin").write_bytes(number.to_bytes(2, "big") * 5_000)
            client.log_model_artifacts(model.model_id, name)
            client.log_metric(
                run_id, "auc", number / 7, timestamp=T0 + number, step=1, model_id=model.model_id,
                dataset_name="train", dataset_digest="digest0",
            )  # fmt: skip
            client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 1)])
            client.finalize_logged_model(model.model_id, "READY" if number % 10 else "FAILED")


def fill_prompts(count: int) -> None:
    genai = mlflow.genai if THREE else mlflow
    for number in range(count):
        name = f"greeting-{number}"
        genai.register_prompt(name, "Hello {{name}}!", commit_message="first", tags={"tone": "warm"})
        genai.register_prompt(name, f"Good day {{{{name}}}}, {number}.", commit_message="second")
        genai.set_prompt_alias(name, alias="live", version=2)


def fill_traces(experiment_id: str, count: int) -> list[str]:
    mlflow.set_experiment(experiment_id=experiment_id)
    made = []

    @mlflow.trace(span_type="CHAIN", attributes={"depth": 0})
    def answer(question: str) -> str:
        with mlflow.start_span("retrieve", span_type="RETRIEVER") as span:
            span.set_inputs({"q": question})
            span.set_outputs(["é", "ü"])
        return f"{question} indeed"

    for number in range(count):
        answer(f"question {number}")
        made.append(mlflow.get_last_active_trace_id() if THREE else mlflow.get_last_active_trace().info.request_id)
    if THREE:
        from mlflow.entities import AssessmentSource, Feedback

        mlflow.flush_trace_async_logging()
        source = AssessmentSource("HUMAN", "anna")
        mlflow.log_feedback(trace_id=made[0], name="good", value=True, source=source, rationale="because")
        mlflow.log_expectation(trace_id=made[0], name="answer", value={"text": "yes"}, source=source)
        later = MlflowClient().create_run(experiment_id, run_name="looks at traces")
        MlflowClient().link_traces_to_run(made[:2], later.info.run_id)
        prompt = mlflow.genai.load_prompt("greeting-0", version=2)
        MlflowClient().link_prompt_versions_to_trace([prompt], made[0])
        first = mlflow.log_feedback(trace_id=made[1], name="score", value=0.25, source=source, metadata={"k": "v"})
        mlflow.override_feedback(trace_id=made[1], assessment_id=first.assessment_id, value=0.75)
        assert isinstance(first, Feedback)
    return made


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--models", type=int, default=2)
    parser.add_argument("--versions", type=int, default=3)
    parser.add_argument("--prompts", type=int, default=2)
    parser.add_argument("--traces", type=int, default=4)
    parser.add_argument("--logged-models", type=int, default=0, help="more of them, each of a run that is not deleted")
    given = parser.parse_args()
    mlflow.set_tracking_uri(given.url)
    client = MlflowClient(given.url)
    said: dict[str, object] = {"version": mlflow.__version__}
    blue = client.create_experiment("blue", tags={"mlflow.note.content": "about blue", "owner": "anna"})
    said["blue"] = blue
    said["runs"] = fill_runs(client, blue, given.runs)
    red = client.create_experiment("red ✓")
    said["red"] = red
    said |= fill_registry(client, red, given.models, given.versions)
    gone = client.create_experiment("gone")
    fill_runs(client, gone, 2)
    client.create_run("0", run_name="in Default")
    client.create_experiment("Blue")
    if THREE:
        said["logged_models"] = fill_logged_models(client, red)
        kept = client.search_runs([blue], max_results=max(1, given.logged_models))[: given.logged_models]
        fill_model_files(client, blue, [run.info.run_id for run in kept])
        client.create_logged_model(gone, name="in the trash")
    fill_prompts(given.prompts)
    said["traces"] = fill_traces(red, given.traces)
    client.delete_experiment(gone)
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
