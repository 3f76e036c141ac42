"""Places and what is in them: what the platform's SDK makes the open-source client sees, and the other way round."""

import io
import uuid
from typing import Any

import pytest
import unitycatalog.client as uc
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, BadRequest, NotFound
from databricks.sdk.service import catalog

from clients.dialects.dialects import Newest, OpenSource, Platform, RefusedError, directory_of
from clients.server import Server

pytestmark = pytest.mark.beyond


@pytest.fixture
def w(server: Server) -> WorkspaceClient:
    return Platform(server).client()


@pytest.fixture
def oss(server: Server) -> OpenSource:
    return OpenSource(server)


@pytest.fixture
def place(w: WorkspaceClient) -> tuple[str, str]:
    """A schema in a catalog of its own."""
    name = f"c{uuid.uuid4().hex[:8]}"
    w.catalogs.create(name)
    w.schemas.create("s", name)
    return name, "s"


def ask(oss: OpenSource, api: Any, method: str, *args: Any, **more: Any) -> Any:
    """One call of the open-source client."""

    async def call(client: uc.ApiClient) -> Any:
        return await getattr(api(client), method)(*args, **more)

    return oss.call(call)


def absent(oss: OpenSource, api: Any, method: str, *args: Any) -> bool:
    with pytest.raises(RefusedError) as refused:
        ask(oss, api, method, *args)
    return refused.value.code in {
        "NOT_FOUND",
        "RESOURCE_DOES_NOT_EXIST",
        "CATALOG_DOES_NOT_EXIST",
        "SCHEMA_DOES_NOT_EXIST",
    }


def test_catalogs_and_schemas(w, oss):
    theirs, ours = f"c{uuid.uuid4().hex[:8]}", f"c{uuid.uuid4().hex[:8]}"
    made = ask(oss, uc.CatalogsApi, "create_catalog", uc.CreateCatalog(name=theirs, comment="a", properties={"k": "v"}))
    assert (made.name, made.comment, made.properties) == (theirs, "a", {"k": "v"})
    ask(oss, uc.SchemasApi, "create_schema", uc.CreateSchema(name="s", catalog_name=theirs, comment="b"))
    assert (w.catalogs.get(theirs).comment, w.schemas.get(f"{theirs}.s").comment) == ("a", "b")
    changed = ask(oss, uc.SchemasApi, "update_schema", f"{theirs}.s", uc.UpdateSchema(comment="c"))
    assert (changed.comment, w.schemas.get(f"{theirs}.s").comment) == ("c", "c")

    w.catalogs.create(ours, comment="d")
    w.schemas.create("t", ours, comment="e")
    assert ask(oss, uc.CatalogsApi, "get_catalog", ours).comment == "d"
    assert {theirs, ours} <= {each.name for each in ask(oss, uc.CatalogsApi, "list_catalogs").catalogs}
    assert [each.full_name for each in ask(oss, uc.SchemasApi, "list_schemas", ours).schemas] == [f"{ours}.t"]
    assert ask(oss, uc.CatalogsApi, "update_catalog", ours, uc.UpdateCatalog(comment="f")).comment == "f"
    assert w.catalogs.get(ours).comment == "f"

    with pytest.raises(RefusedError, match="not empty"):
        ask(oss, uc.CatalogsApi, "delete_catalog", ours)
    ask(oss, uc.SchemasApi, "delete_schema", f"{ours}.t")
    ask(oss, uc.CatalogsApi, "delete_catalog", ours)
    with pytest.raises(NotFound):
        w.catalogs.get(ours)
    w.catalogs.delete(theirs, force=True)
    assert absent(oss, uc.CatalogsApi, "get_catalog", theirs)
    assert absent(oss, uc.SchemasApi, "get_schema", f"{theirs}.s")


