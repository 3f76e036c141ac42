"""Runs: their life, names and states, and what happens when two requests meet."""

import itertools
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import Caller

INVALID = (400, "INVALID_PARAMETER_VALUE")
MISSING = (404, "RESOURCE_DOES_NOT_EXIST")
NAME = "mlflow.runName"


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture
def run(client: Caller) -> str:
    return client.run("0")


def refusal(client: Caller, method: str, path: str, **fields) -> tuple[int, str]:
    answer = client.refused(method, path, fields)
    return answer.status, answer.code


def get(client: Caller, run: str) -> dict:
    return client.get("runs/get", run_id=run)["run"]


def tags(run: dict) -> dict[str, str]:
    return {each["key"]: each["value"] for each in run["data"]["tags"]}


def test_a_new_run(client: Caller):
    made = client.post(
        "runs/create",
        experiment_id="0",
        user_id="ada",
        run_name="first",
        start_time=7,
        tags=[{"key": "k", "value": "v"}],
    )["run"]
    info = made["info"]
    assert re.fullmatch(r"[0-9a-f]{32}", info["run_id"])
    assert info == {
        "run_id": info["run_id"], "run_uuid": info["run_id"], "run_name": "first", "experiment_id": "0",
        "user_id": "ada", "status": "RUNNING", "start_time": 7,
        "artifact_uri": f"mlflow-artifacts:/0/{info['run_id']}/artifacts",
        "lifecycle_stage": "active",
    }  # fmt: skip
    assert made["data"] == {
        "metrics": [],
        "params": [],
        "tags": [{"key": "k", "value": "v"}, {"key": NAME, "value": "first"}],
    }
    assert get(client, info["run_id"]) == made


def test_nobody_named_it(client: Caller):
    before = int(time.time() * 1000)
    made = [client.post("runs/create", experiment_id="0")["run"] for _ in range(20)]
    names = {each["info"]["run_name"] for each in made}
    assert len(names) > 15
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", name) for name in names)
    for each in made:
        assert tags(each)[NAME] == each["info"]["run_name"]
        assert before <= each["info"]["start_time"] <= int(time.time() * 1000)


def test_a_name_said_twice(client: Caller):
    tagged = [{"key": NAME, "value": "one"}]
    assert client.post("runs/create", experiment_id="0", tags=tagged)["run"]["info"]["run_name"] == "one"
    client.post("runs/create", experiment_id="0", run_name="one", tags=tagged)
    assert refusal(client, "POST", "runs/create", experiment_id="0", run_name="other", tags=tagged) == INVALID


def test_a_run_and_its_name_tag_agree(client: Caller, run):
    for path, fields in (
        ("update", {"run_name": "by update"}),
        ("set-tag", {"key": NAME, "value": "by tag"}),
        ("log-batch", {"tags": [{"key": NAME, "value": "by batch"}]}),
    ):
        client.post(f"runs/{path}", run_id=run, **fields)
        found = get(client, run)
        assert found["info"]["run_name"] == tags(found)[NAME] == f"by {path.removeprefix('set-').removeprefix('log-')}"


def test_a_name_is_never_longer_than_its_tag(client: Caller, run):
    long = "x" * 100_000
    made = client.post("runs/create", experiment_id="0", run_name=long)["run"]
    assert made["info"]["run_name"] == tags(made)[NAME] == "x" * 8_000
    client.post("runs/update", run_id=run, run_name=long)
    found = get(client, run)
    assert found["info"]["run_name"] == tags(found)[NAME] == "x" * 8_000
    assert refusal(client, "POST", "runs/create", experiment_id="0", user_id=long) == INVALID


@pytest.mark.parametrize(
    ("sent", "kept"), [("FINISHED", "FINISHED"), (4, "FAILED"), ("5", "KILLED"), ("SCHEDULED", "SCHEDULED")]
)
def test_states(client: Caller, run, sent, kept):
    changed = client.post("runs/update", run_id=run, status=sent, end_time="99")["run_info"]
    assert (changed["status"], changed["end_time"]) == (kept, 99)
    client.post("runs/update", run_id=run)
    client.post("runs/update", run_id=run, run_name="still")
    assert get(client, run)["info"]["status"] == kept


