"""The vocabulary of secrets."""

import uuid
from enum import IntEnum
from typing import Final, NewType

import msgspec

ScopeId = NewType("ScopeId", int)

MAX_NAME: Final = 128
MAX_VALUE: Final = 128 << 10  # bytes
MAX_SCOPES: Final = 1000  # of a workspace
MAX_SECRETS: Final = 1000  # of a scope
MAX_ACLS: Final = 1000  # of a scope


class Permission(IntEnum):
    """What a principal may do with the secrets of a scope; each includes the ones before it."""

    READ = 1
    WRITE = 2
    MANAGE = 3


class Scope(msgspec.Struct, frozen=True):
    """A scope as one caller sees it: `permission` is the caller's, None without any."""

    id: ScopeId
    workspace_id: int
    name: str
    data_key_id: uuid.UUID
    permission: Permission | None
