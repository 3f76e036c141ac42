"""LoggedModels: life cycle, params, tags, metrics by data set, search and ranking."""

import itertools
import json
import time

import mlflow
import pytest
from mlflow.entities import (
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
)

from clients.expect import INVALID, MISSING, answered_error, refused

READY, FAILED, PENDING = "READY", "FAILED", "PENDING"


@pytest.fixture
def model(client, experiment):
    return client.create_logged_model(experiment, name="m").model_id


def beyond(*values):
    """A case in which MLflow's own server answers nothing although its documents promise it."""
    return pytest.param(*values, marks=pytest.mark.beyond)


TICKS = itertools.count(1)


def score(client, run, model, key, value, *, dataset=None, digest=None, step=0, timestamp=None):
    client.log_metric(
        run,
        key,
        value,
        timestamp=timestamp or next(TICKS),
        step=step,
        model_id=model,
        dataset_name=dataset,
        dataset_digest=digest or ("1" if dataset else None),
    )


def own(tags):
    return {k: v for k, v in tags.items() if not k.startswith("mlflow.")}


class TestLife:
    def test_create(self, client, experiment, run):
        before = int(time.time() * 1000)
        made = client.create_logged_model(
            experiment, name="m", source_run_id=run, tags={"t": "x"}, params={"p": "1"}, model_type="agent"
        )
        assert made.model_id.startswith("m-")
        assert len(made.model_id) == 34
        found = client.get_logged_model(made.model_id)
        assert (found.name, found.experiment_id, found.source_run_id) == ("m", experiment, run)
        assert (found.model_type, found.status) == ("agent", LoggedModelStatus.PENDING)
        assert (own(found.tags), found.params, found.metrics or []) == ({"t": "x"}, {"p": "1"}, [])
        assert before - 1000 <= found.creation_timestamp <= int(time.time() * 1000) + 1000
        assert found.last_updated_timestamp >= found.creation_timestamp
        assert found.artifact_location

    def test_a_name_is_made_up(self, client, experiment):
        assert client.create_logged_model(experiment).name

    def test_names_need_not_be_unique(self, client, experiment):
        assert len({client.create_logged_model(experiment, name="same").model_id for _ in range(3)}) == 3

    @pytest.mark.parametrize("name", ["with space", "日本語", "🧪", "v1_2-x"])
    def test_names(self, client, experiment, name):
        made = client.create_logged_model(experiment, name=name)
        assert client.get_logged_model(made.model_id).name == name

    @pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", "a'b", 'a"b'])
    def test_names_that_would_break_a_uri(self, client, experiment, name):
        with pytest.raises(mlflow.MlflowException) as caught:
            client.create_logged_model(experiment, name=name)
        assert caught.value.error_code == INVALID

    @pytest.mark.parametrize("status", [READY, FAILED])
    def test_finalize(self, client, model, status):
        done = client.finalize_logged_model(model, status)
        assert done.status == status
        assert client.get_logged_model(model).status == status

    def test_finalize_moves_the_time_of_change(self, client, model):
        before = client.get_logged_model(model).last_updated_timestamp
        time.sleep(0.005)
        client.finalize_logged_model(model, READY)
        assert client.get_logged_model(model).last_updated_timestamp > before

    def test_delete(self, client, experiment, model):
        client.delete_logged_model(model)
        with refused(MISSING, model):
            client.get_logged_model(model)
        assert client.search_logged_models([experiment]) == []

    def test_deleted_ones_can_be_asked_for(self, client, server, model):
        client.delete_logged_model(model)
        answered_error(server.get(f"/api/2.0/mlflow/logged-models/{model}"), 404, MISSING)
        found = server.get(f"/api/2.0/mlflow/logged-models/{model}", allow_deleted="true").json()["model"]
        assert found["info"]["model_id"] == model

    @pytest.mark.parametrize(
        "call",
        [
            lambda client, model: client.get_logged_model(model),
            lambda client, model: client.delete_logged_model(model),
            lambda client, model: client.finalize_logged_model(model, READY),
            lambda client, model: client.set_logged_model_tags(model, {"a": "b"}),
            lambda client, model: client.log_model_params(model, {"a": "b"}),
        ],
        ids=["get", "delete", "finalize", "tag", "params"],
    )
    def test_unknown(self, client, call):
        """The client puts other errors around some of them; all name the model."""
        with pytest.raises(mlflow.MlflowException, match="m-" + "0" * 32):
            call(client, "m-" + "0" * 32)

    def test_unknown_experiment(self, client):
        with refused(MISSING):
            client.create_logged_model("987654321", name="m")

    def test_deleted_experiment(self, client, experiment):
        client.delete_experiment(experiment)
        with refused(INVALID):
            client.create_logged_model(experiment, name="m")

    @pytest.mark.beyond
    @pytest.mark.modes("databricks")
    def test_artifact_location_in_platform_mode(self, client, experiment, model):
        expected = f"dbfs:/databricks/mlflow-tracking/{experiment}/logged_models/{model}/artifacts"
        assert client.get_logged_model(model).artifact_location == expected
        assert client.search_logged_models([experiment])[0].artifact_location == expected

    @pytest.mark.beyond
    def test_the_same_in_both_modes(self, client, model, other_side):
        client.set_logged_model_tags(model, {"t": "x"})
        with other_side().entered() as other:
            there = other.client.get_logged_model(model)
            other.client.log_model_params(model, {"p": "1"})
        assert there.tags["t"] == "x"
        assert client.get_logged_model(model).params == {"p": "1"}
        assert there.artifact_location != client.get_logged_model(model).artifact_location


