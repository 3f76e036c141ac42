"""Where the files of tables and volumes are, and until when the answer counts.

Where the operator lends them (`lend_role`), with keys of the cloud for just that place; else the client has its own.
"""

import time
from typing import Any, Final

from lakeward.access import Way
from lakeward.catalog import keeping, staging
from lakeward.catalog.kinds import BY_TABLE_ID, BY_VOLUME_ID, of_table_id, of_volume_id
from lakeward.catalog.records import TABLE, VOLUME, Asset
from lakeward.catalog.routes import locations
from lakeward.catalog.store import assets as store
from lakeward.catalog.wire import assets as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import READ, Call, Role, Routes

# compat(databricks-sdk 0.156): under 2.0; open-source clients ask under 2.1
routes = Routes("unity catalog", ("/api/2.1/unity-catalog", "/api/2.0/unity-catalog"))

_SECONDS: Final = 3600


def _writes(request: Any) -> bool:
    """READ and READ_WRITE of a table, READ_VOLUME and WRITE_VOLUME of a volume."""
    return "WRITE" in request.operation.upper()


def _using_table(request: Any) -> str:
    return "MODIFY" if _writes(request) else "SELECT"


def _using_volume(request: Any) -> str:
    return "WRITE_VOLUME" if _writes(request) else "READ_VOLUME"


async def _may_write(call: Call, way: Way, name: str, right: str) -> None:
    """The role READ is enough for the rules, and not to write."""
    if not call.confined and call.actor.role_in(call.workspace) == Role.READ:
        await call.access.require(call.actor, call.workspace, way, [name], right)


async def _answer(call: Call, location: str, what: str, prefix: str, *, write: bool) -> wire.Credentials:
    """With keys for the prefix, where the operator lends them. `prefix` '': the files are not the server's."""
    if not location:
        raise InvalidParameter(
            f"The files of {what} are on the server's own disk, which only clients on that machine reach."
        )
    loan = await call.objects.lend(prefix, write=write) if prefix else None
    if loan is None:
        return wire.Credentials(location, int((time.time() + _SECONDS) * 1000))
    keys = wire.AwsCredentials(loan.access_key_id, loan.secret_access_key, loan.session_token)
    return wire.Credentials(location, loan.expires_at, keys)


@routes.post(
    "/temporary-table-credentials",
    allow=READ.on(of_table_id("table_id").needs(_using_table).if_there(), keeping.of_kept_table_id("table_id")),
    tx=None,
)
async def temporary_table_credentials(call: Call, req: wire.TableCredentials) -> wire.Credentials:
    """Of a table, or of one that the caller is about to register."""
    write = _writes(req)
    async with call.db.connection() as call.tx:  # and none while the cloud is asked
        found = await store.find_by_id(call.tx, call.workspace, TABLE, req.table_id)
        staged = await staging.find(call.tx, req.table_id, call.actor) if found is None else None
        if found is not None and write:
            await _may_write(call, BY_TABLE_ID, req.table_id, "MODIFY")
            await keeping.check_free(call.tx, found)
    if found is not None:
        return await _of_asset(call, found, write=write)
    if staged is None:
        raise BY_TABLE_ID.unknown(req.table_id)
    location = await locations.of_prefix(call, staged.prefix, make=True)
    return await _answer(call, location, staged.full_name, staged.prefix, write=True)


@routes.post("/temporary-volume-credentials", allow=READ.on(of_volume_id("volume_id").needs(_using_volume)), tx=None)
async def temporary_volume_credentials(call: Call, req: wire.VolumeCredentials) -> wire.Credentials:
    write = _writes(req)
    if write:
        await _may_write(call, BY_VOLUME_ID, req.volume_id, "WRITE_VOLUME")
    async with call.db.connection() as call.tx:
        found = await store.find_by_id(call.tx, call.workspace, VOLUME, req.volume_id)
    if found is None:
        raise BY_VOLUME_ID.unknown(req.volume_id)
    return await _of_asset(call, found, write=write)


async def _of_asset(call: Call, found: Asset, *, write: bool) -> wire.Credentials:
    location = await locations.of_asset(call, found, make=found.kind == VOLUME)
    prefix = "" if found.storage_location else found.prefix
    return await _answer(call, location, found.full_name, prefix, write=write)
