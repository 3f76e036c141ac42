"""The rules of users, groups and service principals.

Two groups are built in: `users`, in which everybody is, and `admins`. Both have fixed names and stay; so does the
`owner`, who is whoever calls from the server's own machine. Groups form no cycles, and somebody active is always an
administrator. Changes of membership happen one after another, because these two rules look at all of it.
"""

import re
import uuid
from collections.abc import Sequence
from typing import Final

import msgspec

from lakeward.identity import principals, store
from lakeward.identity.patches import Draft, Membership
from lakeward.identity.records import ADMINS_ID, OWNER_ID, USERS_ID, Identity, Kind
from lakeward.identity.search import Query
from lakeward.kit.errors import AlreadyExists, Conflict, InvalidParameter, NotFound
from lakeward.runtime.db import Tx

_MOST_OF_A_PAGE: Final = 1_000
_GROUP_NAME: Final = re.compile(r"(?!.*\s\Z)[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,254}")  # no blank at either end
_LONGEST: Final = 1_000  # characters of an attribute
_MOST_VALUES: Final = 100  # of an attribute that has several
_NOUN: Final = {"USER": "user", "GROUP": "group", "SERVICE_PRINCIPAL": "service principal"}


async def page(tx: Tx, query: Query, *, start: int, count: int | None) -> tuple[list[Identity], int]:
    """(one page, how many there are in all); `start` counts from 1."""
    limit = max(0, min(_MOST_OF_A_PAGE if count is None else count, _MOST_OF_A_PAGE))
    total = await store.principals.count_identities(tx, query)
    offset = max(start, 1) - 1
    if limit == 0 or offset >= total:
        return [], total
    return await store.principals.list_identities(tx, query, offset=offset, limit=limit), total


async def get(tx: Tx, kind: Kind | None, principal_id: str | int, workspace: int | None) -> Identity:
    """The principal, if it may be seen in this workspace; None is the whole server."""
    number = _number(principal_id)
    found = await store.principals.find_identity(tx, number, kind, workspace) if number is not None else None
    if found is None:
        raise NotFound(f"There is no {_NOUN[kind] if kind else 'principal'} with the id {principal_id!r}.")
    if found.id == USERS_ID:
        everybody = await store.principals.list_everybody(tx, workspace, _MOST_OF_A_PAGE)
        return msgspec.structs.replace(found, members=tuple(everybody))
    return found


async def create(tx: Tx, draft: Draft) -> Identity:
    if draft.kind == "SERVICE_PRINCIPAL":
        draft.name = _application_id(draft.name)
    _check(draft)
    await store.principals.lock_membership(tx)
    made = await store.principals.add_identity(
        tx, draft.kind, draft.name, draft.display_name, draft.external_id, draft.profile, is_active=draft.is_active
    )
    if made is None:
        raise AlreadyExists(f"There is a principal named {draft.name!r} already.")
    await _change_members(tx, made, draft.membership)
    return await get(tx, draft.kind, made, None)


async def begin(tx: Tx, kind: Kind, principal_id: str) -> Identity:
    """The principal as it is, with everybody else's changes of membership kept waiting until this transaction ends."""
    await store.principals.lock_membership(tx)
    return await get(tx, kind, principal_id, None)


async def save(tx: Tx, before: Identity, draft: Draft) -> Identity:
    """Bring the principal, read by `begin`, to its draft."""
    if draft.name != before.name:
        if before.id in (USERS_ID, ADMINS_ID):
            raise Conflict(f"The group {before.name!r} is built in and keeps its name.", code="mutability")
        if await store.principals.name_taken(tx, draft.name, before.id):
            raise AlreadyExists(f"There is a principal named {draft.name!r} already.")
    _check(draft)
    after = msgspec.structs.replace(
        before, name=draft.name, display_name=draft.display_name, is_active=draft.is_active,
        external_id=draft.external_id, profile=draft.profile,
    )  # fmt: skip
    await store.principals.save_identity(tx, after)
    await _change_members(tx, before.id, draft.membership)
    await _keep_an_administrator(tx)
    return await get(tx, before.kind, before.id, None)


async def delete(tx: Tx, kind: Kind, principal_id: str) -> None:
    found = await begin(tx, kind, principal_id)
    if found.id in (USERS_ID, ADMINS_ID, OWNER_ID):
        raise Conflict(f"The {_NOUN[kind]} {found.name!r} is built in and cannot be deleted.", code="mutability")
    await store.principals.delete_principal(tx, found.id)
    await _keep_an_administrator(tx)


async def _change_members(tx: Tx, group_id: int, changes: list[Membership]) -> None:
    if not changes:
        return
    if group_id == USERS_ID:
        raise Conflict("Everybody is in the group 'users'; its members cannot be chosen.", code="mutability")
    for change in changes:
        if change.verb == "remove":
            await store.principals.remove_members(tx, group_id, change.ids)
            continue
        if change.verb == "replace":
            await store.principals.keep_members(tx, group_id, change.ids)
        await _check_members(tx, group_id, change.ids)
        await store.principals.add_members(tx, group_id, change.ids)


async def _check_members(tx: Tx, group_id: int, ids: list[int]) -> None:
    if USERS_ID in ids:
        raise InvalidParameter(
            "The group 'users' has everybody in it and cannot be in another one.", code="invalidValue"
        )
    nobody = await store.principals.missing(tx, ids)
    if nobody:
        raise InvalidParameter(f"There is no principal with the id {nobody[0]}.", code="invalidValue")
    circle = await store.principals.containing(tx, group_id, ids)
    if circle:
        raise InvalidParameter(
            f"The group {circle[0]!r} is this group, or has it in itself already; groups cannot form a circle.",
            code="invalidValue",
        )


async def _keep_an_administrator(tx: Tx) -> None:
    if not await store.principals.any_administrator(tx):
        raise Conflict("That would leave nobody to administer the server.", code="mutability")


def _check(draft: Draft) -> None:
    if draft.kind == "GROUP":
        if not _GROUP_NAME.fullmatch(draft.name):
            message = "A group's name has 1 to 255 characters, none of control, and no blank at its ends."
            raise InvalidParameter(message, code="invalidValue")
    else:
        principals.check_name(draft.name)
    _check_sizes(draft)
    if "account_admin" in draft.roles:
        raise InvalidParameter(
            "The role 'account_admin' is not given here: whoever is in the group 'admins' administers the server.",
            code="invalidValue",
        )


def _check_sizes(draft: Draft) -> None:
    lists: dict[str, Sequence[object]] = {
        "emails": draft.emails, "entitlements": draft.entitlements, "roles": draft.roles,
    }  # fmt: skip
    for name, values in lists.items():
        if len(values) > _MOST_VALUES:
            raise InvalidParameter(f"There are {len(values)} {name}; {_MOST_VALUES} are the most.", code="invalidValue")
    texts = {
        "display name": [draft.display_name], "external id": [draft.external_id],
        "name": [draft.given_name, draft.family_name],
        "email": [text for each in draft.emails for text in (each.value, each.type)],
        "entitlement": draft.entitlements, "role": draft.roles,
    }  # fmt: skip
    for name, values in texts.items():
        if any(len(value) > _LONGEST for value in values):
            raise InvalidParameter(f"The {name} has more than {_LONGEST:,} characters.", code="invalidValue")


def _application_id(given: str) -> str:
    if not given:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(given))
    except ValueError as error:
        raise InvalidParameter(f"The application id {given!r} is not a UUID.", code="invalidValue") from error


def _number(principal_id: str | int) -> int | None:
    text = str(principal_id)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
