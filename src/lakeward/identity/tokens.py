"""Personal access tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from lakeward.identity import credentials, store
from lakeward.identity.records import TOKEN_PREFIX, Principal, Token
from lakeward.kit.errors import InvalidParameter, NotFound, PermissionDenied
from lakeward.runtime.db import Tx
from lakeward.runtime.http import ALL_APIS, SCOPES, Actor

DEFAULT_LIFETIME: Final = timedelta(days=730)  # compat(databricks-sdk 0.156): what its API promises
_LONGEST: Final = timedelta(days=36_500)
_MOST: Final = 600  # of one principal, as on the platform
_LONGEST_COMMENT: Final = 1_000


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def create_token(
    tx: Tx,
    principal: Principal,
    *,
    comment: str = "",
    lifetime: timedelta | None = None,
    scopes: Sequence[str] = (),
    created_by: int | None = None,
) -> tuple[str, str]:
    """(id, secret). The secret is shown now and never again."""
    return await _create(tx, principal.id, comment, lifetime, check_scopes(scopes), created_by)


async def create_own(
    tx: Tx, principal_id: int, *, comment: str, lifetime: timedelta | None, scopes: Sequence[str], creator: Actor
) -> tuple[Token, str]:
    """(token, secret) for a caller, or by an administrator for a service principal.

    With a token of few scopes nobody makes one of more.
    """
    wanted = check_scopes(scopes)
    if creator.scopes is not None and (wanted is None or not creator.scopes.issuperset(wanted)):
        raise PermissionDenied(
            f"This token opens {', '.join(sorted(creator.scopes))}, and makes none that opens more: name its scopes."
        )
    if await store.tokens.count_tokens(tx, principal_id) >= _MOST:
        raise InvalidParameter(f"There are {_MOST} tokens already; revoke some.", code="QUOTA_EXCEEDED")
    token_id, secret = await _create(
        tx, principal_id, comment, DEFAULT_LIFETIME if lifetime is None else lifetime, wanted, creator.id
    )
    return await get(tx, token_id), secret


async def _create(
    tx: Tx,
    principal_id: int,
    comment: str,
    lifetime: timedelta | None,
    scopes: Sequence[str] | None,
    created_by: int | None,
) -> tuple[str, str]:
    if lifetime is not None and not timedelta(0) < lifetime <= _LONGEST:
        raise InvalidParameter("A token's lifetime must be positive, and a hundred years at most.")
    _check_comment(comment)
    await credentials.check(tx, "tokens", principal_id)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token_id = secrets.token_hex(8)
    expires_at = datetime.now(UTC) + lifetime if lifetime else None
    await store.tokens.add_token(tx, token_id, principal_id, digest(secret), comment, expires_at, scopes, created_by)
    return token_id, secret


def check_scopes(scopes: Sequence[str]) -> list[str] | None:
    """Those that a token is to have; None for all."""
    if not scopes or ALL_APIS in scopes:
        return None
    if unknown := set(scopes) - SCOPES:
        raise InvalidParameter(
            f"There is no scope {min(unknown)!r}; there are {ALL_APIS}, {', '.join(sorted(SCOPES))}."
        )
    return sorted(set(scopes))


def _check_comment(comment: str) -> None:
    """Lists of tokens have no pages, as on the platform."""
    if len(comment) > _LONGEST_COMMENT:
        raise InvalidParameter(f"A token's comment has at most {_LONGEST_COMMENT:,} characters, not {len(comment):,}.")


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
        _check_comment(comment)
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