class TestParamsAndTags:
    def test_params(self, client, model):
        client.log_model_params(model, {"a": "1", "b": "x" * 6000})
        assert client.get_logged_model(model).params == {"a": "1", "b": "x" * 6000}

    def test_many_params_at_creation(self, client, experiment):
        params = {f"p{i}": str(i) for i in range(333)}
        made = client.create_logged_model(experiment, name="m", params=params)
        assert client.get_logged_model(made.model_id).params == params

    def test_many_params_later(self, client, model):
        params = {f"p{i}": str(i) for i in range(250)}
        client.log_model_params(model, params)
        assert client.get_logged_model(model).params == params

    def test_tags(self, client, model):
        client.set_logged_model_tags(model, {"a": "1", "b": "ä 🏷"})
        client.set_logged_model_tags(model, {"a": "2"})
        assert own(client.get_logged_model(model).tags) == {"a": "2", "b": "ä 🏷"}
        client.delete_logged_model_tag(model, "a")
        assert own(client.get_logged_model(model).tags) == {"b": "ä 🏷"}

    def test_delete_a_missing_tag(self, client, model):
        with refused(MISSING):
            client.delete_logged_model_tag(model, "nobody")

    def test_tags_of_registered_versions_are_kept(self, client, model):
        """The client itself writes this JSON after a registration."""
        versions = json.dumps([{"name": "main.default.m", "version": 1}])
        client.set_logged_model_tags(model, {"mlflow.modelVersions": versions})
        assert client.get_logged_model(model).tags["mlflow.modelVersions"] == versions


class TestMetrics:
    def test_metrics_of_a_run_reach_the_model(self, client, run, model):
        score(client, run, model, "acc", 0.5)
        (found,) = client.get_logged_model(model).metrics
        assert (found.key, found.value, found.model_id, found.run_id) == ("acc", 0.5, model, run)

    def test_by_dataset(self, client, run, model):
        score(client, run, model, "acc", 0.9, dataset="train", digest="a")
        score(client, run, model, "acc", 0.7, dataset="test", digest="b")
        score(client, run, model, "acc", 0.6, dataset="test", digest="c")
        found = client.get_logged_model(model).metrics
        assert sorted((m.dataset_name, m.dataset_digest, m.value) for m in found) == [
            ("test", "b", 0.7),
            ("test", "c", 0.6),
            ("train", "a", 0.9),
        ]

    @pytest.mark.beyond  # MLflow keeps one of them and answers 400 to the other
    def test_two_datasets_in_one_millisecond(self, client, run, model):
        for dataset, value in (("train", 0.9), ("test", 0.5)):
            score(client, run, model, "acc", value, dataset=dataset, timestamp=7)
        found = client.get_logged_model(model).metrics
        assert {m.dataset_name: m.value for m in found} == {"train": 0.9, "test": 0.5}

    def test_in_a_batch(self, client, run, model):
        metrics = [
            Metric("a", 1.0, 1, 0, model_id=model, dataset_name="d", dataset_digest="1"),
            Metric("b", 2.0, 1, 0, model_id=model),
            Metric("c", 3.0, 1, 0),
        ]
        client.log_batch(run, metrics)
        assert {m.key for m in client.get_logged_model(model).metrics} == {"a", "b"}
        assert client.get_run(run).data.metrics == {"a": 1, "b": 2, "c": 3}

    def test_from_several_runs(self, side, client, experiment, run, model):
        other = side.run(experiment)
        score(client, run, model, "acc", 0.1)
        score(client, other, model, "acc", 0.2)
        assert sorted(m.value for m in client.get_logged_model(model).metrics) == [0.1, 0.2]

    def test_fluent(self, side, client, experiment):
        made = client.create_logged_model(experiment, name="m")
        with mlflow.start_run(experiment_id=experiment):
            mlflow.log_metric("x", 1, model_id=made.model_id)
            mlflow.log_metrics({"y": 2, "z": 3}, model_id=made.model_id)
        assert {m.key: m.value for m in client.get_logged_model(made.model_id).metrics} == {"x": 1, "y": 2, "z": 3}

    def test_with_a_dataset_object(self, side, client, experiment):
        import pandas as pd

        data = mlflow.data.from_pandas(pd.DataFrame({"a": [1, 2]}), name="eval")
        made = client.create_logged_model(experiment, name="m")
        with mlflow.start_run(experiment_id=experiment):
            mlflow.log_metric("acc", 0.8, dataset=data, model_id=made.model_id)
        (found,) = client.get_logged_model(made.model_id).metrics
        assert (found.dataset_name, found.dataset_digest) == ("eval", data.digest)


