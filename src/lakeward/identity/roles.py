"""Roles on principals: who looks after a group or a service principal without administering the server.

The platform keeps them as a rule set of each group and service principal, which is read and replaced as a whole, with
an etag against two who do so at once. Who holds `servicePrincipal.manager` manages the secrets of a service principal
and its rule set; `servicePrincipal.user` may act as it, so makes tokens on its behalf; `group.manager` says who is in a
group. A holder is a user, a service principal, or a group with all in it. The built-in groups have none: they are the
administrators' own.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final

from lakeward.identity import store
from lakeward.identity.records import ADMINS_ID, USERS_ID, Holding, Kind
from lakeward.kit.errors import Conflict, InvalidParameter, NotFound, PermissionDenied
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Rule

SERVICE_MANAGER: Final = "roles/servicePrincipal.manager"
SERVICE_USER: Final = "roles/servicePrincipal.user"
GROUP_MANAGER: Final = "roles/group.manager"
ASSIGNABLE: Final[dict[Kind, tuple[str, ...]]] = {
    "SERVICE_PRINCIPAL": (SERVICE_MANAGER, SERVICE_USER),
    "GROUP": (GROUP_MANAGER,),
}
_RESOURCE: Final = re.compile(r"accounts/[^/]+(?:/(groups|servicePrincipals)/([^/]+))?")
_SET: Final = "/ruleSets/default"
_KINDS: Final[dict[str, Kind]] = {"groups": "GROUP", "servicePrincipals": "SERVICE_PRINCIPAL", "users": "USER"}
_WORDS: Final = {kind: word for word, kind in _KINDS.items()}
_MOST: Final = 1_000  # holders of one rule set


def resource_of(name: str) -> str:
    """What a rule set is of."""
    if not name.endswith(_SET):
        raise InvalidParameter(f"Invalid name {name[:200]!r} of a rule set: it ends with {_SET!r}.")
    return name.removesuffix(_SET)


def assignable(resource: str) -> tuple[str, ...]:
    """The roles that may be held on a resource; on the account itself there are none here."""
    kind, _ = _parsed(resource)
    return ASSIGNABLE[kind] if kind is not None else ()


def _parsed(resource: str) -> tuple[Kind | None, str]:
    found = _RESOURCE.fullmatch(resource)
    if found is None:
        raise InvalidParameter(
            f"Invalid resource {resource[:200]!r}: accounts/<id>, followed by /groups/<id> or"
            " /servicePrincipals/<application id>."
        )
    return (_KINDS[found[1]], found[2]) if found[1] else (None, "")


async def get(tx: Tx, resource: str) -> tuple[list[Holding], str]:
    """(who holds what, the etag) of a resource."""
    return await _of(tx, await _find(tx, resource))


async def replace(
    tx: Tx, resource: str, rules: Sequence[tuple[str, Sequence[str]]], etag: str
) -> tuple[list[Holding], str]:
    """Let these hold these roles, and nobody else. Needs a transaction. `rules`: (role, principals) of each."""
    kind, _ = _parsed(resource)
    found = await _find(tx, resource)
    if found is None or kind is None:
        if rules:
            raise InvalidParameter("Nobody holds roles on the account itself: administrators are the group `admins`.")
        return await _of(tx, None)
    if found in (ADMINS_ID, USERS_ID):
        raise InvalidParameter("The built-in groups have no roles: administrators say who is in `admins`.")
    await store.roles.lock(tx, found)
    _, current = await _of(tx, found)
    if etag != current:
        raise Conflict(
            "The rule set has changed since it was read, or no etag was given. Read it again and send its etag along.",
            code="ABORTED",
        )
    given = {(role, each) for role, principals in rules for each in principals}
    unknown = sorted({role for role, _ in rules} - set(ASSIGNABLE[kind]))
    if unknown:
        raise InvalidParameter(f"Invalid role {unknown[0]!r}: here it is one of {', '.join(ASSIGNABLE[kind])}.")
    if len(given) > _MOST:
        raise InvalidParameter(f"A rule set has at most {_MOST} principals, not {len(given)}.")
    held = [(role, await _principal(tx, written)) for role, written in sorted(given)]
    await store.roles.replace(tx, found, held)
    return await _of(tx, found)


async def _of(tx: Tx, found: int | None) -> tuple[list[Holding], str]:
    held = await store.roles.held_on(tx, found) if found is not None else []
    text = "\n".join(f"{each.role} {spelled(each)}" for each in held)
    return held, hashlib.sha256(text.encode()).hexdigest()[:32]


async def _find(tx: Tx, resource: str) -> int | None:
    """The id of the principal; None for the account itself. Of service principals ids are taken for names too."""
    kind, name = _parsed(resource)
    if kind is None:
        return None
    found = await store.roles.find_object(tx, kind, name)
    if found is None:
        raise NotFound(f"There is no {_WORDS[kind].removesuffix('s')} {name[:80]!r}.")
    return found


async def _principal(tx: Tx, written: str) -> int:
    word, _, name = written.partition("/")
    found = await store.roles.find_holder(tx, _KINDS[word], name) if word in _KINDS and name else None
    if found is None:
        raise NotFound(
            f"There is no principal {written[:200]!r}: users/<name>, groups/<name> or servicePrincipals/<application"
            " id>.",
            code="PRINCIPAL_DOES_NOT_EXIST",
        )
    return found


def spelled(holding: Holding) -> str:
    """`users/ann`, as rule sets write principals."""
    return f"{_WORDS[holding.kind]}/{holding.name}"


class On:
    """For rules of administrators: who holds one of these roles on what the request names may do it as well.

    `ADMIN.on(On("GROUP", "id", GROUP_MANAGER))`. Whoever holds none hears the same as everybody, so nobody learns here
    which principals there are.
    """

    catalogued = False
    about_rights = False

    def __init__(self, kind: Kind | None, field: str, *roles: str) -> None:
        self._kind = kind  # None: the field names a rule set
        self._field = field
        self._roles = roles

    def __str__(self) -> str:
        return f"`{self._field}`, held as {' or '.join(each.removeprefix('roles/') for each in self._roles)}"

    def named(self, _call: Any, _rule: Rule, _request: Any) -> list[Any]:
        return []

    def scope(self, _request: Any) -> str:
        return ""

    def narrow(self, _call: Any) -> None:
        """Nothing is listed."""

    async def ask(self, _gate: Any, call: Any, _rule: Rule, request: Any) -> bool:
        try:
            held = await self._held(call, getattr(request, self._field))
        except InvalidParameter:  # what is no name is told to those who may ask
            held = False
        if not held:
            raise PermissionDenied(f"'{call.caller.name}' is not an administrator of this server.")
        return True

    async def _held(self, call: Any, name: str) -> bool:
        kind, name = (self._kind, name) if self._kind is not None else _parsed(resource_of(name))
        if kind is None:
            return False
        async with call.db.connection() as connection:
            found = await store.roles.find_object(connection, kind, name)
            return found is not None and await store.roles.holds(connection, found, self._roles, call.caller.principals)
