"""Who may come in with which kind of credential: everybody at first, and administrators always.

Who may not use tokens makes none, and those that there are do not work. What was begun with a password, a session,
goes on until it ends.
"""

from collections.abc import Sequence
from typing import Final

from lakeward.identity import store
from lakeward.kit.errors import PermissionDenied
from lakeward.runtime.db import Tx

KINDS: Final = {"tokens": "Make and use personal access tokens.", "passwords": "Sign in with a name and a password."}


async def allowed(tx: Tx, kind: str) -> list[int]:
    """The ids of the principals to whom it was given."""
    return await store.credentials.list_allowed(tx, kind)


async def allow(tx: Tx, kind: str, principals: Sequence[int], *, replace: bool) -> None:
    """These principals may, besides those that may already or instead of them."""
    if replace:
        await store.credentials.forbid_all(tx, kind)
    await store.credentials.allow(tx, kind, principals)


async def check(tx: Tx, kind: str, principal_id: int) -> None:
    """Raise PermissionDenied unless this principal may."""
    if not await store.credentials.may_use(tx, kind, principal_id):
        raise refusal(kind)


def refusal(kind: str) -> PermissionDenied:
    what = {"tokens": "personal access tokens", "passwords": "a password"}[kind]
    return PermissionDenied(
        f"This principal may not use {what}. An administrator gives CAN_USE by"
        f" /api/2.0/permissions/authorization/{kind}."
    )
