"""The `databricks-sdk` experiments API, on its own and beside mlflow."""

import json
import time
import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, ResourceAlreadyExists, ResourceDoesNotExist
from databricks.sdk.service import ml

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]


@pytest.fixture
def api(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token).experiments


def name():
    return f"/Shared/sdk-{uuid.uuid4().hex}"


@pytest.fixture
def run_id(api, experiment):
    return api.create_run(experiment_id=experiment, start_time=int(time.time() * 1000)).run.info.run_id


def test_experiment_life(api):
    own = name()
    made = api.create_experiment(own, tags=[ml.ExperimentTag("a", "b")])
    found = api.get_experiment(made.experiment_id).experiment
    assert (found.name, found.lifecycle_stage) == (own, "active")
    assert found.tags[0].value == "b"
    assert api.get_by_name(own).experiment.experiment_id == made.experiment_id
    api.update_experiment(made.experiment_id, new_name=f"{own}-2")
    api.set_experiment_tag(made.experiment_id, "c", "d")
    assert api.get_experiment(made.experiment_id).experiment.name == f"{own}-2"
    api.delete_experiment(made.experiment_id)
    assert api.get_experiment(made.experiment_id).experiment.lifecycle_stage == "deleted"
    api.restore_experiment(made.experiment_id)
    assert api.get_experiment(made.experiment_id).experiment.lifecycle_stage == "active"


def test_errors_have_their_classes(api):
    own = name()
    api.create_experiment(own)
    with pytest.raises((ResourceAlreadyExists, InvalidParameterValue)):
        api.create_experiment(own)
    with pytest.raises(ResourceDoesNotExist):
        api.get_experiment("987654321")
    with pytest.raises(ResourceDoesNotExist):
        api.get_by_name(name())
    with pytest.raises(ResourceDoesNotExist):
        api.get_run("0" * 32)
    with pytest.raises(InvalidParameterValue):
        list(api.search_runs(experiment_ids=["1"], filter="nonsense"))


def test_list_and_search_experiments(api):
    family = uuid.uuid4().hex
    ids = {api.create_experiment(name(), tags=[ml.ExperimentTag("family", family)]).experiment_id for _ in range(5)}
    found = api.search_experiments(filter=f"tags.family = '{family}'", max_results=2)
    assert {e.experiment_id for e in found} == ids
    listed = {e.experiment_id for e in api.list_experiments(max_results=1000)}
    assert ids <= listed


def test_list_by_view_type(api):
    gone = api.create_experiment(name()).experiment_id
    api.delete_experiment(gone)
    assert gone not in {e.experiment_id for e in api.list_experiments()}
    assert gone in {e.experiment_id for e in api.list_experiments(view_type=ml.ViewType.DELETED_ONLY)}
    assert gone in {e.experiment_id for e in api.list_experiments(view_type=ml.ViewType.ALL)}


def test_run_life(api, experiment, run_id):
    api.log_param("p", "1", run_id=run_id)
    api.log_metric("m", 0.5, 1000, run_id=run_id, step=3)
    api.set_tag("t", "x", run_id=run_id)
    api.set_tag("u", "y", run_id=run_id)
    api.delete_tag(run_id, "u")
    updated = api.update_run(run_id=run_id, status=ml.UpdateRunStatus.FINISHED, end_time=2_000_000_000_000)
    assert updated.run_info.status == ml.RunInfoStatus.FINISHED
    run = api.get_run(run_id).run
    assert [(p.key, p.value) for p in run.data.params] == [("p", "1")]
    assert [(m.key, m.value, m.timestamp, m.step) for m in run.data.metrics] == [("m", 0.5, 1000, 3)]
    assert {t.key: t.value for t in run.data.tags}["t"] == "x"
    assert "u" not in {t.key for t in run.data.tags}
    assert run.info.end_time == 2_000_000_000_000
    api.delete_run(run_id)
    assert api.get_run(run_id).run.info.lifecycle_stage == "deleted"
    api.restore_run(run_id)


