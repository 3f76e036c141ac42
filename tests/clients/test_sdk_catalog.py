"""Catalogs, schemas, volumes, tables, functions, tags and bindings with the unmodified `databricks-sdk`."""

import io
import time
import uuid

import mlflow
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, BadRequest, NotFound, PermissionDenied
from databricks.sdk.service import catalog, tags
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]
Privilege = catalog.Privilege


@pytest.fixture
def owner(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


@pytest.fixture
def me(owner) -> str:
    return owner.current_user.me().user_name


@pytest.fixture
def member(side):
    """A client of a new member of the workspace who was given nothing, and his name."""
    name = f"member-{uuid.uuid4().hex[:8]}"
    return WorkspaceClient(host=side.server.url, token=side.server.make_token(name, "--role", "use")), name


@pytest.fixture
def place(owner):
    """A schema in a catalog of its own."""
    name = f"c{uuid.uuid4().hex[:8]}"
    owner.catalogs.create(name, comment="of a test")
    return owner.schemas.create("s", name, properties={"team": "a"}).full_name


def give(owner, kind: str, name: str, principal: str, *add: Privilege):
    owner.grants.update(kind, name, changes=[catalog.PermissionsChange(principal=principal, add=list(add))])


def test_the_metastore_and_its_first_catalog(owner):
    summary = owner.metastores.summary()
    assert owner.metastores.current().metastore_id == summary.metastore_id
    assert owner.metastores.current().default_catalog_name == "main"
    assert [each.metastore_id for each in owner.metastores.list()] == [summary.metastore_id]
    assert owner.metastores.get(summary.metastore_id).name == summary.name
    assert owner.catalogs.get("main").isolation_mode == catalog.CatalogIsolationMode.ISOLATED
    assert owner.schemas.get("main.default").full_name == "main.default"


def test_catalogs_and_schemas(owner, member, place):
    api, name = member
    where = place.partition(".")[0]
    assert owner.catalogs.get(where.upper()).comment == "of a test"
    assert owner.catalogs.get(where).securable_type == catalog.SecurableType.CATALOG
    with pytest.raises(AlreadyExists):
        owner.catalogs.create(where)
    with pytest.raises(BadRequest, match="not empty"):
        owner.catalogs.delete(where)
    with pytest.raises(BadRequest, match="Invalid name"):
        owner.catalogs.create("a b")
    for number in range(3):
        owner.schemas.create(f"t{number}", where)
    assert [each.name for each in owner.schemas.list(where, max_results=2)] == ["s", "t0", "t1", "t2"]
    assert where in [each.name for each in owner.catalogs.list(max_results=1)]
    assert where not in [each.name for each in api.catalogs.list()]
    with pytest.raises(PermissionDenied):
        api.schemas.get(place)
    changed = owner.schemas.update(place, comment="changed", owner=name)
    assert (changed.comment, changed.owner, changed.properties) == ("changed", name, {"team": "a"})
    give(owner, "catalog", where, name, Privilege.USE_CATALOG)
    assert [each.name for each in api.schemas.list(where)] == ["s"]
    assert api.schemas.update(place, comment="mine").comment == "mine"
    owner.catalogs.delete(where, force=True)
    with pytest.raises(NotFound):
        owner.schemas.get(place)


def test_bindings(owner, place):
    where = place.partition(".")[0]
    assert owner.catalogs.update(where, isolation_mode=catalog.CatalogIsolationMode.ISOLATED).name == where
    [binding] = owner.workspace_bindings.get_bindings("catalog", where)
    assert (binding.workspace_id, binding.binding_type.value) == (1, "BINDING_TYPE_READ_WRITE")
    read_only = catalog.WorkspaceBinding(1, catalog.WorkspaceBindingBindingType.BINDING_TYPE_READ_ONLY)
    owner.workspace_bindings.update_bindings("catalog", where, add=[read_only])
    time.sleep(1.05)
    assert owner.schemas.get(place).name == "s"
    with pytest.raises(PermissionDenied, match="reading only"):
        owner.schemas.create("no", where)
    assert owner.workspace_bindings.update(where, assign_workspaces=[1]).workspaces == [1]
    assert owner.workspace_bindings.get(where).workspaces == [1]


def test_volumes_and_their_files(owner, member, place, me):
    api, name = member
    where, schema = place.split(".")
    made = owner.volumes.create(where, schema, "Files", catalog.VolumeType.MANAGED, comment="c")
    assert (made.full_name, made.owner, made.volume_type) == (f"{place}.files", me, catalog.VolumeType.MANAGED)
    path = f"/Volumes/{where}/{schema}/files"
    owner.files.upload(f"{path}/folder/a.txt", io.BytesIO(b"content"))
    assert owner.files.download(f"{path}/folder/a.txt").contents.read() == b"content"
    assert [each.path for each in owner.files.list_directory_contents(f"{path}/folder")] == [f"{path}/folder/a.txt"]
    with pytest.raises(PermissionDenied):
        api.files.download(f"{path}/folder/a.txt")
    give(owner, "catalog", where, name, Privilege.USE_CATALOG, Privilege.USE_SCHEMA)
    give(owner, "volume", made.full_name, name, Privilege.READ_VOLUME)
    assert api.files.download(f"{path}/folder/a.txt").contents.read() == b"content"
    assert [each.name for each in api.volumes.list(where, schema)] == ["files"]
    with pytest.raises(PermissionDenied):
        api.files.upload(f"{path}/b.txt", io.BytesIO(b"no"))
    with pytest.raises(PermissionDenied):
        api.volumes.delete(made.full_name)
    give(owner, "volume", made.full_name, name, Privilege.WRITE_VOLUME)
    api.files.upload(f"{path}/b.txt", io.BytesIO(b"yes"))
    renamed = owner.volumes.update(made.full_name, new_name="papers", comment="d")
    assert (renamed.full_name, renamed.comment) == (f"{place}.papers", "d")
    assert owner.files.download(f"/Volumes/{where}/{schema}/papers/b.txt").contents.read() == b"yes"
    with pytest.raises(NotFound):
        owner.files.download(f"{path}/b.txt")
    with pytest.raises(BadRequest):
        owner.volumes.create(where, schema, "out", catalog.VolumeType.EXTERNAL, storage_location="/etc")
    outside = owner.volumes.create(where, schema, "out", catalog.VolumeType.EXTERNAL, storage_location="s3://b/x")
    assert owner.volumes.read(outside.full_name).storage_location == "s3://b/x"
    with pytest.raises(BadRequest, match="not empty"):
        owner.schemas.delete(place)
    owner.volumes.delete(renamed.full_name)
    owner.volumes.create(where, schema, "papers", catalog.VolumeType.MANAGED)
    with pytest.raises(NotFound):  # another volume, and empty
        owner.files.download(f"/Volumes/{where}/{schema}/papers/b.txt")


def parameter(name: str, position: int, **more) -> catalog.FunctionParameterInfo:
    return catalog.FunctionParameterInfo(name, "int", catalog.ColumnTypeName.INT, position, **more)


def plus(place: str, *parameters: catalog.FunctionParameterInfo, name: str = "plus") -> catalog.CreateFunction:
    where, schema = place.split(".")
    return catalog.CreateFunction(
        name=name, catalog_name=where, schema_name=schema, data_type=catalog.ColumnTypeName.INT, full_data_type="int",
        input_params=catalog.FunctionParameterInfos(list(parameters)), specific_name=name,
        routine_body=catalog.CreateFunctionRoutineBody.SQL, routine_definition="a + 1",
        parameter_style=catalog.CreateFunctionParameterStyle.S, is_deterministic=True, is_null_call=False,
        security_type=catalog.CreateFunctionSecurityType.DEFINER,
        sql_data_access=catalog.CreateFunctionSqlDataAccess.CONTAINS_SQL,
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [[("", 0)], [("a", 0), ("A", 1)], [("a", 0), ("b", 0)], [("a", -1)], [("a\0", 0)], [("x" * 256, 0)]]
)
def test_parameters_and_columns_that_are_none(owner, place, wrong):
    where, schema = place.split(".")
    with pytest.raises(BadRequest):
        owner.functions.create(plus(place, *(parameter(*each) for each in wrong)))
    columns = [catalog.ColumnInfo(name=name, type_text="int", position=position) for name, position in wrong]
    with pytest.raises(BadRequest):
        owner.tables.create(
            "t", where, schema, catalog.TableType.EXTERNAL, catalog.DataSourceFormat.DELTA, "s3://b/t", columns=columns
        )


def test_functions_and_models_share_their_names(owner, side, place):
    """To grants both are a FUNCTION, so a name that meant both would give the one where the other was meant."""
    where, schema = place.split(".")
    owner.functions.create(plus(place))
    owner.registered_models.create(catalog_name=where, schema_name=schema, name="m")
    with pytest.raises(AlreadyExists, match="share"):
        owner.functions.create(plus(place, name="M"))
    with pytest.raises(BadRequest, match="share"):
        owner.registered_models.create(catalog_name=where, schema_name=schema, name="Plus")
    with pytest.raises(BadRequest, match="share"):
        owner.registered_models.update(f"{place}.m", new_name="plus")
    with pytest.raises(MlflowException, match="share"):
        side.client.create_registered_model(f"{place}.plus")
    older = mlflow.__version__.startswith("2.")  # its client registers prompts over http alone
    for uri in () if older else ("databricks-uc", side.server.url):
        with pytest.raises(MlflowException, match="share"):
            MlflowClient(registry_uri=uri).register_prompt(f"{place}.plus", "x")
    owner.functions.delete(f"{place}.plus")
    owner.registered_models.update(f"{place}.m", new_name="plus")
    with pytest.raises(AlreadyExists, match="share"):
        owner.functions.create(plus(place))


def test_tables_and_functions(owner, member, place):
    api, name = member
    where, schema = place.split(".")
    column = catalog.ColumnInfo(
        name="id", type_text="bigint", type_name=catalog.ColumnTypeName.LONG, position=0, nullable=False
    )
    made = owner.tables.create(
        "events", where, schema, catalog.TableType.EXTERNAL, catalog.DataSourceFormat.DELTA, "s3://b/t",
        columns=[column], properties={"k": "v"},
    )  # fmt: skip
    found = owner.tables.get(made.full_name)
    assert (found.storage_location, found.properties) == ("s3://b/t", {"k": "v"})
    assert [(each.name, each.type_name, each.nullable) for each in found.columns] == [
        ("id", catalog.ColumnTypeName.LONG, False)
    ]
    assert owner.tables.exists(made.full_name).table_exists
    assert not owner.tables.exists(f"{place}.nothing").table_exists
    assert [each.name for each in owner.tables.list(where, schema, omit_columns=True)] == ["events"]
    function = owner.functions.create(plus(place, parameter("a", 0, parameter_default="1")))
    again = owner.functions.get(function.full_name)
    assert (again.routine_definition, again.is_deterministic) == ("a + 1", True)
    assert [(each.name, each.parameter_default) for each in again.input_params.parameters] == [("a", "1")]
    for refused in (lambda: api.tables.get(made.full_name), lambda: api.functions.get(function.full_name)):
        with pytest.raises(PermissionDenied):
            refused()
    give(owner, "catalog", where, name, Privilege.USE_CATALOG, Privilege.USE_SCHEMA)
    give(owner, "table", made.full_name, name, Privilege.SELECT)
    give(owner, "function", function.full_name, name, Privilege.EXECUTE)
    assert api.tables.get(made.full_name).table_id == found.table_id
    assert [each.name for each in api.functions.list(where, schema)] == ["plus"]
    effective = owner.grants.get_effective("function", function.full_name).privilege_assignments
    assert {each.principal for each in effective} >= {name}
    owner.tables.delete(made.full_name)
    owner.functions.delete(function.full_name)
    assert list(owner.functions.list(where, schema)) == []


def test_summaries_of_tables(owner, member, place):
    """Over all schemas of a catalog, by patterns, of those the caller may read."""
    api, name = member
    where = place.partition(".")[0]
    owner.schemas.create("t", where)
    for place_of, table in (("s", "events"), ("s", "event_types"), ("t", "events")):
        owner.tables.create(
            table, where, place_of, catalog.TableType.EXTERNAL, catalog.DataSourceFormat.DELTA, f"s3://b/{table}"
        )

    def found(w: WorkspaceClient, **more) -> list[str]:
        return [each.full_name.removeprefix(f"{where}.") for each in w.tables.list_summaries(where, **more)]

    assert found(owner) == ["s.event_types", "s.events", "t.events"]
    assert found(owner, max_results=1) == found(owner)
    assert found(owner, schema_name_pattern="T", table_name_pattern="%") == ["t.events"]
    assert found(owner, table_name_pattern="event\\%") == []
    assert found(owner, table_name_pattern="Events") == ["s.events", "t.events"]
    assert next(owner.tables.list_summaries(where)).table_type == catalog.TableType.EXTERNAL
    assert found(api) == []
    give(owner, "catalog", where, name, Privilege.USE_CATALOG)
    give(owner, "schema", f"{where}.t", name, Privilege.USE_SCHEMA, Privilege.SELECT)
    assert found(api) == ["t.events"]
    with pytest.raises(NotFound):
        list(owner.tables.list_summaries("nothing-there"))


def test_tags(owner, member, place, me):
    api, _ = member
    where, schema = place.split(".")
    owner.volumes.create(where, schema, "v", catalog.VolumeType.MANAGED)
    column = catalog.ColumnInfo(name="mail", type_text="string", type_name=catalog.ColumnTypeName.STRING, position=0)
    owner.tables.create(
        "t", where, schema, catalog.TableType.EXTERNAL, catalog.DataSourceFormat.DELTA, "s3://b/t", columns=[column]
    )
    tags = owner.entity_tag_assignments
    for kind, full_name in (
        ("catalogs", where), ("schemas", place), ("volumes", f"{place}.v"), ("tables", f"{place}.t"),
        ("columns", f"{place}.t.mail"),
    ):  # fmt: skip
        for key in ("pii", "team"):
            tags.create(catalog.EntityTagAssignment(full_name, key, kind, tag_value="yes"))
        with pytest.raises(AlreadyExists):
            tags.create(catalog.EntityTagAssignment(full_name, "pii", kind, tag_value="no"))
        assert [each.tag_key for each in tags.list(kind, full_name, max_results=1)] == ["pii", "team"]
        changed = catalog.EntityTagAssignment(full_name, "pii", kind, tag_value="no")
        assert tags.update(kind, full_name, "pii", changed, "tag_value").tag_value == "no"
        found = tags.get(kind, full_name, "pii")
        assert (found.tag_value, found.updated_by) == ("no", me)
        tags.delete(kind, full_name, "pii")
        with pytest.raises(NotFound):
            tags.get(kind, full_name, "pii")
        with pytest.raises(PermissionDenied):
            api.entity_tag_assignments.create(catalog.EntityTagAssignment(full_name, "mine", kind))
    with pytest.raises(NotFound):
        tags.create(catalog.EntityTagAssignment(f"{place}.t.phone", "pii", "columns"))
    with pytest.raises(BadRequest):
        tags.create(catalog.EntityTagAssignment(place, "a=b", "schemas"))
    owner.tables.delete(f"{place}.t")
    with pytest.raises(NotFound):
        tags.get("tables", f"{place}.t", "team")


def test_governed_tags(owner, member, place):
    api, who = member
    where, schema = place.split(".")
    key = f"class-{uuid.uuid4().hex[:8]}".replace("-", "_")
    values = [tags.Value("public"), tags.Value("secret")]
    made = owner.tag_policies.create_tag_policy(tags.TagPolicy(key, description="how open", values=values))
    assert (made.tag_key, made.values, made.description) == (key, values, "how open")
    with pytest.raises(AlreadyExists):
        owner.tag_policies.create_tag_policy(tags.TagPolicy(key))
    assert owner.tag_policies.get_tag_policy(key) == made
    assert key in [each.tag_key for each in owner.tag_policies.list_tag_policies(page_size=1)]
    assert key not in [each.tag_key for each in api.tag_policies.list_tag_policies()]
    with pytest.raises(PermissionDenied):
        api.tag_policies.create_tag_policy(tags.TagPolicy(f"{key}_mine"))
    told = catalog.CreateFunction(
        name="f", catalog_name=where, schema_name=schema, data_type=catalog.ColumnTypeName.INT, full_data_type="int",
        input_params=catalog.FunctionParameterInfos([]), routine_body=catalog.CreateFunctionRoutineBody.SQL,
        routine_definition="1", specific_name="f", parameter_style=catalog.CreateFunctionParameterStyle.S,
        is_deterministic=True, is_null_call=False, security_type=catalog.CreateFunctionSecurityType.DEFINER,
        sql_data_access=catalog.CreateFunctionSqlDataAccess.CONTAINS_SQL,
    )  # fmt: skip
    owner.functions.create(told)

    def assign(client, kind: str, name: str, value: str):
        return client.entity_tag_assignments.create(catalog.EntityTagAssignment(name, key, kind, tag_value=value))

    with pytest.raises(BadRequest, match="no value of the governed tag"):
        assign(owner, "schemas", place, "maybe")
    assert assign(owner, "schemas", place, "secret").tag_value == "secret"
    changed = catalog.EntityTagAssignment(place, key, "schemas", tag_value="maybe")
    with pytest.raises(BadRequest):
        owner.entity_tag_assignments.update("schemas", place, key, changed, "tag_value")
    # who may tag the function may not assign the governed tag, until that is given too
    give(owner, "catalog", where, who, Privilege.USE_CATALOG, Privilege.USE_SCHEMA, Privilege.APPLY_TAG)
    function = f"{place}.f"
    free = api.entity_tag_assignments.create(catalog.EntityTagAssignment(function, "free", "functions"))
    assert (free.entity_type, free.tag_key) == ("functions", "free")
    with pytest.raises(PermissionDenied, match="ASSIGN"):
        assign(api, "functions", function, "public")
    grant = {"changes": [{"principal": who, "add": ["ASSIGN"]}]}
    owner.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/tag_policy/{key}", body=grant)
    assert assign(api, "functions", function, "public").tag_value == "public"
    assert api.tag_policies.get_tag_policy(key).values == values
    with pytest.raises(PermissionDenied):
        api.tag_policies.delete_tag_policy(key)
    # what was assigned stays when the values change, and when the policy goes
    fewer = owner.tag_policies.update_tag_policy(key, tags.TagPolicy(key, values=[tags.Value("open")]), "values")
    assert (fewer.description, fewer.values) == ("how open", [tags.Value("open")])
    assert owner.entity_tag_assignments.get("functions", function, key).tag_value == "public"
    owner.tag_policies.delete_tag_policy(key)
    with pytest.raises(NotFound):
        owner.tag_policies.get_tag_policy(key)
    assert assign(owner, "catalogs", where, "anything").tag_value == "anything"
    described = {"comment": "one"}
    owner.api_client.do("PATCH", f"/api/2.1/unity-catalog/functions/{function}", body=described)
    assert owner.functions.get(function).comment == "one"
    owner.functions.delete(function)
    owner.functions.create(told)
    assert list(owner.entity_tag_assignments.list("functions", function)) == []


def test_connections_and_their_secrets(owner, member, me):
    api, who = member
    name = f"n{uuid.uuid4().hex[:8]}"
    options = {"host": "db.example", "port": "5432", "user": "u", "password": "sesame", "apiKey": "sesame"}
    made = owner.connections.create(name, catalog.ConnectionType.POSTGRESQL, options, comment="c", read_only=True)
    shown = {"host": "db.example", "port": "5432", "user": "u"}
    assert (made.options, made.read_only, made.owner) == (shown, True, me)
    assert owner.connections.get(name).options == shown
    assert name in [each.name for each in owner.connections.list(max_results=1)]
    assert "sesame" not in str(owner.api_client.do("GET", f"/api/2.1/unity-catalog/connections/{name}"))
    with pytest.raises(PermissionDenied):
        api.connections.get(name)
    assert name not in [each.name for each in api.connections.list()]
    give(owner, "connection", name, who, Privilege.USE_CONNECTION)
    assert api.connections.get(name).options == shown
    with pytest.raises(PermissionDenied):
        api.connections.update(name, {"host": "mine"})
    with pytest.raises(AlreadyExists):
        owner.connections.create(name, catalog.ConnectionType.HTTP, {})
    changed = owner.connections.update(name, {"host": "other"}, new_name=f"{name}-new")
    assert (changed.name, changed.options) == (f"{name}-new", {"host": "other"})
    owner.connections.delete(f"{name}-new")
    with pytest.raises(NotFound):
        owner.connections.get(f"{name}-new")


def test_the_audit_log_is_a_table(owner, member):
    """`system.access.audit`, for administrators and whom they let."""
    api, name = member
    table = owner.tables.get("system.access.audit")
    assert (table.table_type, table.data_source_format) == (catalog.TableType.MANAGED, catalog.DataSourceFormat.DELTA)
    known = {column.name: column.type_name for column in table.columns}
    assert known["event_time"] == catalog.ColumnTypeName.TIMESTAMP
    assert known["request_params"] == catalog.ColumnTypeName.MAP
    assert [each.name for each in owner.schemas.list("system")] == ["access"]
    with pytest.raises(NotFound):
        api.tables.get("system.access.audit")
    give(owner, "catalog", "system", name, Privilege.USE_CATALOG)
    give(owner, "schema", "system.access", name, Privilege.USE_SCHEMA, Privilege.SELECT)
    assert api.tables.get("system.access.audit").table_id == table.table_id
    with pytest.raises(PermissionDenied):
        owner.tables.delete("system.access.audit")
    sample = "/api/2.0/lakeward/catalog/tables/system.access.audit/sample"
    deadline = time.monotonic() + 90  # the worker writes it within a minute
    while not (found := api.api_client.do("GET", sample, query={"max_rows": 200}))["rows"]:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert [each["name"] for each in found["columns"]] == list(known)
    # Which calls they were is the other tests' affair: this one shares its server and its log with them.
    entries = [dict(zip(known, row, strict=True)) for row in found["rows"]]
    assert all(each["action_name"] and each["service_name"] for each in entries)
    assert {each["event_date"] for each in entries} == {each["event_time"][:10] for each in entries}