class TestRunsAndModels:
    def test_outputs(self, client, experiment, run):
        ids = [client.create_logged_model(experiment, name=f"m{i}").model_id for i in range(3)]
        client.log_outputs(run, [LoggedModelOutput(model, step=i * 10) for i, model in enumerate(ids)])
        found = client.get_run(run).outputs.model_outputs
        assert sorted((o.model_id, o.step) for o in found) == sorted((m, i * 10) for i, m in enumerate(ids))

    def test_outputs_come_with_search(self, client, experiment, run, model):
        client.log_outputs(run, [LoggedModelOutput(model, step=1)])
        (found,) = client.search_runs([experiment])
        assert [o.model_id for o in found.outputs.model_outputs] == [model]

    def test_inputs(self, client, server, run, model):
        body = {"run_id": run, "models": [{"model_id": model}]}
        assert server.post("/api/2.0/mlflow/runs/log-inputs", body).status_code == 200
        assert [i.model_id for i in client.get_run(run).inputs.model_inputs] == [model]

    def test_inputs_by_the_client(self, side, client, run, model):
        client.log_inputs(run, models=[LoggedModelInput(model)])
        assert [i.model_id for i in client.get_run(run).inputs.model_inputs] == [model]

    def test_checkpoints_by_step(self, client, experiment, run):
        for step in (1, 2, 3):
            made = client.create_logged_model(experiment, name="checkpoint", source_run_id=run)
            client.log_outputs(run, [LoggedModelOutput(made.model_id, step)])
            score(client, run, made.model_id, "loss", 1 / step, step=step)
        order = [{"field_name": "metrics.loss", "ascending": True}]
        best = client.search_logged_models([experiment], f"source_run_id = '{run}'", order_by=order)[0]
        steps = {o.model_id: o.step for o in client.get_run(run).outputs.model_outputs}
        assert steps[best.model_id] == 3


# letter: (name, type, status, params, tags, {(metric, dataset): value})
MODELS = {
    "a": ("tree", "agent", READY, {"depth": "1"}, {"team": "blue"}, {("acc", "train"): 0.9, ("acc", "test"): 0.5}),
    "b": ("Tree", "", READY, {"depth": "2"}, {"team": "red"}, {("acc", "train"): 0.8, ("acc", "test"): 0.7}),
    "c": ("line", "agent", FAILED, {"kind": "l1"}, {}, {("acc", "train"): 0.7}),
    "d": ("line", "", PENDING, {}, {"team": "Blue"}, {("loss", None): -1.0}),
}


@pytest.fixture(scope="module")
def filled():
    return {}