def test_batch_and_search(api, experiment, run_id):
    api.log_batch(
        run_id=run_id,
        metrics=[ml.Metric(key="m", value=float(i), timestamp=i, step=i) for i in range(5)],
        params=[ml.Param("p", "1")],
        tags=[ml.RunTag("t", "x")],
    )
    for _ in range(6):
        api.create_run(experiment_id=experiment)
    found = list(api.search_runs(experiment_ids=[experiment], filter="metrics.m = 4 and tags.t = 'x'"))
    assert [r.info.run_id for r in found] == [run_id]
    assert len(list(api.search_runs(experiment_ids=[experiment], max_results=2, order_by=["start_time"]))) == 7


def test_history_over_pages(api, run_id):
    for start in range(0, 3000, 1000):
        points = [ml.Metric(key="m", value=i / 2, timestamp=i, step=i) for i in range(start, start + 1000)]
        api.log_batch(run_id=run_id, metrics=points)
    for page in (None, 700, 25000):
        found = list(api.get_history("m", run_id=run_id, max_results=page))
        assert [(m.step, m.value) for m in found] == [(i, i / 2) for i in range(3000)]


def test_inputs(api, run_id):
    dataset = ml.Dataset(name="d", digest="1", source_type="local", source="{}", schema="s", profile="p")
    api.log_inputs(run_id, datasets=[ml.DatasetInput(dataset=dataset, tags=[ml.InputTag("k", "v")])])
    (found,) = api.get_run(run_id).run.inputs.dataset_inputs
    assert (found.dataset.name, found.dataset.profile) == ("d", "p")
    assert [(t.key, t.value) for t in found.tags] == [("k", "v")]


def test_model_inputs_and_outputs(api, experiment, run_id):
    model = api.create_logged_model(experiment, name="m").model.info.model_id
    api.log_inputs(run_id, models=[ml.ModelInput(model)])
    api.log_outputs(run_id, models=[ml.ModelOutput(model, 7)])
    run = api.get_run(run_id).run
    assert [m.model_id for m in run.inputs.model_inputs] == [model]


def test_legacy_log_model(api, run_id):
    model = {"artifact_path": "m", "run_id": run_id, "utc_time_created": "2026-01-01 00:00:00", "flavors": {}}
    api.log_model(run_id=run_id, model_json=json.dumps(model))
    assert "mlflow.log-model.history" in {t.key for t in api.get_run(run_id).run.data.tags}


def test_artifact_list(api, client, run_id, tmp_path):
    for number in range(3):
        (tmp_path / f"f{number}").write_bytes(b"x" * number)
    client.log_artifacts(run_id, str(tmp_path), "sub")
    assert [(f.path, f.is_dir) for f in api.list_artifacts(run_id=run_id)] == [("sub", True)]
    found = [(f.path, f.file_size or 0) for f in api.list_artifacts(run_id=run_id, path="sub")]
    assert found == [("sub/f0", 0), ("sub/f1", 1), ("sub/f2", 2)]


