"""Tables, registered by name. The files of a managed Delta table are written and read by its clients, where it lies."""

import functools
from typing import Any, Final

import msgspec

from lakeward.access import MANAGE as MANAGING
from lakeward.access import Listed
from lakeward.catalog import assets, keeping, names, staging
from lakeward.catalog.kinds import BROWSE, BY_TABLE, TABLES, of_table
from lakeward.catalog.records import MANAGED, TABLE
from lakeward.catalog.routes import locations
from lakeward.catalog.routes.browsing import browsed, unread
from lakeward.catalog.routes.volumes import in_schema
from lakeward.catalog.store import assets as store
from lakeward.catalog.store import places
from lakeward.catalog.store import staging as staging_store
from lakeward.catalog.wire import assets as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import EDIT, READ, Call, Routes

_PREFIX: Final = "/api/2.1/unity-catalog"
_MANAGED_FORMAT: Final = "DELTA"
_FORMATS: Final = (_MANAGED_FORMAT, "PARQUET", "CSV", "JSON", "AVRO", "ORC", "TEXT")

routes = Routes("unity catalog", (f"{_PREFIX}/tables",))
summaries = Routes("unity catalog", (f"{_PREFIX}/table-summaries",))
stagings = Routes("unity catalog", (f"{_PREFIX}/staging-tables",))
older = Routes("unity catalog", ("/api/2.0/unity-catalog/tables",))

_TABLE = of_table("full_name")
_ITS_EXPERIMENT = keeping.of_kept_table("full_name")
_MANAGED = EDIT.on(_TABLE.needs(MANAGING))


def _reading(request: Any) -> str:
    return BROWSE if request.include_browse else "SELECT"


_READ = READ.on(_TABLE.needs(_reading), _ITS_EXPERIMENT)


def _check(req: wire.CreateTable) -> None:
    known = _FORMATS if req.table_type == "EXTERNAL" else (_MANAGED_FORMAT,)
    if req.data_source_format not in known:
        raise InvalidParameter(
            f"Invalid data_source_format {req.data_source_format[:50]!r} of a table that is {req.table_type}:"
            f" {', '.join(known)}."
        )
    names.check_entries("column", wire.places(req.columns))


@routes.post("", allow=EDIT.on(in_schema("CREATE_TABLE")))
async def create_table(call: Call, req: wire.CreateTable) -> wire.TableInfo:
    _check(req)
    location, staged = "", None
    if req.table_type == MANAGED and req.storage_location:
        staged = await staging.take(
            call.tx,
            call.workspace,
            call.actor,
            req.catalog_name,
            req.schema_name,
            req.name,
            req.storage_location,
        )
    else:
        location = assets.checked_location(TABLE, req.table_type, req.storage_location)
    detail = wire.TableDetail(req.table_type, req.data_source_format, req.columns)
    made = await assets.create(
        call.tx,
        call.workspace,
        call.actor,
        TABLE,
        req.catalog_name,
        req.schema_name,
        req.name,
        comment=req.comment,
        detail=msgspec.to_builtins(detail),
        given=req.properties,
        storage_location=location,
        staged=staged,
    )
    if staged is not None:
        await staging_store.forget(call.tx, staged)
    return wire.TableInfo.of(made, await places.metastore(call.tx), await locations.of_asset(call, made, make=True))


@stagings.post("", allow=EDIT.on(in_schema("CREATE_TABLE")))
async def create_staging_table(call: Call, req: wire.CreateStagingTable) -> wire.StagingTableInfo:
    """A place for the files of a managed table that the caller is going to register under this name."""
    made = await staging.create(call.tx, call.workspace, call.actor, req.catalog_name, req.schema_name, req.name)
    location = await locations.of_prefix(call, made.prefix, make=True)
    if not location:
        raise InvalidParameter("Managed tables are on the server's own disk, which only clients on that machine reach.")
    return wire.StagingTableInfo.of(made, location)


@routes.get("", allow=READ.on(Listed(TABLES, _reading, within=lambda request: request.catalog_name)))
async def list_tables(call: Call, req: wire.ListTables) -> wire.ListTablesResponse:
    found, token = await assets.page(
        call.tx, call.workspace, TABLE, req.catalog_name, req.schema_name, call.sight, req.max_results, req.page_token
    )
    hidden = await browsed(call, BY_TABLE, "SELECT", found)
    closed = await unread(call, found)
    metastore = await places.metastore(call.tx)
    shown = [
        wire.TableInfo.of(
            each,
            metastore,
            await locations.of_asset(call, each),
            browse_only=each.full_name in hidden,
            columns=not req.omit_columns,
            properties=not req.omit_properties,
        )
        for each in found
        if each.full_name not in closed
    ]
    return wire.ListTablesResponse(shown, token)


@summaries.get("", allow=READ.on(Listed(TABLES, "SELECT", within=lambda request: request.catalog_name)))
async def list_table_summaries(call: Call, req: wire.ListTableSummaries) -> wire.ListTableSummariesResponse:
    """Of all schemas of a catalog, their names alone."""
    patterns = req.schema_name_pattern.lower(), req.table_name_pattern.lower()
    found, token = await assets.in_catalog(
        call.tx, call.workspace, TABLE, req.catalog_name, patterns, call.sight, req.max_results, req.page_token
    )
    closed = await unread(call, found)
    shown = [
        wire.TableSummary(each.full_name, msgspec.json.decode(each.detail)["table_type"])
        for each in found
        if each.full_name not in closed
    ]
    return wire.ListTableSummariesResponse(shown, token)


@older.get("/{full_name}", allow=_READ)  # compat(mlflow 3.17): `mlflow.data` asks for ids
@routes.get("/{full_name}", allow=_READ)
async def get_table(call: Call, req: wire.GetTable) -> wire.TableInfo:
    found = await assets.get(call.tx, call.workspace, TABLE, req.full_name)
    hidden = await browsed(call, BY_TABLE, "SELECT", [found])
    location = await locations.of_asset(call, found)
    return wire.TableInfo.of(found, await places.metastore(call.tx), location, browse_only=bool(hidden))


@routes.get("/{full_name}/exists", allow=READ.on(_TABLE.needs(BROWSE).if_there()))
async def table_exists(call: Call, req: wire.ByFullName) -> wire.TableExistsResponse:
    parts = req.full_name.lower().split(".")
    found = await store.find(call.tx, call.workspace, TABLE, *parts) if len(parts) == 3 else None
    return wire.TableExistsResponse(table_exists=found is not None)


@routes.patch("/{full_name}", allow=_MANAGED)
async def update_table(call: Call, req: wire.UpdateTable) -> wire.TableInfo:
    changed = await assets.update(call.tx, call.workspace, TABLE, req.full_name, comment=req.comment, owner=req.owner)
    return wire.TableInfo.of(changed, await places.metastore(call.tx), await locations.of_asset(call, changed))


@routes.delete("/{full_name}", allow=_MANAGED)
async def delete_table(call: Call, req: wire.ByFullName) -> None:
    """Of a managed one also the files; those of an external one stay."""
    await keeping.check_free(call.tx, await assets.get(call.tx, call.workspace, TABLE, req.full_name))
    await assets.delete(call.tx, call.workspace, TABLE, req.full_name)
    call.afterwards(functools.partial(assets.sweep, call.db, call.objects))