class TestSearch:
    @pytest.fixture
    def models(self, side, client, filled):
        """Filled once per mode and only read."""
        if side.mode not in filled:
            experiment = side.experiment("models")
            run, letters = side.run(experiment), {}
            for letter, (name, kind, status, params, tags, metrics) in MODELS.items():
                made = client.create_logged_model(
                    experiment,
                    name=name,
                    model_type=kind or None,
                    params=params,
                    tags=tags,
                    source_run_id=run if letter == "a" else None,
                )
                for (key, dataset), value in metrics.items():
                    score(client, run, made.model_id, key, value, dataset=dataset)
                if status != PENDING:
                    client.finalize_logged_model(made.model_id, status)
                letters[made.model_id] = letter
                time.sleep(0.003)
            filled[side.mode] = experiment, run, letters
        return filled[side.mode]

    def search(self, client, models, *args, **kwargs):
        experiment, _, letters = models
        return "".join(letters[m.model_id] for m in client.search_logged_models([experiment], *args, **kwargs))

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ("name = 'tree'", "a"),
            ("name='tree'", "a"),
            ("name != 'tree'", "bcd"),
            ("name LIKE '%ree'", "ab"),
            ("name LIKE 't%'", "a"),
            ("name ILIKE 't%'", "ab"),
            ("attributes.name = 'line'", "cd"),
            ("model_type = 'agent'", "ac"),
            beyond("status = 'READY'", "ab"),
            beyond("status = 'FAILED'", "c"),
            beyond("status = 'PENDING'", "d"),
            beyond("status != 'READY'", "cd"),
            ("creation_timestamp > 0", "abcd"),
            ("creation_time > 0", "abcd"),
            ("last_updated_timestamp < 5", ""),
            beyond("last_updated_time > 5", "abcd"),
            ("params.depth = '1'", "a"),
            ("params.depth != '1'", "b"),
            ("params.depth LIKE '%'", "ab"),
            ("params.kind ILIKE 'L%'", "c"),
            ("tags.team = 'blue'", "a"),
            ("tags.team ILIKE 'blue'", "ad"),
            ("tags.team LIKE 'b%'", "a"),
            ("tags.`team` = 'red'", "b"),
            ("metrics.acc > 0.75", "ab"),
            ("metrics.acc >= 0.9", "a"),
            ("metrics.acc < 0.6", "a"),
            ("metrics.loss = -1", "d"),
            ("metrics.loss <= -1.0", "d"),
            ("metrics.nobody > 0", ""),
            ("name IN ('tree', 'line')", "acd"),
            ("name NOT IN ('tree', 'line')", "b"),
            beyond("name = 'line' AND status = 'FAILED'", "c"),
            ("name = 'tree' AND tags.team = 'blue' AND metrics.acc > 0.8", "a"),
            ("name = 'tree' and params.depth = '2'", ""),
        ],
    )
    def test_filter(self, client, models, condition, expected):
        assert "".join(sorted(self.search(client, models, condition))) == expected

    def test_by_source_run_and_id(self, client, models):
        _, run, letters = models
        ids = {letter: model for model, letter in letters.items()}
        assert self.search(client, models, f"source_run_id = '{run}'") == "a"
        assert self.search(client, models, f"model_id = '{ids['c']}'") == "c"
        assert sorted(self.search(client, models, f"model_id IN ('{ids['c']}', '{ids['d']}')")) == ["c", "d"]

    @pytest.mark.parametrize(
        ("condition", "dataset", "expected"),
        [
            beyond("metrics.acc > 0.6", "train", "abc"),
            beyond("metrics.acc > 0.6", "test", "b"),
            beyond("metrics.acc < 0.6", "test", "a"),
            ("metrics.acc > 0", "nobody", ""),
            beyond("metrics.acc > 0.4 AND name = 'tree'", "test", "a"),
            beyond(None, "test", "ab"),
        ],
    )
    def test_metrics_on_a_dataset(self, client, models, condition, dataset, expected):
        found = self.search(client, models, condition, datasets=[{"dataset_name": dataset}])
        assert "".join(sorted(found)) == expected

    def test_digest_of_the_dataset(self, client, models):
        for digest, expected in (("1", "b"), ("2", "")):
            datasets = [{"dataset_name": "test", "dataset_digest": digest}]
            assert self.search(client, models, "metrics.acc > 0.6", datasets=datasets) == expected

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (None, "dcba"),
            ([{"field_name": "creation_timestamp", "ascending": True}], "abcd"),
            ([{"field_name": "creation_time", "ascending": False}], "dcba"),
            ([{"field_name": "metrics.acc", "ascending": False, "dataset_name": "train"}], "abcd"),
            ([{"field_name": "metrics.acc", "ascending": True, "dataset_name": "train"}], "cbad"),
            ([{"field_name": "metrics.acc", "ascending": False, "dataset_name": "test"}], "badc"),
            (
                [{"field_name": "metrics.acc", "ascending": True, "dataset_name": "test", "dataset_digest": "1"}],
                "abdc",
            ),
            ([{"field_name": "metrics.loss"}], "dcba"),
            ([{"field_name": "metrics.nobody"}], "dcba"),
            (
                [{"field_name": "name", "ascending": False}, {"field_name": "creation_timestamp", "ascending": True}],
                None,
            ),
        ],
        ids=str,
    )
    def test_order(self, client, models, order, expected):
        found = self.search(client, models, order_by=order)
        if expected is None:  # the collation decides where the capital goes
            assert found.index("c") < found.index("d")
            assert found.index("a") < found.index("c")
        else:
            assert found == expected

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_pages(self, client, models, size):
        experiment, _, letters = models
        for order in (None, [{"field_name": "metrics.acc", "ascending": False, "dataset_name": "train"}]):
            seen, token = "", None
            while True:
                page = client.search_logged_models([experiment], max_results=size, order_by=order, page_token=token)
                seen += "".join(letters[m.model_id] for m in page)
                token = page.token
                if not token:
                    break
            assert seen == self.search(client, models, order_by=order)

    @pytest.mark.parametrize(
        "condition",
        [
            "nonsense",
            "name > 'a'",
            "metrics.acc = 'x'",
            "metrics.acc LIKE 'x'",
            "colour.x = 'a'",
            "name = 'a' OR name = 'b'",
        ],
    )
    def test_bad_filter(self, client, models, condition):
        with pytest.raises(mlflow.MlflowException):
            self.search(client, models, condition)

    @pytest.mark.beyond  # MLflow answers some of them with 500
    @pytest.mark.parametrize("condition", ["nonsense", "name > 'a'", "metrics.acc = 'x'", "colour.x = 'a'", "name ="])
    def test_bad_filter_says_why(self, client, models, condition):
        with refused(INVALID):
            self.search(client, models, condition)

    @pytest.mark.parametrize("field", ["flavour", "params.depth", "tags.team"])
    def test_bad_order(self, client, models, field):
        with refused(INVALID):
            self.search(client, models, order_by=[{"field_name": field}])

    def test_found_models_are_whole(self, client, models):
        (found,) = client.search_logged_models([models[0]], "name = 'tree'")
        whole = client.get_logged_model(found.model_id)
        assert (found.params, found.tags, found.status) == (whole.params, whole.tags, whole.status)
        assert sorted(m.value for m in found.metrics) == sorted(m.value for m in whole.metrics)

    def test_frame(self, side, models):
        frame = mlflow.search_logged_models([models[0]], output_format="pandas")
        assert sorted(frame["name"]) == ["Tree", "line", "line", "tree"]

    def test_several_experiments(self, side, client):
        first, second = side.experiment(), side.experiment()
        ids = {client.create_logged_model(e, name="m").model_id for e in (first, second)}
        assert {m.model_id for m in client.search_logged_models([first, second])} == ids


