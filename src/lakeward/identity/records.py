"""The vocabulary of identity."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

OWNER_ID: Final = 1
OWNER_NAME: Final = "owner"
USERS_ID: Final = 2  # the group everybody is in
ADMINS_ID: Final = 3  # the group whose members administer the server
DEFAULT_ID: Final = 1
TOKEN_PREFIX: Final = "lkw_"  # noqa: S105 - how a token starts, so that scanners find leaked ones
SESSION_PREFIX: Final = "lkc_"
SESSION_LIFETIME: Final = timedelta(days=7)
SECRET_PREFIX: Final = "lks_"  # noqa: S105 - the same of service principals' secrets

Kind = Literal["USER", "GROUP", "SERVICE_PRINCIPAL"]


class Principal(msgspec.Struct, frozen=True):
    """A user, a service principal or a group; `is_admin` if it is in the group `admins`, directly or not."""

    id: int
    name: str
    is_admin: bool


class Email(msgspec.Struct, frozen=True, omit_defaults=True):
    value: str
    type: str = ""
    primary: bool = False


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What SCIM clients keep with a principal. It is given back and gives no rights."""

    given_name: str = ""
    family_name: str = ""
    emails: tuple[Email, ...] = ()
    entitlements: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class Link(msgspec.Struct, frozen=True, array_like=True):
    """A group a principal is in, `direct`ly or by way of another one; or a member of a group."""

    id: int
    kind: Kind
    name: str
    direct: bool = True


class Identity(msgspec.Struct, frozen=True):
    """A principal with all that is known of it.

    `name` is the user name of a user, the application id of a service principal, the name of a group. `members` are
    the direct ones of a group.
    """

    id: int
    kind: Kind
    name: str
    display_name: str
    is_active: bool
    external_id: str
    profile: Profile
    groups: tuple[Link, ...]
    members: tuple[Link, ...]


class Token(msgspec.Struct, frozen=True):
    """A personal access token as it may be shown: never its secret. Its last use is known to the minute."""

    id: str
    principal_id: int
    principal: str
    comment: str
    created_by_id: int | None
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    scopes: Sequence[str] | None  # None for all


class Holding(msgspec.Struct, frozen=True):
    """A role that a principal holds on another one; `kind` and `name` are the holder's."""

    role: str
    kind: Kind
    name: str


class ServiceSecret(msgspec.Struct, frozen=True):
    """A secret of a service principal as it may be shown; `hash` is the SHA-256 of a value nobody can guess."""

    id: str
    hash: bytes
    created_at: datetime
    expires_at: datetime


class Issued(msgspec.Struct, frozen=True):
    """What an OAuth client gets; `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    scopes: str
    refresh_token: str | None = None


class Workspace(msgspec.Struct, frozen=True):
    id: int
    name: str
    description: str


class AddressList(msgspec.Struct, frozen=True):
    """Addresses and networks that are let in (ALLOW) or kept out (BLOCK)."""

    id: str
    label: str
    list_type: str
    addresses: list[str]
    enabled: bool
    created_at: datetime
    created_by: int | None
    updated_at: datetime
    updated_by: int | None


class Assignment(msgspec.Struct, frozen=True):
    """A principal's own role in a workspace, not what its groups have."""

    principal_id: int
    kind: Kind
    name: str
    display_name: str
    role: str