def test_volumes(w, oss, place):
    where, schema = place
    asked = uc.CreateVolumeRequestContent(
        catalog_name=where, schema_name=schema, name="theirs", volume_type=uc.VolumeType.EXTERNAL, comment="a",
        storage_location="s3://b/v",
    )  # fmt: skip
    made = ask(oss, uc.VolumesApi, "create_volume", asked)
    found = w.volumes.read(made.full_name)
    assert (found.volume_id, found.storage_location, found.comment) == (made.volume_id, "s3://b/v", "a")
    w.volumes.create(where, schema, "ours", catalog.VolumeType.MANAGED)
    listed = ask(oss, uc.VolumesApi, "list_volumes", where, schema).volumes
    assert sorted(each.name for each in listed) == ["ours", "theirs"]
    asked = uc.UpdateVolumeRequestContent(new_name="papers", comment="b")
    assert ask(oss, uc.VolumesApi, "update_volume", f"{where}.{schema}.ours", asked).comment == "b"
    assert w.volumes.read(f"{where}.{schema}.papers").comment == "b"
    ask(oss, uc.VolumesApi, "delete_volume", f"{where}.{schema}.papers")
    with pytest.raises(NotFound):
        w.volumes.read(f"{where}.{schema}.papers")
    w.volumes.delete(made.full_name)
    assert absent(oss, uc.VolumesApi, "get_volume", made.full_name)


def test_tables(w, oss, place):
    where, schema = place
    column = uc.ColumnInfo(
        name="id", type_text="bigint", type_name=uc.ColumnTypeName.LONG, type_json='"long"', position=0
    )
    asked = uc.CreateTable(
        name="theirs", catalog_name=where, schema_name=schema, table_type=uc.TableType.EXTERNAL,
        data_source_format=uc.DataSourceFormat.DELTA, columns=[column], storage_location="s3://b/t", comment="a",
        properties={"k": "v"},
    )  # fmt: skip
    made = ask(oss, uc.TablesApi, "create_table", asked)
    found = w.tables.get(f"{where}.{schema}.theirs")
    assert (found.table_id, found.storage_location, found.properties) == (made.table_id, "s3://b/t", {"k": "v"})
    assert [(each.name, each.type_name.value, each.type_json) for each in found.columns] == [("id", "LONG", '"long"')]
    w.tables.create(
        "ours", where, schema, catalog.TableType.EXTERNAL, catalog.DataSourceFormat.PARQUET, "s3://b/u",
        columns=[catalog.ColumnInfo(name="x", type_text="int", type_name=catalog.ColumnTypeName.INT, position=0)],
    )  # fmt: skip
    seen = ask(oss, uc.TablesApi, "get_table", f"{where}.{schema}.ours")
    assert (seen.data_source_format, seen.columns[0].type_name) == (uc.DataSourceFormat.PARQUET, uc.ColumnTypeName.INT)
    listed = ask(oss, uc.TablesApi, "list_tables", where, schema).tables
    assert sorted(each.name for each in listed) == ["ours", "theirs"]
    ask(oss, uc.TablesApi, "delete_table", f"{where}.{schema}.ours")
    assert not w.tables.exists(f"{where}.{schema}.ours").table_exists
    w.tables.delete(f"{where}.{schema}.theirs")
    assert absent(oss, uc.TablesApi, "get_table", f"{where}.{schema}.theirs")


