"""The vocabulary of identity."""

from datetime import datetime
from typing import Final

import msgspec

OWNER_ID: Final = 1
OWNER_NAME: Final = "owner"
USERS_ID: Final = 2  # the group everybody is in
ADMINS_ID: Final = 3  # the group whose members administer the server
DEFAULT_ID: Final = 1
TOKEN_PREFIX: Final = "lkw_"  # noqa: S105 - how a token starts, so that scanners find leaked ones


class Principal(msgspec.Struct, frozen=True):
    """A user, a service principal or a group; `is_admin` if it is in the group `admins`, directly or not."""

    id: int
    name: str
    is_admin: bool


class Token(msgspec.Struct, frozen=True):
    """A token as it may be shown: never its secret."""

    id: str
    principal: str
    comment: str
    created_at: datetime
    expires_at: datetime | None


class Workspace(msgspec.Struct, frozen=True):
    id: int
    name: str
    description: str
