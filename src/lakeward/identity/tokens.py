"""Personal access tokens."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from lakeward.identity import store
from lakeward.identity.records import TOKEN_PREFIX, Principal, Token
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def create_token(
    tx: Tx, principal: Principal, *, comment: str = "", lifetime: timedelta | None = None
) -> tuple[str, str]:
    """(id, secret). The secret is shown now and never again."""
    if lifetime is not None and lifetime <= timedelta(0):
        raise InvalidParameter("A token's lifetime must be positive.")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token_id = secrets.token_hex(8)
    expires_at = datetime.now(UTC) + lifetime if lifetime else None
    await store.tokens.add_token(tx, token_id, principal.id, digest(secret), comment, expires_at)
    return token_id, secret


async def list_tokens(tx: Tx) -> list[Token]:
    return await store.tokens.list_tokens(tx)


async def revoke_token(tx: Tx, token_id: str) -> None:
    if not await store.tokens.delete_token(tx, token_id):
        raise NotFound(f"No token with the id {token_id!r}.")


async def has_credentials(tx: Tx) -> bool:
    """Whether anybody could sign in at all; a server open to the network refuses to start without."""
    return await store.tokens.any_token(tx)
