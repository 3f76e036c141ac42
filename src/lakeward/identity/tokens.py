"""Personal access tokens."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from lakeward.identity import store
from lakeward.identity.records import TOKEN_PREFIX, Principal, Token
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx

DEFAULT_LIFETIME: Final = timedelta(days=730)  # compat(databricks-sdk 0.156): what its API promises
_LONGEST: Final = timedelta(days=36_500)
_MOST: Final = 600  # of one principal, as on the platform


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def create_token(
    tx: Tx,
    principal: Principal,
    *,
    comment: str = "",
    lifetime: timedelta | None = None,
    created_by: int | None = None,
) -> tuple[str, str]:
    """(id, secret). The secret is shown now and never again."""
    return await _create(tx, principal.id, comment, lifetime, created_by)


async def create_own(
    tx: Tx, principal_id: int, *, comment: str, lifetime: timedelta | None, created_by: int
) -> tuple[Token, str]:
    """(token, secret) for a caller, or by an administrator for a service principal."""
    if await store.tokens.count_tokens(tx, principal_id) >= _MOST:
        raise InvalidParameter(f"There are {_MOST} tokens already; revoke some.", code="QUOTA_EXCEEDED")
    token_id, secret = await _create(
        tx, principal_id, comment, DEFAULT_LIFETIME if lifetime is None else lifetime, created_by
    )
    return await get(tx, token_id), secret


async def _create(
    tx: Tx, principal_id: int, comment: str, lifetime: timedelta | None, created_by: int | None
) -> tuple[str, str]:
    if lifetime is not None and not timedelta(0) < lifetime <= _LONGEST:
        raise InvalidParameter("A token's lifetime must be positive, and a hundred years at most.")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token_id = secrets.token_hex(8)
    expires_at = datetime.now(UTC) + lifetime if lifetime else None
    await store.tokens.add_token(tx, token_id, principal_id, digest(secret), comment, expires_at, created_by)
    return token_id, secret


async def list_tokens(tx: Tx) -> list[Token]:
    return await store.tokens.list_tokens(tx)


async def list_own(tx: Tx, principal_id: int) -> list[Token]:
    """Those that live."""
    now = datetime.now(UTC)
    found = await store.tokens.list_tokens(tx, principal_id=principal_id)
    return [each for each in found if each.expires_at is None or each.expires_at > now]


async def list_made_by(tx: Tx, creator_id: int | None, creator: str | None) -> list[Token]:
    """Everybody's, or those that one principal made."""
    return await store.tokens.list_tokens(tx, created_by=creator_id, creator=creator)


async def get(tx: Tx, token_id: str, *, principal_id: int | None = None) -> Token:
    """The token; only this principal's, if one is named."""
    found = await store.tokens.find_token(tx, token_id)
    if found is None or principal_id not in (None, found.principal_id):
        raise NotFound(f"No token with the id {token_id!r}.")
    return found


async def describe(tx: Tx, token_id: str, comment: str | None, *, principal_id: int | None = None) -> Token:
    """The token with this comment; None leaves it."""
    await get(tx, token_id, principal_id=principal_id)
    if comment is not None:
        await store.tokens.set_comment(tx, token_id, comment)
    return await get(tx, token_id)


async def revoke_token(tx: Tx, token_id: str, *, principal_id: int | None = None) -> None:
    if not await store.tokens.delete_token(tx, token_id, principal_id=principal_id):
        raise NotFound(f"No token with the id {token_id!r}.")


async def service_principal(tx: Tx, application_id: str) -> int:
    """The id of the service principal with this application id."""
    found = await store.principals.find_service_principal(tx, application_id)
    if found is None:
        raise NotFound(f"There is no service principal with the application id {application_id!r}.")
    return found


async def has_credentials(tx: Tx) -> bool:
    """Whether anybody could sign in at all; a server open to the network refuses to start without."""
    return await store.tokens.any_token(tx) or await store.passwords.any_password(tx)