def test_the_trash(client: Caller, run):
    client.post("runs/delete", run_id=run)
    client.post("runs/delete", run_id=run)
    assert get(client, run)["info"]["lifecycle_stage"] == "deleted"
    for path, fields in (
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1, "model_id": "m-1"}),
        ("log-parameter", {"key": "p", "value": "1"}),
        ("set-tag", {"key": "t", "value": "1"}),
        ("delete-tag", {"key": NAME}),
        ("log-batch", {}),
        ("log-batch", {"metrics": [{"key": "m", "value": 1, "timestamp": 1}]}),
        ("log-inputs", {"models": [{"model_id": "m"}]}),
        ("outputs", {"models": [{"model_id": "m"}]}),
        ("update", {"status": "FINISHED"}),
        ("update", {"run_name": "x"}),
    ):
        assert refusal(client, "POST", f"runs/{path}", run_id=run, **fields) in (INVALID, MISSING), path
    client.post("runs/restore", run_id=run)
    client.post("runs/restore", run_id=run)
    client.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)
    found = get(client, run)
    assert found["info"]["lifecycle_stage"] == "active"
    assert [each["key"] for each in found["data"]["metrics"]] == ["m"]
    assert found["data"]["params"] == []


def test_a_run_of_a_deleted_experiment_is_restored_with_it(client: Caller):
    experiment = client.experiment()
    run = client.run(experiment)
    client.post("experiments/delete", experiment_id=experiment)
    assert refusal(client, "POST", "runs/restore", run_id=run) == INVALID


@pytest.mark.parametrize("run", ["", "x", "0" * 32, "\N{FIRE}", "a" * 10_000])
def test_unknown_runs(client: Caller, run):
    assert refusal(client, "GET", "runs/get", run_id=run) == MISSING
    for path, fields in (
        ("update", {"status": "FINISHED"}), ("update", {"run_name": "x"}), ("delete", {}), ("restore", {}),
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1}), ("log-parameter", {"key": "p"}),
        ("set-tag", {"key": "k"}), ("delete-tag", {"key": "k"}), ("log-batch", {}), ("log-inputs", {}), ("outputs", {}),
        ("log-model", {"model_json": '{"artifact_path": 1, "flavors": 1, "utc_time_created": 1, "run_id": 1}'}),
    ):  # fmt: skip
        assert refusal(client, "POST", f"runs/{path}", run_id=run, **fields) == MISSING, path


# --- inputs and outputs


def test_what_a_run_read_and_made(client: Caller, run):
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "{}", "schema": "s", "profile": "p"}
    context = [{"key": "mlflow.data.context", "value": "training"}]
    client.post(
        "runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": context}], models=[{"model_id": "m-1"}]
    )
    client.post("runs/outputs", run_id=run, models=[{"model_id": "m-2", "step": 3}, {"model_id": "m-2", "step": "4"}])
    for _ in range(2):  # a retry adds nothing
        client.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": context}] * 2)
        client.post("runs/outputs", run_id=run, models=[{"model_id": "m-2", "step": 3}])
    found = get(client, run)
    assert found["inputs"] == {
        "dataset_inputs": [{"tags": context, "dataset": dataset}],
        "model_inputs": [{"model_id": "m-1"}],
    }
    assert found["outputs"] == {"model_outputs": [{"model_id": "m-2", "step": 3}, {"model_id": "m-2", "step": 4}]}
    client.post(
        "runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": [{"key": "other", "value": "x"}]}]
    )
    assert get(client, run)["inputs"]["dataset_inputs"][0]["tags"] == [{"key": "other", "value": "x"}]


@pytest.mark.parametrize(
    ("field", "most"),
    [("name", 500), ("digest", 36), ("source_type", 65_535), ("source", 65_535), ("schema", 1_048_575)],
)
def test_data_sets_have_limits(client: Caller, run, field, most):
    dataset = {"name": "n", "digest": "d", "source_type": "t", "source": "s"}
    client.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset | {field: "x" * most}}])
    too_long = [{"dataset": dataset | {field: "x" * (most + 1)}}]
    assert refusal(client, "POST", "runs/log-inputs", run_id=run, datasets=too_long) == INVALID
    if field in ("name", "digest", "source_type"):
        assert (
            refusal(client, "POST", "runs/log-inputs", run_id=run, datasets=[{"dataset": dataset | {field: ""}}])
            == INVALID
        )


@pytest.mark.parametrize("model", ["", "m" * 251, "".join(chr(0x4E00 + number % 2000) for number in range(20_000))])
def test_models_that_are_none(client: Caller, run, model):
    """No index takes an id of twenty thousand characters, and nobody has one."""
    assert refusal(client, "POST", "runs/outputs", run_id=run, models=[{"model_id": model}]) == INVALID
    assert refusal(client, "POST", "runs/log-inputs", run_id=run, models=[{"model_id": model}]) == INVALID


