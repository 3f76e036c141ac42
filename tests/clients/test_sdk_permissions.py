"""The unmodified `databricks-sdk` gives and takes permissions; `mlflow` then works under each identity."""

import time
import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service import iam, ml

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]
EXPERIMENTS = "experiments"


@pytest.fixture
def owner(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


@pytest.fixture
def member(side):
    """A client of a new member of the workspace who was given nothing, and his name."""
    name = f"member-{uuid.uuid4().hex[:8]}"
    return WorkspaceClient(host=side.server.url, token=side.server.make_token(name, "--role", "use")), name


def levels(answer) -> dict[str, set[tuple[str, bool]]]:
    return {
        each.user_name or each.group_name or each.service_principal_name: {
            (one.permission_level.value, bool(one.inherited)) for one in each.all_permissions
        }
        for each in answer.access_control_list
    }


def test_permissions_of_an_experiment(owner, member, experiment):
    api, name = member
    with pytest.raises(PermissionDenied):
        api.experiments.get_experiment(experiment)
    entry = ml.ExperimentAccessControlRequest
    levels_of = ml.ExperimentPermissionLevel
    answer = owner.experiments.update_permissions(
        experiment, access_control_list=[entry(user_name=name, permission_level=levels_of.CAN_READ)]
    )
    assert levels(answer)[name] == {("CAN_READ", False)}
    assert levels(answer)["admins"] == {("CAN_MANAGE", True)}
    assert api.experiments.get_experiment(experiment).experiment.experiment_id == experiment
    assert [each.experiment_id for each in api.experiments.list_experiments()] == [experiment]
    run = {"experiment_id": experiment, "start_time": int(time.time() * 1000)}
    with pytest.raises(PermissionDenied):
        api.experiments.create_run(**run)
    answer = owner.experiments.set_permissions(
        experiment, access_control_list=[entry(user_name=name, permission_level=levels_of.CAN_EDIT)]
    )
    assert levels(answer)[name] == {("CAN_EDIT", False)}
    made = api.experiments.create_run(**run).run.info.run_id
    api.experiments.log_metric("m", 1.0, 1, run_id=made)
    with pytest.raises(PermissionDenied):
        api.experiments.set_permissions(experiment, access_control_list=[])
    listed = api.experiments.get_permission_levels(experiment).permission_levels
    assert [each.permission_level for each in listed] == [levels_of.CAN_READ, levels_of.CAN_EDIT, levels_of.CAN_MANAGE]
    owner.experiments.set_permissions(experiment, access_control_list=[])
    assert name not in levels(owner.experiments.get_permissions(experiment))
    time.sleep(1.05)
    with pytest.raises(PermissionDenied):
        api.experiments.log_metric("m", 1.0, 1, run_id=made)


def test_the_general_api_is_the_same(owner, member, experiment):
    api, name = member
    owner.permissions.update(
        EXPERIMENTS, experiment,
        access_control_list=[
            iam.AccessControlRequest(group_name="users", permission_level=iam.PermissionLevel.CAN_READ),
        ],
    )  # fmt: skip
    assert levels(api.permissions.get(EXPERIMENTS, experiment))["users"] == {("CAN_READ", False)}
    assert owner.permissions.get_permission_levels(EXPERIMENTS, experiment).permission_levels
    owner.permissions.set(EXPERIMENTS, experiment, access_control_list=[])
    with pytest.raises(InvalidParameterValue):
        owner.permissions.get("lamps", "1")
    with pytest.raises(NotFound):
        owner.permissions.get(EXPERIMENTS, "987654321")
    with pytest.raises(NotFound):
        owner.permissions.set(
            EXPERIMENTS, experiment,
            access_control_list=[
                iam.AccessControlRequest(user_name=f"{name}-not", permission_level=iam.PermissionLevel.CAN_READ)
            ],
        )  # fmt: skip


def test_mlflow_under_the_identity_of_a_member(side, member, monkeypatch):
    """He makes an experiment of his own, logs a model, and sees it; what others made is not there."""
    import mlflow

    api, _ = member
    monkeypatch.setenv("DATABRICKS_TOKEN", api.config.token)
    own = f"/Users/{uuid.uuid4().hex}"
    mlflow.set_experiment(own)
    with mlflow.start_run() as run:
        mlflow.log_param("p", 1)
        mlflow.log_metric("m", 0.5)
        mlflow.log_text("hello", "f.txt")
    assert mlflow.get_run(run.info.run_id).data.metrics == {"m": 0.5}
    assert [each.name for each in mlflow.search_experiments()] == [own]
    assert len(mlflow.search_runs(experiment_names=[own])) == 1
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/f.txt") == "hello"
    with pytest.raises(mlflow.MlflowException, match="does not have"):
        mlflow.get_experiment("0")
