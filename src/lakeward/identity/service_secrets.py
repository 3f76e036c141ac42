"""Secrets of service principals: what a program proves itself with when it asks for an access token."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from lakeward.identity import directory, store
from lakeward.identity.records import SECRET_PREFIX, ServiceSecret
from lakeward.identity.tokens import digest
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx

_DEFAULT: Final = timedelta(days=730)
_LONGEST: Final = timedelta(days=730)
_MOST: Final = 5  # of one service principal, as on the platform
_SECONDS: Final = re.compile(r"(\d{1,12})s")


async def create(tx: Tx, service_principal_id: str, lifetime: str) -> tuple[ServiceSecret, str]:
    """(what may be shown, the secret). `lifetime` is in seconds, such as `3600s`; empty for two years."""
    holder = await directory.get(tx, "SERVICE_PRINCIPAL", service_principal_id, None)
    if len(await store.secrets.list_secrets(tx, holder.id)) >= _MOST:
        raise InvalidParameter(f"There are {_MOST} secrets already; delete one.", code="QUOTA_EXCEEDED")
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    made = await store.secrets.add_secret(
        tx, secrets.token_hex(8), holder.id, digest(secret), datetime.now(UTC) + _lifetime(lifetime)
    )
    return made, secret


async def list_of(tx: Tx, service_principal_id: str) -> list[ServiceSecret]:
    holder = await directory.get(tx, "SERVICE_PRINCIPAL", service_principal_id, None)
    return await store.secrets.list_secrets(tx, holder.id)


async def delete(tx: Tx, service_principal_id: str, secret_id: str) -> None:
    """And whatever tokens were made with it."""
    holder = await directory.get(tx, "SERVICE_PRINCIPAL", service_principal_id, None)
    if not await store.secrets.delete_secret(tx, holder.id, secret_id):
        raise NotFound(f"The service principal has no secret with the id {secret_id!r}.")


def _lifetime(given: str) -> timedelta:
    if not given:
        return _DEFAULT
    match = _SECONDS.fullmatch(given)
    if match is None or not 0 < int(match[1]) <= _LONGEST.total_seconds():
        raise InvalidParameter(f"Invalid lifetime {given!r}: seconds such as '3600s', at most {_LONGEST.days} days.")
    return timedelta(seconds=int(match[1]))
