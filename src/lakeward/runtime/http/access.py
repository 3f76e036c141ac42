"""Who calls, and what a route asks of the caller."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

import msgspec

from lakeward.kit.errors import PermissionDenied, Unauthenticated


class Role(IntEnum):
    """What a principal may do with everything in a workspace; each includes the ones before it.

    USE is membership alone: what such a principal owns or was given, and making new experiments and models.
    """

    USE = 1
    READ = 2
    EDIT = 3
    MANAGE = 4


class Actor(msgspec.Struct, frozen=True):
    """An authenticated caller.

    `roles` maps workspace ids to roles; an admin holds every role everywhere. `principals` are the ids something may
    have been given to: the caller's own and those of all groups the caller is in. `scopes` are the APIs that the token
    of the call opens, None for all.
    """

    id: int
    name: str
    is_admin: bool = False
    roles: Mapping[int, Role] = {}
    principals: frozenset[int] = frozenset()
    scopes: frozenset[str] | None = None

    def role_in(self, workspace: int) -> Role | None:
        return Role.MANAGE if self.is_admin else self.roles.get(workspace)


class Rule(msgspec.Struct, frozen=True):
    """An access rule of a route: its name in docs/routes.md, and the role it asks for in the call's workspace.

    `objects` says which objects a request names (`lakeward.access`): who has a lesser role may use the route on those
    of them that were given to him. Without any, the role alone decides, so a route that forgets them refuses.
    """

    name: str
    signed_in: bool = True
    role: Role | None = None
    admin: bool = False
    objects: tuple[Any, ...] = ()

    def on(self, *objects: Any) -> "Rule":
        """The same rule, which a right on these objects fulfils as well."""
        return msgspec.structs.replace(self, objects=objects)

    @property
    def shown(self) -> str:
        """The rule and its objects, as docs/routes.md has them."""
        return f"{self.name} on {', '.join(map(str, self.objects))}" if self.objects else self.name

    def check(self, actor: Actor | None, workspace: int) -> bool:
        """Raise Unauthenticated or PermissionDenied unless this caller may use the route in this workspace.

        False says that it depends on the objects.
        """
        if not self.signed_in:
            return True
        if actor is None:
            raise Unauthenticated(
                "This server asks for an access token. Create one with `lakeward token create` on the server and set"
                " MLFLOW_TRACKING_TOKEN (or DATABRICKS_TOKEN)."
            )
        if actor.is_admin:
            return True
        if self.admin:
            if self.objects:  # which may be looked after by others
                return False
            raise PermissionDenied(f"'{actor.name}' is not an administrator of this server.")
        if self.role is not None:
            held = actor.roles.get(workspace)
            if held is not None and self.objects and held < self.role:
                return False
            if held is None or held < self.role:
                raise self.refusal(actor, workspace)
        return True

    def refusal(self, actor: Actor, workspace: int) -> PermissionDenied:
        """What a caller hears whose role is not enough."""
        held = actor.roles.get(workspace)
        has = "no role" if held is None else f"the role {held.name}"
        return PermissionDenied(
            f"'{actor.name}' has {has} in this workspace; this needs {self.name}. Ask a manager of it."
        )


PUBLIC: Final = Rule("PUBLIC", signed_in=False)
SIGNED_URL: Final = Rule("SIGNED_URL", signed_in=False)  # the handler checks the signature in the URL
SIGNED_IN: Final = Rule("SIGNED_IN")
USE: Final = Rule("USE", role=Role.USE)
READ: Final = Rule("READ", role=Role.READ)
EDIT: Final = Rule("EDIT", role=Role.EDIT)
MANAGE: Final = Rule("MANAGE", role=Role.MANAGE)
ADMIN: Final = Rule("ADMIN", admin=True)