class TestBulk:
    @pytest.fixture
    def runs(self, api, experiment):
        ids = []
        for _ in range(6):
            now = int(time.time() * 1000)
            ids.append((now, api.create_run(experiment_id=experiment, start_time=now).run.info.run_id))
            time.sleep(0.02)
        return ids

    def stages(self, api, runs):
        return "".join(api.get_run(run).run.info.lifecycle_stage[0] for _, run in runs)

    def test_delete_up_to_a_time(self, api, experiment, runs):
        cut = runs[2][0] + 10
        assert api.delete_runs(experiment, cut).runs_deleted == 3
        assert self.stages(api, runs) == "dddaaa"
        assert api.delete_runs(experiment, cut).runs_deleted in (0, None)

    def test_delete_no_more_than_asked(self, api, experiment, runs):
        far = runs[-1][0] + 60_000
        assert api.delete_runs(experiment, far, max_runs=2).runs_deleted == 2
        assert self.stages(api, runs).count("d") == 2
        assert api.delete_runs(experiment, far).runs_deleted == 4

    def test_restore_from_a_time(self, api, experiment, runs):
        api.delete_runs(experiment, runs[-1][0] + 60_000)
        assert self.stages(api, runs) == "dddddd"
        assert api.restore_runs(experiment, 0, max_runs=4).runs_restored == 4
        assert self.stages(api, runs).count("a") == 4
        assert api.restore_runs(experiment, 0).runs_restored == 2
        assert self.stages(api, runs) == "aaaaaa"

    def test_restore_only_what_was_deleted_since(self, api, experiment, runs):
        api.delete_runs(experiment, runs[2][0] + 10)
        time.sleep(0.02)
        since = int(time.time() * 1000)
        time.sleep(0.02)
        api.delete_runs(experiment, runs[-1][0] + 60_000)
        assert api.restore_runs(experiment, since).runs_restored == 3
        assert self.stages(api, runs) == "dddaaa"

    @pytest.mark.parametrize("most", [0, -1, 10001])
    def test_bad_numbers(self, api, experiment, most):
        with pytest.raises(InvalidParameterValue):
            api.delete_runs(experiment, 1, max_runs=most)

    def test_unknown_experiment(self, api):
        with pytest.raises(ResourceDoesNotExist):
            api.delete_runs("987654321", 1)


class TestLoggedModels:
    def test_life(self, api, experiment, run_id):
        made = api.create_logged_model(
            experiment,
            name="m",
            model_type="agent",
            source_run_id=run_id,
            params=[ml.LoggedModelParameter("p", "1")],
            tags=[ml.LoggedModelTag("t", "x")],
        ).model
        assert made.info.status == ml.LoggedModelStatus.LOGGED_MODEL_PENDING
        assert made.info.model_id.startswith("m-")
        assert made.info.artifact_uri.startswith(f"dbfs:/databricks/mlflow-tracking/{experiment}/logged_models/")
        done = api.finalize_logged_model(made.info.model_id, ml.LoggedModelStatus.LOGGED_MODEL_READY).model
        assert done.info.status == ml.LoggedModelStatus.LOGGED_MODEL_READY
        api.log_logged_model_params(made.info.model_id, params=[ml.LoggedModelParameter("q", "2")])
        api.set_logged_model_tags(made.info.model_id, tags=[ml.LoggedModelTag("u", "y")])
        api.delete_logged_model_tag(made.info.model_id, "t")
        found = api.get_logged_model(made.info.model_id).model
        assert {p.key: p.value for p in found.data.params} == {"p": "1", "q": "2"}
        assert {t.key: t.value for t in found.info.tags if not t.key.startswith("mlflow.")} == {"u": "y"}
        assert (found.info.model_type, found.info.source_run_id) == ("agent", run_id)
        api.delete_logged_model(made.info.model_id)
        with pytest.raises(ResourceDoesNotExist):
            api.get_logged_model(made.info.model_id)

    def test_search_by_metric_on_a_dataset(self, api, experiment, run_id):
        ids = []
        for accuracy in (0.7, 0.9, 0.8):
            model = api.create_logged_model(experiment, name="ranked").model.info.model_id
            metric = {"run_id": run_id, "model_id": model, "dataset_name": "eval", "dataset_digest": "1"}
            api.log_metric("acc", accuracy, 1, **metric)
            ids.append(model)
        found = api.search_logged_models(
            experiment_ids=[experiment],
            filter="metrics.acc > 0.75",
            datasets=[ml.SearchLoggedModelsDataset("eval")],
            order_by=[ml.SearchLoggedModelsOrderBy("metrics.acc", ascending=False, dataset_name="eval")],
        ).models
        assert [m.info.model_id for m in found] == [ids[1], ids[2]]
        assert [(m.key, m.value, m.dataset_name) for m in found[0].data.metrics] == [("acc", 0.9, "eval")]
