"""The rules of connections: how to reach systems elsewhere, with what is secret about it sealed.

An option is shown only if its key is known to hold no secret; every other one is sealed under a data key of the
connection and never read back, so a secret under a name that nobody thought of does not leak.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from lakeward import access
from lakeward.access import MANAGE, Kind, Level, Sight, Way
from lakeward.catalog import catalogs, names, properties
from lakeward.catalog.records import Connection
from lakeward.catalog.securable import transfer, unity
from lakeward.catalog.store import connections as store
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.runtime.acting import acting
from lakeward.runtime.crypto import Vault, context_of
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Actor

_PUBLIC: Final = frozenset(
    """
    account authentication_type authorization_endpoint base_path client_id cluster database host httpPath
    is_mcp_connection instance_url oauth_scope port project_id region scope sfWarehouse tenant_id token_endpoint
    trustServerCertificate user username warehouse
    """.split()
)
_LEVELS: Final = (Level("connection", "{o}.id::text"), *unity.IN_METASTORE)
CONNECTIONS: Final = Kind(
    "connection",
    _LEVELS,
    {
        unity.BROWSE: ((unity.held(_LEVELS, unity.BROWSE, "USE_CONNECTION"),),),
        "USE_CONNECTION": ((unity.held(_LEVELS, "USE_CONNECTION"),),),
        MANAGE: ((unity.managed(_LEVELS),),),
    },
)
BY_CONNECTION: Final = Way(
    CONNECTIONS,
    "connection",
    'SELECT o.id, o.workspace_id FROM connection o WHERE o.workspace_id = $2 AND o.name = n.name COLLATE "C"',
    lambda name: NotFound(f"Connection {name!r} does not exist."),
    names.fold,
)
of_connection: Final = access.named(BY_CONNECTION)
access.add_securable(
    unity.Securable("CONNECTION", ("connection",), BY_CONNECTION, (unity.ALL, MANAGE, "USE_CONNECTION"))
)

Words = Mapping[str, str]


def _split(options: Words, secrets: Words) -> tuple[dict[str, str], dict[str, str]]:
    """(what is shown, what is sealed)."""
    properties.as_json("options", {**options, **secrets})
    shown = {key: value for key, value in options.items() if key in _PUBLIC}
    return shown, {key: value for key, value in options.items() if key not in _PUBLIC} | dict(secrets)


def _json(words: Words) -> str:
    return msgspec.json.encode(words).decode()


async def create(
    tx: Tx, vault: Vault, workspace: int, creator: Actor, name: str, connection_type: str, *,
    comment: str, given: Words, options: Words, secrets: Words, read_only: bool,
) -> Connection:  # fmt: skip
    """A new one, which its creator owns. Needs a transaction."""
    kept = names.checked("connection", name)
    if not connection_type.isascii() or not connection_type.replace("_", "").isalnum() or len(connection_type) > 50:
        raise InvalidParameter(f"Invalid connection_type {connection_type[:60]!r}, such as POSTGRESQL or HTTP.")
    shown, hidden = _split(options, secrets)
    key = await vault.add_data_key(tx, "connection")
    place = context_of("connection", key.hex)
    new = store.NewConnection(
        name=kept,
        connection_type=connection_type,
        comment=properties.comment(comment) or "",
        properties=properties.as_json("properties", given) or "{}",
        options=_json(shown),
        sealed=await vault.seal(tx, key, _json(hidden).encode(), place),
        data_key_id=key,
        read_only=read_only,
        created_at=now_ms(),
        created_by=creator.name,
    )
    made = await store.add(tx, workspace, new)
    if made is None:
        raise AlreadyExists(f"Connection '{kept}' already exists.", code="ALREADY_EXISTS")
    await access.own(tx, CONNECTIONS, workspace, made, creator.id)
    return await get(tx, workspace, kept)


async def get(tx: Tx, workspace: int, name: str, *, lock: bool = False) -> Connection:
    found = await store.find(tx, workspace, names.fold(name), lock=lock)
    if found is None:
        raise BY_CONNECTION.unknown(name)
    return found


async def page(
    tx: Tx, workspace: int, sight: Sight | None, max_results: int | None, page_token: str | None
) -> tuple[list[Connection], str | None]:
    size = catalogs.size_of(max_results)
    context = pages.context_of("connections", workspace)
    [after] = pages.decode(page_token, context, [str]) if page_token else [""]
    found = await store.page(tx, workspace, sight, str(after), size + 1)
    return found[:size], pages.encode([found[size - 1].name], context) if len(found) > size else None


async def update(
    tx: Tx, vault: Vault, workspace: int, name: str, *,
    new_name: str, options: Words | None, secrets: Words, owner: str,
) -> Connection:  # fmt: skip
    """Options that are said replace all, secret ones included. Needs a transaction."""
    current = await get(tx, workspace, name, lock=True)
    shown, sealed = current.options, current.sealed
    place = context_of("connection", current.data_key_id.hex)
    if options is not None:
        public, hidden = _split(options, secrets)
        shown = _json(public)
        sealed = await vault.seal(tx, current.data_key_id, _json(hidden).encode(), place)
    elif secrets:
        before = msgspec.json.decode(await vault.unseal(tx, current.data_key_id, sealed, place), type=dict[str, str])
        hidden = _split({}, {**before, **secrets})[1]
        sealed = await vault.seal(tx, current.data_key_id, _json(hidden).encode(), place)
    kept = names.checked("connection", new_name) if new_name else current.name
    if not await store.change(tx, current, acting(), now_ms(), name=kept, options=shown, sealed=sealed):
        raise AlreadyExists(f"Connection '{kept}' already exists.", code="ALREADY_EXISTS")
    if owner:
        await transfer(tx, CONNECTIONS, workspace, str(current.id), owner)
    return await get(tx, workspace, kept)


async def delete(tx: Tx, workspace: int, name: str) -> None:
    """And the data key with it. Needs a transaction."""
    await store.delete(tx, await get(tx, workspace, name, lock=True))