class TestWithoutArtifacts:
    """Models that stand for a version of an application, or live elsewhere."""

    def test_external_model(self, side, client, experiment):
        mlflow.set_experiment(experiment_id=experiment)
        made = mlflow.create_external_model(name="elsewhere", params={"a": "1"}, tags={"t": "x"}, model_type="agent")
        found = mlflow.get_logged_model(made.model_id)
        assert (found.status, found.model_type, found.params) == (LoggedModelStatus.READY, "agent", {"a": "1"})

    def test_initialize_and_finalize(self, side, client, experiment):
        mlflow.set_experiment(experiment_id=experiment)
        made = mlflow.initialize_logged_model(name="begun", params={"a": "1"})
        assert made.status == LoggedModelStatus.PENDING
        mlflow.log_model_params({"b": "2"}, model_id=made.model_id)
        mlflow.set_logged_model_tags(made.model_id, {"t": "x"})
        mlflow.finalize_logged_model(made.model_id, "READY")
        found = mlflow.get_logged_model(made.model_id)
        assert (found.status, found.params) == (LoggedModelStatus.READY, {"a": "1", "b": "2"})
        mlflow.delete_logged_model_tag(made.model_id, "t")
        assert "t" not in mlflow.get_logged_model(made.model_id).tags

    def test_active_model(self, side, client, experiment):
        mlflow.set_experiment(experiment_id=experiment)
        with mlflow.set_active_model(name="app-v1"):
            first = mlflow.get_active_model_id()
        with mlflow.set_active_model(name="app-v1"):
            assert mlflow.get_active_model_id() == first
        assert client.get_logged_model(first).name == "app-v1"
