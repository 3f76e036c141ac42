"""Unity Catalog's privileges with the unmodified `databricks-sdk`, and what `mlflow` may then do in each dialect."""

import time
import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service import catalog, iam

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]
SCHEMA = catalog.SecurableType.SCHEMA.value
CATALOG = catalog.SecurableType.CATALOG.value
FUNCTION = catalog.SecurableType.FUNCTION.value
Privilege = catalog.Privilege


@pytest.fixture
def owner(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


@pytest.fixture
def member(side):
    """A client of a new member of the workspace who was given nothing, and his name."""
    name = f"member-{uuid.uuid4().hex[:8]}"
    return WorkspaceClient(host=side.server.url, token=side.server.make_token(name, "--role", "use")), name


@pytest.fixture
def model(owner):
    """A model in a catalog of its own, with a version that has a file."""
    stem = uuid.uuid4().hex[:8]
    made = owner.registered_models.create(name=f"m{stem}", catalog_name=f"c{stem}", schema_name="s")
    return made.full_name


def give(owner, kind: str, name: str, principal: str, *add: Privilege, remove: tuple[Privilege, ...] = ()):
    change = catalog.PermissionsChange(principal=principal, add=list(add), remove=list(remove))
    return owner.grants.update(kind, name, changes=[change])


def direct(owner, kind: str, name: str) -> dict[str, set[str]]:
    found = owner.grants.get(kind, name).privilege_assignments or []
    return {each.principal: {one.value for one in each.privileges} for each in found}


def test_privileges_are_inherited_and_need_use_of_what_is_above(owner, member, model):
    api, name = member
    where, schema, _ = model.split(".")

    def readable() -> bool:
        try:
            return api.registered_models.get(model).full_name == model
        except PermissionDenied:
            return False

    assert not readable()
    give(owner, CATALOG, where, name, Privilege.USE_CATALOG)
    give(owner, SCHEMA, f"{where}.{schema}", name, Privilege.EXECUTE)
    assert not readable()  # without the use of the schema
    give(owner, CATALOG, where, name, Privilege.USE_SCHEMA)
    assert readable()
    effective = owner.grants.get_effective(FUNCTION, model).privilege_assignments
    [held] = [each.privileges for each in effective if each.principal == name]
    assert {(one.privilege, one.inherited_from_type, one.inherited_from_name) for one in held} == {
        (Privilege.EXECUTE, catalog.SecurableType.SCHEMA, f"{where}.{schema}")
    }
    assert direct(owner, CATALOG, where) == {name: {"USE_CATALOG", "USE_SCHEMA"}}
    assert list(owner.grants.list(CATALOG, where)) == owner.grants.get(CATALOG, where).privilege_assignments
    assert list(owner.grants.list_effective(FUNCTION, model)) == effective
    assert direct(owner, FUNCTION, model) == {}
    with pytest.raises(PermissionDenied):
        api.registered_models.update(model, comment="mine")
    with pytest.raises(PermissionDenied):
        give(api, FUNCTION, model, name, Privilege.MANAGE)
    give(owner, SCHEMA, f"{where}.{schema}", name, remove=(Privilege.EXECUTE,))
    time.sleep(1.05)
    assert not readable()


def test_browse_shows_and_gives_nothing(owner, member, model):
    api, name = member
    where, schema, _ = model.split(".")
    assert list(api.registered_models.list(catalog_name=where, schema_name=schema, include_browse=True)) == []
    give(owner, FUNCTION, model, name, Privilege.BROWSE)
    assert list(api.registered_models.list(catalog_name=where, schema_name=schema)) == []
    [shown] = api.registered_models.list(catalog_name=where, schema_name=schema, include_browse=True)
    assert (shown.full_name, shown.browse_only) == (model, True)
    assert api.registered_models.get(model, include_browse=True).browse_only
    with pytest.raises(PermissionDenied):
        api.registered_models.get(model)
    with pytest.raises(PermissionDenied):
        list(api.model_versions.list(model))


def test_ownership_and_its_transfer(owner, member):
    api, name = member
    leaf = f"m{uuid.uuid4().hex[:8]}"
    made = api.registered_models.create(name=leaf, catalog_name="main", schema_name="default")
    assert made.owner == name  # whoever is in the workspace may make models there
    assert api.registered_models.get(made.full_name).owner == name
    other = f"other-{uuid.uuid4().hex[:8]}"
    with pytest.raises(NotFound):
        api.registered_models.update(made.full_name, owner=other)
    with pytest.raises(DatabricksError):
        api.registered_models.create(name=leaf, catalog_name=f"c{leaf}", schema_name="s")
    changed = api.registered_models.update(made.full_name, owner="owner")
    assert changed.owner == "owner"
    time.sleep(1.05)
    with pytest.raises(PermissionDenied):
        api.registered_models.get(made.full_name)


def test_what_cannot_be_granted(owner, member, model):
    _, name = member
    with pytest.raises(InvalidParameterValue):
        give(owner, FUNCTION, model, name, Privilege.USE_CATALOG)
    with pytest.raises(NotFound):
        give(owner, FUNCTION, model, f"{name}-not", Privilege.EXECUTE)
    with pytest.raises(NotFound):
        give(owner, FUNCTION, f"{model}-not", name, Privilege.EXECUTE)
    with pytest.raises(InvalidParameterValue):
        owner.grants.get("lamp", "x")
    with pytest.raises(InvalidParameterValue):
        owner.grants.get(FUNCTION, model, max_results=10)


def test_both_spellings_of_open_source_clients(side, member, model):
    _, name = member
    where = model.partition(".")[0]
    body = {"changes": [{"principal": name, "add": ["USE CATALOG", "CREATE MODEL"], "remove": []}]}
    answer = side.server.request("PATCH", f"/api/2.1/unity-catalog/permissions/catalog/{where}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "privilege_assignments": [{"principal": name, "privileges": ["CREATE MODEL", "USE CATALOG"]}]
    }
    agent = {"user-agent": "OpenAPI-Generator/0.4.0/python"}
    path = f"/api/2.1/unity-catalog/permissions/catalog/{where}"
    assert "USE CATALOG" in side.server.request("GET", path, headers=agent).text
    assert "USE_CATALOG" in side.server.request("GET", path).text
    body = {"changes": [{"principal": name, "add": ["EXECUTE", "CREATE MODEL VERSION"]}]}
    answer = side.server.request("PATCH", f"/api/2.1/unity-catalog/permissions/registered_model/{model}", json=body)
    assert answer.json()["privilege_assignments"][0]["privileges"] == ["CREATE MODEL VERSION", "EXECUTE"]


def test_levels_of_a_registered_model(owner, member):
    api, name = member
    leaf = f"m{uuid.uuid4().hex[:8]}"
    model_id = owner.api_client.do("POST", "/api/2.1/unity-catalog/models", body={
        "name": leaf, "catalog_name": "main", "schema_name": "default",
    })["id"]  # fmt: skip
    with pytest.raises(PermissionDenied):
        api.registered_models.get(f"main.default.{leaf}")
    owner.permissions.update("registered-models", model_id, access_control_list=[
        iam.AccessControlRequest(user_name=name, permission_level=iam.PermissionLevel.CAN_READ)
    ])  # fmt: skip
    assert api.registered_models.get(f"main.default.{leaf}").full_name == f"main.default.{leaf}"
    levels = owner.permissions.get_permission_levels("registered-models", model_id).permission_levels
    assert [each.permission_level.value for each in levels] == [
        "CAN_READ", "CAN_EDIT", "CAN_MANAGE_STAGING_VERSIONS", "CAN_MANAGE_PRODUCTION_VERSIONS", "CAN_MANAGE",
    ]  # fmt: skip


def test_loading_needs_execute_in_every_dialect(side, owner, member, monkeypatch, tmp_path):
    """403 on get, on credentials and on load; with EXECUTE all of them work, though the experiment stays closed."""
    import mlflow

    api, name = member
    leaf = f"m{uuid.uuid4().hex[:8]}"
    full = f"main.default.{leaf}"
    mlflow.set_experiment(f"/Shared/{leaf}")
    with mlflow.start_run() as run:
        mlflow.log_text("model", "model/MLmodel")
    http = mlflow.MlflowClient(tracking_uri=side.server.url, registry_uri=side.server.url)
    http.create_registered_model(leaf)
    http.create_model_version(leaf, source=f"runs:/{run.info.run_id}/model", run_id=run.info.run_id)
    monkeypatch.setenv("DATABRICKS_TOKEN", api.config.token)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", api.config.token)
    uc = mlflow.MlflowClient(tracking_uri="databricks", registry_uri="databricks-uc")
    http = mlflow.MlflowClient(tracking_uri=side.server.url, registry_uri=side.server.url)

    def tries() -> list[str]:
        """How each of them ends."""
        from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository

        def load(client, uri: str) -> None:
            mlflow.set_tracking_uri(client.tracking_uri)
            mlflow.set_registry_uri(client._registry_uri)
            repo = ModelsArtifactRepository(uri)
            (tmp_path / uuid.uuid4().hex).mkdir()
            assert repo.download_artifacts("MLmodel")

        heard = []
        for attempt in (
            lambda: uc.get_registered_model(full), lambda: http.get_registered_model(leaf),
            lambda: api.registered_models.get(full), lambda: uc.get_model_version(full, "1"),
            lambda: api.api_client.do("POST", "/api/2.1/unity-catalog/temporary-model-version-credentials", body={
                "catalog_name": "main", "schema_name": "default", "model_name": leaf, "version": 1,
                "operation": "READ_MODEL_VERSION",
            }),
            lambda: uc.get_model_version_download_uri(full, "1"),
            lambda: http.get_model_version_download_uri(leaf, "1"),
            lambda: load(uc, f"models:/{full}/1"), lambda: load(http, f"models:/{leaf}/1"),
        ):  # fmt: skip
            try:
                attempt()
                heard.append("ok")
            except (DatabricksError, mlflow.MlflowException) as error:
                refused = isinstance(error, PermissionDenied) or "does not have READ" in str(error)
                heard.append("PERMISSION_DENIED" if refused else repr(error))
        return heard

    before = tries()
    assert set(before) == {"PERMISSION_DENIED"}, before
    give(owner, FUNCTION, full, name, Privilege.EXECUTE)
    after = tries()
    assert set(after) == {"ok"}, after
    with pytest.raises(mlflow.MlflowException, match="does not have"):
        uc.get_run(run.info.run_id)
