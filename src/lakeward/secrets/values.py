"""The rules of secrets: what may be put, and who gets it back.

Whoever holds READ gets values back, because in a self-hosted installation the code that needs them runs on machines of
the user's, not on compute of the server's. The setting `secret_reads` narrows that to service principals, so that jobs
read and people do not, or to nobody. Every reading is in the audit log.
"""

import base64
import binascii
from typing import Final

from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.crypto import Vault, context_of
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Actor
from lakeward.secrets import store
from lakeward.secrets.records import MAX_SECRETS, MAX_VALUE, Permission, Scope
from lakeward.secrets.scopes import check_name, limit_exceeded, permitted

READERS: Final = "readers"
SERVICES: Final = "service-principals"


async def put(
    tx: Tx,
    vault: Vault,
    actor: Actor,
    workspace: int,
    scope_name: str,
    key: str,
    *,
    text: str | None,
    octets: str | None,
) -> None:
    """Add or overwrite a secret: text, or base64 of bytes."""
    check_name("secret key", key)
    value = _value(text, octets)
    scope = await permitted(tx, actor, workspace, scope_name, Permission.WRITE, lock=True)
    sealed = await vault.seal(tx, scope.data_key_id, value, _place(scope, key))
    if await store.put_secret(tx, scope.id, key, sealed, now_ms()) > MAX_SECRETS:
        raise limit_exceeded(f"The scope {scope_name!r} has {MAX_SECRETS} secrets, which is the most there may be.")


async def delete(tx: Tx, actor: Actor, workspace: int, scope_name: str, key: str) -> None:
    scope = await permitted(tx, actor, workspace, scope_name, Permission.WRITE, lock=True)
    if not await store.delete_secret(tx, scope.id, key):
        raise _unknown(scope_name, key)


async def list_keys(tx: Tx, actor: Actor, workspace: int, scope_name: str) -> list[tuple[str, int]]:
    """(key, epoch milliseconds of the last change) of each secret."""
    scope = await permitted(tx, actor, workspace, scope_name, Permission.READ)
    return [(row[0], row[1]) for row in await store.list_secrets(tx, scope.id)]


async def get(tx: Tx, vault: Vault, actor: Actor, workspace: int, scope_name: str, key: str, *, readable: str) -> bytes:
    scope = await permitted(tx, actor, workspace, scope_name, Permission.READ)
    if readable != READERS and not (readable == SERVICES and await store.kind_of(tx, actor.id) == "SERVICE_PRINCIPAL"):
        raise InvalidParameter(
            f"Values of secrets are not given to this caller: the setting secret_reads of this server is {readable!r}.",
            code="BAD_REQUEST",
        )
    sealed = await store.find_secret(tx, scope.id, key)
    if sealed is None:
        raise _unknown(scope_name, key)
    return await vault.unseal(tx, scope.data_key_id, sealed, _place(scope, key))


def _place(scope: Scope, key: str) -> bytes:
    """Binds a value to where it is: what is moved to another row opens nowhere."""
    return context_of("secret", scope.workspace_id, scope.id, key)


def _value(text: str | None, octets: str | None) -> bytes:
    """Messages name the field and never what is in it."""
    if (text is None) == (octets is None):
        raise InvalidParameter("Give exactly one of string_value and bytes_value.", code="MALFORMED_REQUEST")
    if text is not None:
        value = text.encode("utf-8", "surrogatepass")
    else:
        assert octets is not None
        try:
            value = base64.b64decode(octets, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidParameter("bytes_value is not base64.") from None
    if len(value) > MAX_VALUE:
        raise InvalidParameter(f"The value has {len(value):,} bytes; {MAX_VALUE:,} are the most a secret may have.")
    return value


def _unknown(scope_name: str, key: str) -> NotFound:
    return NotFound(f"The scope {scope_name!r} has no secret {key[:128]!r}.")