def test_functions(w, oss, place):
    where, schema = place
    parameter = uc.FunctionParameterInfo(
        name="a", type_text="int", type_name=uc.ColumnTypeName.INT, type_json='"integer"', position=0
    )
    told = uc.CreateFunction(
        name="plus", catalog_name=where, schema_name=schema, comment="adds", data_type=uc.ColumnTypeName.INT,
        full_data_type="int", input_params=uc.FunctionParameterInfos(parameters=[parameter]), routine_body="EXTERNAL",
        routine_definition="return a + 1", parameter_style="S", is_deterministic=True, sql_data_access="NO_SQL",
        is_null_call=False, security_type="DEFINER", specific_name="plus", external_language="PYTHON",
    )  # fmt: skip
    made = ask(oss, uc.FunctionsApi, "create_function", uc.CreateFunctionRequest(function_info=told))
    found = w.functions.get(f"{where}.{schema}.plus")
    assert (found.function_id, found.routine_definition) == (made.function_id, "return a + 1")
    assert [(each.name, each.type_name.value) for each in found.input_params.parameters] == [("a", "INT")]
    listed = ask(oss, uc.FunctionsApi, "list_functions", where, schema).functions
    assert [each.name for each in listed] == ["plus"]
    ask(oss, uc.FunctionsApi, "delete_function", f"{where}.{schema}.plus")
    with pytest.raises(NotFound):
        w.functions.get(f"{where}.{schema}.plus")


def test_grants(w, oss, place, server):
    where, _ = place
    who = f"reader-{where}"
    server.make_token(who, "--role", "use")
    change = uc.PermissionsChange(principal=who, add=["USE CATALOG"], remove=[])
    given = ask(
        oss, uc.GrantsApi, "update", uc.SecurableType.CATALOG, where, uc.UpdatePermissions(changes=[change])
    ).privilege_assignments
    assert who in {each.principal for each in given}
    seen = w.grants.get("catalog", where).privilege_assignments
    assert {each.principal: [one.value for one in each.privileges] for each in seen}[who] == ["USE_CATALOG"]
    assert ask(oss, uc.MetastoresApi, "summary").metastore_id == w.metastores.summary().metastore_id


def test_names_change(w, oss, place):
    """What stands in a catalog or schema goes along, and so do grants and tags."""
    where, _ = place
    w.registered_models.create(catalog_name=where, schema_name="s", name="m", comment="kept")
    w.volumes.create(where, "s", "v", catalog.VolumeType.MANAGED)
    w.files.upload(f"/Volumes/{where}/s/v/a.txt", io.BytesIO(b"content"))
    w.entity_tag_assignments.create(catalog.EntityTagAssignment(f"{where}.s", "k", "schemas", tag_value="v"))
    change = catalog.PermissionsChange(principal="users", add=[catalog.Privilege.BROWSE])
    w.grants.update("catalog", where, changes=[change])
    w.grants.update("schema", f"{where}.s", changes=[change])
    asked = uc.UpdateSchema(new_name="T")
    assert ask(oss, uc.SchemasApi, "update_schema", f"{where}.s", asked).full_name == f"{where}.t"
    new = f"{where}x"
    assert w.catalogs.update(where, new_name=new).name == new
    assert absent(oss, uc.CatalogsApi, "get_catalog", where)
    assert absent(oss, uc.SchemasApi, "get_schema", f"{new}.s")
    assert [each.full_name for each in ask(oss, uc.SchemasApi, "list_schemas", new).schemas] == [f"{new}.t"]
    assert w.registered_models.get(f"{new}.t.m").comment == "kept"
    assert w.files.download(f"/Volumes/{new}/t/v/a.txt").contents.read() == b"content"
    assert w.entity_tag_assignments.get("schemas", f"{new}.t", "k").tag_value == "v"
    for kind, name in (("catalog", new), ("schema", f"{new}.t")):
        given = w.grants.get(kind, name).privilege_assignments
        assert [each.principal for each in given] == ["users"]
    w.catalogs.create(where)
    with pytest.raises(AlreadyExists):
        w.catalogs.update(where, new_name=new)
    w.schemas.create("u", new)
    with pytest.raises(AlreadyExists):
        w.schemas.update(f"{new}.u", new_name="t")
    with pytest.raises(BadRequest, match="keeps its name"):
        w.catalogs.update("main", new_name="other")
    with pytest.raises(BadRequest, match="keeps its name"):
        w.schemas.update("main.default", new_name="other")
    w.catalogs.delete(new, force=True)


