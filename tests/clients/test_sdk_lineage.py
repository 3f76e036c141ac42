"""External metadata and declared lineage with the unmodified `databricks-sdk`, and the same by our own API."""

import base64
import json
import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, BadRequest, NotFound, PermissionDenied
from databricks.sdk.service import catalog
from databricks.sdk.service.catalog import (
    ColumnRelationship,
    CreateRequestExternalLineage,
    DeleteRequestExternalLineage,
    ExternalLineageExternalMetadata,
    ExternalLineageModelVersion,
    ExternalLineageObject,
    ExternalLineagePath,
    ExternalLineageTable,
    ExternalMetadata,
    LineageDirection,
    SystemType,
    UpdateRequestExternalLineage,
)

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]
UP, DOWN = LineageDirection.UPSTREAM, LineageDirection.DOWNSTREAM
LINEAGE = "/api/2.0/lakeward/lineage"
UC = "/api/2.0/mlflow/unity-catalog"


@pytest.fixture
def owner(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


class World:
    """A catalog with a table and a model of one version, and a table of another system."""

    def __init__(self, owner: WorkspaceClient) -> None:
        self.catalog = f"c{uuid.uuid4().hex[:8]}"
        self.external, self.table, self.model = f"{self.catalog} orders", f"{self.catalog}.s.t", f"{self.catalog}.s.m"
        owner.catalogs.create(self.catalog)
        owner.schemas.create("s", self.catalog)
        owner.tables.create(
            "t", self.catalog, "s", catalog.TableType.EXTERNAL, catalog.DataSourceFormat.DELTA, "s3://b/t"
        )
        owner.registered_models.create(catalog_name=self.catalog, schema_name="s", name="m")
        owner.api_client.do("POST", f"{UC}/model-versions/create", body={"name": self.model, "source": "s3://b/m"})
        owner.external_metadata.create_external_metadata(ExternalMetadata(
            self.external, SystemType.SNOWFLAKE, "table", columns=["id", "price"], url="https://x",
            properties={"a": "b"},
        ))  # fmt: skip


@pytest.fixture
def world(owner) -> World:
    return World(owner)


def elsewhere(name: str) -> ExternalLineageObject:
    return ExternalLineageObject(external_metadata=ExternalLineageExternalMetadata(name))


def table(name: str) -> ExternalLineageObject:
    return ExternalLineageObject(table=ExternalLineageTable(name))


def model(name: str) -> ExternalLineageObject:
    return ExternalLineageObject(model_version=ExternalLineageModelVersion(name, "1"))


def path(url: str) -> ExternalLineageObject:
    return ExternalLineageObject(path=ExternalLineagePath(url))


def ours(client: WorkspaceClient, kind: str, **which) -> list[tuple[str, str, str, str]]:
    found = client.api_client.do("GET", LINEAGE, query={"kind": kind, **which})["links"]
    return [(each["direction"], each["relation"], each["object"]["kind"], each["object"]["name"]) for each in found]


def test_external_metadata(owner, world):
    found = owner.external_metadata.get_external_metadata(world.external)
    assert (found.system_type, found.entity_type, found.url) == (SystemType.SNOWFLAKE, "table", "https://x")
    assert (found.columns, found.properties) == (["id", "price"], {"a": "b"})
    assert found.owner == owner.current_user.me().user_name
    with pytest.raises(AlreadyExists):
        owner.external_metadata.create_external_metadata(ExternalMetadata(world.external, SystemType.SAP, "t"))
    with pytest.raises(BadRequest):
        owner.external_metadata.create_external_metadata(ExternalMetadata("a/b", SystemType.SAP, "t"))
    other = ExternalMetadata(f"{world.catalog} other", SystemType.SAP, "view")
    owner.external_metadata.create_external_metadata(other)
    listed = [each.name for each in owner.external_metadata.list_external_metadata(page_size=1)]
    assert {world.external, other.name} <= set(listed)
    changed = ExternalMetadata(world.external, SystemType.KAFKA, "topic", description="d")
    done = owner.external_metadata.update_external_metadata(world.external, changed, "system_type,description")
    assert (done.system_type, done.entity_type, done.description) == (SystemType.KAFKA, "table", "d")
    with pytest.raises(BadRequest, match="update_mask"):
        owner.external_metadata.update_external_metadata(world.external, changed, "name")
    owner.external_metadata.delete_external_metadata(world.external)
    with pytest.raises(NotFound):
        owner.external_metadata.get_external_metadata(world.external)


def test_relationships_are_seen_from_both_ends(owner, world):
    api = owner.external_lineage
    source, columns = elsewhere(world.external), [ColumnRelationship("id", "order_id")]
    made = api.create_external_lineage_relationship(
        CreateRequestExternalLineage(source, table(world.table.upper()), columns=columns, properties={"k": "v"})
    )
    assert (made.source, made.target, made.columns) == (source, table(world.table), columns)
    for end in (model(world.model), path("s3://b/report.csv")):
        api.create_external_lineage_relationship(CreateRequestExternalLineage(source, end))
    with pytest.raises(AlreadyExists):
        api.create_external_lineage_relationship(CreateRequestExternalLineage(source, table(world.table)))
    with pytest.raises(BadRequest, match="external metadata"):
        api.create_external_lineage_relationship(CreateRequestExternalLineage(path("s3://x"), table(world.table)))
    with pytest.raises(NotFound):
        api.create_external_lineage_relationship(CreateRequestExternalLineage(source, table(f"{world.table}x")))

    def listed(end: ExternalLineageObject, direction: LineageDirection) -> list:
        return list(api.list_external_lineage_relationships(end, direction, page_size=1))

    first, second, third = listed(source, DOWN)
    assert (first.table_info.catalog_name, first.table_info.name) == (world.catalog, "t")
    assert (second.model_info.model_name, second.model_info.version) == (world.model, 1)
    assert third.file_info.path == "s3://b/report.csv"
    assert first.external_lineage_info == made or first.external_lineage_info.id == made.id
    for end in (table(world.table), model(world.model), path("s3://b/report.csv")):
        [back] = listed(end, UP)
        assert back.external_metadata_info.name == world.external
        assert back.external_metadata_info.system_type == SystemType.SNOWFLAKE
        assert listed(end, DOWN) == []
    assert ours(owner, "TABLE", name=world.table) == [("UPSTREAM", "EXTERNAL", "EXTERNAL_METADATA", world.external)]
    version = ours(owner, "MODEL_VERSION", name=world.model, version="1")
    assert version == [("UPSTREAM", "EXTERNAL", "EXTERNAL_METADATA", world.external)]
    assert ours(owner, "EXTERNAL_METADATA", name=world.external) == [
        ("DOWNSTREAM", "EXTERNAL", "TABLE", world.table), ("DOWNSTREAM", "EXTERNAL", "MODEL_VERSION", world.model),
        ("DOWNSTREAM", "EXTERNAL", "PATH", "s3://b/report.csv"),
    ]  # fmt: skip

    changed = UpdateRequestExternalLineage(source, table(world.table), columns=[], properties={"k": "w"})
    done = api.update_external_lineage_relationship(changed, "properties")
    assert (done.columns, done.properties) == (columns, {"k": "w"})
    api.delete_external_lineage_relationship(DeleteRequestExternalLineage(source, model(world.model)))
    with pytest.raises(NotFound):
        api.delete_external_lineage_relationship(DeleteRequestExternalLineage(source, model(world.model)))
    owner.tables.delete(world.table)
    assert [each.file_info.path for each in listed(source, DOWN)] == ["s3://b/report.csv"]
    owner.external_metadata.delete_external_metadata(world.external)
    assert listed(path("s3://b/report.csv"), UP) == []


def test_who_may_declare_and_see(owner, world, side):
    who = f"member-{world.catalog}"
    member = WorkspaceClient(host=side.server.url, token=side.server.make_token(who, "--role", "use"))
    source = elsewhere(world.external)
    wanted = CreateRequestExternalLineage(source, table(world.table))
    with pytest.raises(PermissionDenied):
        member.external_metadata.create_external_metadata(ExternalMetadata(f"{who} x", SystemType.SAP, "t"))
    with pytest.raises(PermissionDenied):
        member.external_metadata.get_external_metadata(world.external)

    def give(kind: str, name: str, *add: str) -> None:
        changes = {"changes": [{"principal": who, "add": list(add)}]}
        owner.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{name}", body=changes)

    give("external_metadata", world.external, "MODIFY")
    assert member.external_metadata.get_external_metadata(world.external).name == world.external
    with pytest.raises(PermissionDenied, match="on the table"):
        member.external_lineage.create_external_lineage_relationship(wanted)
    owner.external_lineage.create_external_lineage_relationship(wanted)
    owner.external_lineage.create_external_lineage_relationship(
        CreateRequestExternalLineage(source, path("s3://b/seen"))
    )
    seen = member.external_lineage.list_external_lineage_relationships(source, DOWN)
    assert [each.file_info.path for each in seen] == ["s3://b/seen"]  # the table is none of his business
    assert ours(member, "EXTERNAL_METADATA", name=world.external) == [("DOWNSTREAM", "EXTERNAL", "PATH", "s3://b/seen")]
    with pytest.raises(PermissionDenied):
        list(member.external_lineage.list_external_lineage_relationships(table(world.table), UP))
    give("catalog", world.catalog, "USE_CATALOG", "USE_SCHEMA", "SELECT")
    member.external_lineage.delete_external_lineage_relationship(
        DeleteRequestExternalLineage(source, table(world.table))
    )
    member.external_lineage.create_external_lineage_relationship(wanted)
    with pytest.raises(PermissionDenied):
        member.external_metadata.delete_external_metadata(world.external)


def test_tables_and_functions_that_a_version_was_made_from(owner, world):
    said = {"entities": [{"notebook": {"id": "1"}}], "lineages": [
        {"source_securables": [{"table": {"name": world.table.upper(), "table_id": "x"}}]}
    ]}  # fmt: skip
    header = {"X-Databricks-Lineage-Identifier": base64.b64encode(json.dumps(said).encode()).decode()}
    needed = [
        {"type": "DATABRICKS_TABLE", "name": "gone.s.t"}, {"type": "DATABRICKS_UC_FUNCTION", "name": "a.b.f"},
        {"type": "DATABRICKS_MODEL_ENDPOINT", "name": "e"},
    ]  # fmt: skip
    body = {"name": world.model, "source": "s3://b/m", "model_version_dependencies": needed}
    owner.api_client.do("POST", f"{UC}/model-versions/create", body=body, headers=header)
    native = {
        "catalog_name": world.catalog, "schema_name": "s", "model_name": "m", "source": "s3://b/m",
        "model_version_dependencies": {"dependencies": [
            {"table": {"table_full_name": world.table}}, {"function": {"function_full_name": "a.b.g"}},
        ]},
    }  # fmt: skip
    owner.api_client.do("POST", "/api/2.1/unity-catalog/models/versions", body=native)
    assert ours(owner, "MODEL_VERSION", name=world.model, version="2") == [
        ("UPSTREAM", "READ", "TABLE", world.table), ("UPSTREAM", "READ", "TABLE", "gone.s.t"),
        ("UPSTREAM", "USED", "FUNCTION", "a.b.f"),
    ]  # fmt: skip
    read = [("DOWNSTREAM", "READ", "MODEL_VERSION", world.model)]
    assert ours(owner, "TABLE", name=world.table) == read * 2
    owner.model_versions.delete(world.model, 2)
    assert ours(owner, "TABLE", name=world.table) == read
    with pytest.raises(BadRequest, match="base64"):
        owner.api_client.do(
            "POST", f"{UC}/model-versions/create", body=body, headers={**header, **dict.fromkeys(header, "{")}
        )