def test_data_sets_of_an_experiment(client: Caller):
    experiment = client.experiment()
    for number, context in itertools.product(range(3), ("train", "test")):
        client.post("runs/log-inputs", run_id=client.run(experiment), datasets=[
            {"dataset": {"name": f"d{number}", "digest": "1", "source_type": "s"},
             "tags": [{"key": "mlflow.data.context", "value": context}]}
        ])  # fmt: skip
    found = client.post("experiments/search-datasets", experiment_ids=[experiment])["dataset_summaries"]
    assert [(each["name"], each["context"]) for each in found] == [
        (f"d{number}", context) for number in range(3) for context in ("test", "train")
    ]
    for ids in ([], ["0"] * 21):
        assert refusal(client, "POST", "experiments/search-datasets", experiment_ids=ids) == INVALID


# --- models of MLflow 2, kept as a list in a tag


def model(path: str = "a") -> str:
    return f'{{"artifact_path": "{path}", "flavors": {{}}, "utc_time_created": "now", "run_id": "r"}}'


def test_logged_models_add_up(client: Caller, run):
    """Sixteen at once: a list of sixteen."""
    with ThreadPoolExecutor(16) as pool:
        list(
            pool.map(
                lambda number: client.post("runs/log-model", run_id=run, model_json=model(f"m{number}")), range(16)
            )
        )
    history = tags(get(client, run))["mlflow.log-model.history"]
    assert sorted(re.findall(r'"artifact_path": ?"(m\d+)"', history)) == sorted(f"m{number}" for number in range(16))


@pytest.mark.parametrize("text", ["", "x", "[]", "1", "{}", '{"artifact_path": "a"}', "[" * 100_000, '{"a":' * 100_000])
def test_what_is_no_model(client: Caller, run, text):
    assert refusal(client, "POST", "runs/log-model", run_id=run, model_json=text) == INVALID


@pytest.mark.parametrize("held", ["garbage", "{}", "1", "[" * 3_000])
def test_a_tag_that_is_no_list(client: Caller, run, held):
    client.post("runs/set-tag", run_id=run, key="mlflow.log-model.history", value=held)
    assert refusal(client, "POST", "runs/log-model", run_id=run, model_json=model()) == INVALID
    assert tags(get(client, run))["mlflow.log-model.history"] == held


# --- requests that meet


def test_one_tag_by_many_writers(client: Caller, run):
    def write(number: int) -> int:
        batch = {"run_id": run, "tags": [{"key": key, "value": str(number)} for key in ("ab" if number % 2 else "ba")]}
        return client.request("POST", "runs/log-batch", json=batch).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(write, range(64))) == {200}
    found = tags(get(client, run))
    assert found["a"] == found["b"], "batches are whole"


def test_everything_at_once_on_one_run(client: Caller, run):
    """Renames, tags, params, metrics, inputs, models: row locks meet in every order; nobody gets a fault."""
    works = [
        lambda n: ("update", {"run_name": f"n{n}"}),
        lambda n: ("set-tag", {"key": NAME, "value": f"t{n}"}),
        lambda n: ("log-batch", {"tags": [{"key": NAME, "value": f"b{n}"}], "params": [{"key": f"p{n}", "value": "1"}],
                                 "metrics": [{"key": "m", "value": n, "timestamp": n}]}),
        lambda n: ("log-model", {"model_json": model(f"m{n}")}),
        lambda n: ("log-metric", {"key": "m", "value": n, "timestamp": n}),
        lambda n: ("log-inputs", {"datasets": [{"dataset": {"name": f"d{n % 3}", "digest": "1", "source_type": "s"}}]}),
        lambda n: ("outputs", {"models": [{"model_id": f"m-{n % 3}"}]}),
        lambda n: ("update", {"status": "FINISHED", "end_time": n}),
        lambda _: ("delete", {}),
        lambda _: ("restore", {}),
    ]  # fmt: skip

    def write(number: int) -> int:
        path, fields = works[number % len(works)](number)
        return client.request("POST", f"runs/{path}", json={"run_id": run, **fields}).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(write, range(200))) <= {200, 400}  # 400: it was in the trash at that moment
    client.post("runs/restore", run_id=run)
    found = get(client, run)
    assert found["info"]["run_name"] == tags(found)[NAME]


def test_writers_of_many_runs_in_many_orders(client: Caller):
    """Single points on shared runs, gathered in whatever order: all there, no deadlock."""
    runs = [client.run("0") for _ in range(8)]

    def write(number: int) -> int:
        run = runs[(number * 7 + number // 8) % 8]
        body = {"run_id": run, "key": f"k{number % 5}", "value": number, "timestamp": number}
        return client.request("POST", "runs/log-metric", json=body).status_code

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(write, range(480))) == {200}
    points = sum(len(client.history(run, f"k{key}")) for run in runs for key in range(5))
    assert points == 480
