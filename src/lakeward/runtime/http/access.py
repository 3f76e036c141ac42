"""Who calls, and what a route asks of the caller."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import msgspec

from lakeward.kit.errors import PermissionDenied, Unauthenticated


class Role(IntEnum):
    """What a principal may do in a workspace; each includes the ones before it."""

    READ = 1
    EDIT = 2
    MANAGE = 3


class Actor(msgspec.Struct, frozen=True):
    """An authenticated caller.

    `roles` maps workspace ids to roles; an admin holds every role everywhere. `principals` are the ids something may
    have been given to: the caller's own and those of all groups the caller is in.
    """

    id: int
    name: str
    is_admin: bool = False
    roles: Mapping[int, Role] = {}
    principals: frozenset[int] = frozenset()

    def role_in(self, workspace: int) -> Role | None:
        return Role.MANAGE if self.is_admin else self.roles.get(workspace)


class Rule(msgspec.Struct, frozen=True):
    """An access rule of a route: its name in docs/routes.md, and the role it asks for in the call's workspace."""

    name: str
    signed_in: bool = True
    role: Role | None = None
    admin: bool = False

    def check(self, actor: Actor | None, workspace: int) -> None:
        """Raise Unauthenticated or PermissionDenied unless this caller may use the route in this workspace."""
        if not self.signed_in:
            return
        if actor is None:
            raise Unauthenticated(
                "This server asks for an access token. Create one with `lakeward token create` on the server and set"
                " MLFLOW_TRACKING_TOKEN (or DATABRICKS_TOKEN)."
            )
        if actor.is_admin:
            return
        if self.admin:
            raise PermissionDenied(f"'{actor.name}' is not an administrator of this server.")
        if self.role is not None:
            held = actor.roles.get(workspace)
            if held is None or held < self.role:
                has = "no role" if held is None else f"the role {held.name}"
                raise PermissionDenied(
                    f"'{actor.name}' has {has} in this workspace; this needs {self.role.name}. Ask a manager of it."
                )


PUBLIC: Final = Rule("PUBLIC", signed_in=False)
SIGNED_URL: Final = Rule("SIGNED_URL", signed_in=False)  # the handler checks the signature in the URL
SIGNED_IN: Final = Rule("SIGNED_IN")
READ: Final = Rule("READ", role=Role.READ)
EDIT: Final = Rule("EDIT", role=Role.EDIT)
MANAGE: Final = Rule("MANAGE", role=Role.MANAGE)
ADMIN: Final = Rule("ADMIN", admin=True)
