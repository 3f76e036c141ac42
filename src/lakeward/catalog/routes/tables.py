"""Tables, registered by name. The files of a managed Delta table are written and read by its clients, where it lies."""

import asyncio
import functools
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from lakeward.access import MANAGE as MANAGING
from lakeward.access import Listed
from lakeward.catalog import assets, keeping
from lakeward.catalog.kinds import BROWSE, BY_TABLE, BY_TABLE_ID, TABLES, of_table, of_table_id
from lakeward.catalog.records import TABLE, Asset
from lakeward.catalog.routes.browsing import browsed, unread
from lakeward.catalog.routes.volumes import in_schema
from lakeward.catalog.store import assets as store
from lakeward.catalog.store import places
from lakeward.catalog.wire import assets as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import EDIT, READ, Call, Role, Routes

_PREFIX: Final = "/api/2.1/unity-catalog"
_CREDENTIALS_SECONDS: Final = 3600
_MANAGED_FORMAT: Final = "DELTA"
_FORMATS: Final = (_MANAGED_FORMAT, "PARQUET", "CSV", "JSON", "AVRO", "ORC", "TEXT")

routes = Routes("unity catalog", (f"{_PREFIX}/tables",))
older = Routes("unity catalog", ("/api/2.0/unity-catalog/tables",))
# compat(databricks-sdk 0.156): under 2.0; open-source clients ask under 2.1
credentials = Routes("unity catalog", (_PREFIX, "/api/2.0/unity-catalog"))

_TABLE = of_table("full_name")
_ITS_EXPERIMENT = keeping.of_kept_table("full_name")
_MANAGED = EDIT.on(_TABLE.needs(MANAGING))


def _reading(request: Any) -> str:
    return BROWSE if request.include_browse else "SELECT"


_READ = READ.on(_TABLE.needs(_reading), _ITS_EXPERIMENT)


def _writes(request: Any) -> bool:
    return bool(request.operation.upper().endswith("READ_WRITE"))


def _using(request: Any) -> str:
    return "MODIFY" if _writes(request) else "SELECT"


async def _location(call: Call, table: Asset, *, make: bool = False) -> str:
    """Where its files are, as far as this caller can get there: a directory only on this machine."""
    if table.storage_location:
        return table.storage_location
    path = call.objects.path(table.prefix)
    if path is None:
        return f"{str(call.settings.objects_location).rstrip('/')}/{table.prefix}"
    if not call.local:
        return ""
    return await asyncio.to_thread(_directory, path, make)


def _directory(path: str, make: bool) -> str:
    """Its file URI, once it is there if that is meant."""
    if make:
        Path(path).mkdir(0o700, parents=True, exist_ok=True)
    return Path(path).absolute().as_uri()


def _check(req: wire.CreateTable) -> None:
    known = _FORMATS if req.table_type == "EXTERNAL" else (_MANAGED_FORMAT,)
    if req.data_source_format not in known:
        raise InvalidParameter(
            f"Invalid data_source_format {req.data_source_format[:50]!r} of a table that is {req.table_type}:"
            f" {', '.join(known)}."
        )
    names = [each.name for each in req.columns]
    if len(set(names)) < len(names) or not all(each and each.isprintable() for each in names):
        raise InvalidParameter("Each of the columns needs a name of its own, of printable characters.")


@routes.post("", allow=EDIT.on(in_schema("CREATE_TABLE")))
async def create_table(call: Call, req: wire.CreateTable) -> wire.TableInfo:
    location = assets.checked_location(TABLE, req.table_type, req.storage_location)
    _check(req)
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
    )
    return wire.TableInfo.of(made, await places.metastore(call.tx), await _location(call, made, make=True))


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
            await _location(call, each),
            browse_only=each.full_name in hidden,
            columns=not req.omit_columns,
            properties=not req.omit_properties,
        )
        for each in found
        if each.full_name not in closed
    ]
    return wire.ListTablesResponse(shown, token)


@older.get("/{full_name}", allow=_READ)  # compat(mlflow 3.17): `mlflow.data` asks for ids
@routes.get("/{full_name}", allow=_READ)
async def get_table(call: Call, req: wire.GetTable) -> wire.TableInfo:
    found = await assets.get(call.tx, call.workspace, TABLE, req.full_name)
    hidden = await browsed(call, BY_TABLE, "SELECT", [found])
    location = await _location(call, found)
    return wire.TableInfo.of(found, await places.metastore(call.tx), location, browse_only=bool(hidden))


@routes.get("/{full_name}/exists", allow=READ.on(_TABLE.needs(BROWSE).if_there()))
async def table_exists(call: Call, req: wire.ByFullName) -> wire.TableExistsResponse:
    parts = req.full_name.lower().split(".")
    found = await store.find(call.tx, call.workspace, TABLE, *parts) if len(parts) == 3 else None
    return wire.TableExistsResponse(table_exists=found is not None)


@routes.patch("/{full_name}", allow=_MANAGED)
async def update_table(call: Call, req: wire.UpdateTable) -> wire.TableInfo:
    changed = await assets.update(call.tx, call.workspace, TABLE, req.full_name, comment=req.comment, owner=req.owner)
    return wire.TableInfo.of(changed, await places.metastore(call.tx), await _location(call, changed))


@routes.delete("/{full_name}", allow=_MANAGED)
async def delete_table(call: Call, req: wire.ByFullName) -> None:
    """Of a managed one also the files; those of an external one stay."""
    await keeping.check_free(call.tx, await assets.get(call.tx, call.workspace, TABLE, req.full_name))
    await assets.delete(call.tx, call.workspace, TABLE, req.full_name)
    call.afterwards(functools.partial(assets.sweep, call.db, call.objects))


@credentials.post(
    "/temporary-table-credentials",
    allow=READ.on(of_table_id("table_id").needs(_using), keeping.of_kept_table_id("table_id")),
    tx="read",
)
async def temporary_table_credentials(call: Call, req: wire.TableCredentials) -> wire.TableCredentialsResponse:
    """Where the files are. The server hands out no keys of a cloud: what is there is read with the client's own."""
    if _writes(req) and not call.confined and call.actor.role_in(call.workspace) == Role.READ:
        await call.access.require(call.actor, call.workspace, BY_TABLE_ID, [req.table_id], "MODIFY")
    found = await store.find_by_id(call.tx, call.workspace, TABLE, req.table_id)
    if found is None:
        raise BY_TABLE_ID.unknown(req.table_id)
    if _writes(req):
        await keeping.check_free(call.tx, found)
    location = await _location(call, found)
    if not location:
        raise InvalidParameter(
            f"The files of {found.full_name} are on the server's own disk, which only clients on that machine reach."
        )
    return wire.TableCredentialsResponse(location, int((time.time() + _CREDENTIALS_SECONDS) * 1000))