def test_a_managed_table_is_written_before_it_is_registered(w, oss, place, lake: Newest, server):
    """By the open-source API; `deltalake` writes and reads it, DuckDB reads it."""
    where, schema = place
    asked = uc.CreateStagingTable(name="sales", catalog_name=where, schema_name=schema)
    staging = ask(oss, uc.TablesApi, "create_staging_table", asked)
    given = ask(
        oss, uc.TemporaryCredentialsApi, "generate_temporary_table_credentials",
        uc.GenerateTemporaryTableCredential(table_id=staging.id, operation=uc.TableOperation.READ_WRITE),
    )  # fmt: skip
    assert given.url == staging.staging_location
    assert lake.do("write_delta", staging.staging_location, [1, 2, 3]) == 0
    with pytest.raises(NotFound):
        w.tables.get(f"{where}.{schema}.sales")
    column = uc.ColumnInfo(
        name="n", type_text="bigint", type_name=uc.ColumnTypeName.LONG, type_json='"long"', position=0
    )
    table = uc.CreateTable(
        name="sales", catalog_name=where, schema_name=schema, table_type=uc.TableType.MANAGED, columns=[column],
        data_source_format=uc.DataSourceFormat.DELTA, storage_location=staging.staging_location,
    )  # fmt: skip
    with pytest.raises(RefusedError, match="staging"):
        ask(oss, uc.TablesApi, "create_table", table.model_copy(update={"name": "other"}))
    made = ask(oss, uc.TablesApi, "create_table", table)
    assert (made.table_id, made.storage_location) == (staging.id, staging.staging_location)
    with pytest.raises(RefusedError):
        ask(oss, uc.TablesApi, "create_table", table.model_copy(update={"name": "other"}))
    found = w.tables.get(made.catalog_name + f".{schema}.sales")
    assert (found.table_id, found.table_type) == (staging.id, catalog.TableType.MANAGED)
    assert lake.do("write_delta", found.storage_location, [4]) == 1
    assert lake.do("read_delta", found.storage_location) == [10, 10]
    given = w.temporary_table_credentials.generate_temporary_table_credentials(
        table_id=found.table_id, operation=catalog.TableOperation.READ
    )
    assert given.url == found.storage_location
    who = f"reader-{where}"
    token = server.make_token(who, "--role", "use")
    asked = uc.GenerateTemporaryTableCredential(table_id=staging.id, operation=uc.TableOperation.READ)

    async def ask_as_member(client: uc.ApiClient) -> str:
        answer = await uc.TemporaryCredentialsApi(client).generate_temporary_table_credentials(asked)
        return answer.url

    with pytest.raises(RefusedError) as refused:
        oss.call(ask_as_member, token=token)
    assert refused.value.code == "PERMISSION_DENIED"
    privileges = [catalog.Privilege.USE_CATALOG, catalog.Privilege.USE_SCHEMA, catalog.Privilege.SELECT]
    w.grants.update("catalog", where, changes=[catalog.PermissionsChange(principal=who, add=privileges)])
    assert oss.call(ask_as_member, token=token) == given.url
    w.tables.delete(found.full_name)
    assert lake.do("is_there", given.url) is False


def test_where_the_files_of_a_volume_are(w, oss, place):
    where, schema = place
    made = w.volumes.create(where, schema, "v", catalog.VolumeType.MANAGED)
    w.files.upload(f"/Volumes/{where}/{schema}/v/a.txt", io.BytesIO(b"content"))
    asked = uc.GenerateTemporaryVolumeCredential(volume_id=made.volume_id, operation=uc.VolumeOperation.READ_VOLUME)
    given = ask(oss, uc.TemporaryCredentialsApi, "generate_temporary_volume_credentials", asked)
    assert (directory_of(given.url) / "a.txt").read_bytes() == b"content"
    assert given.expiration_time > made.created_at
