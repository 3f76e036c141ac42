"""Requests and responses of the workspace APIs, named as upstream."""

from typing import Literal, Self

import msgspec

from lakeward.identity.records import Workspace as WorkspaceRecord
from lakeward.runtime.http import Actor, Int64


class Workspace(msgspec.Struct):
    name: str
    description: str

    @classmethod
    def of(cls, record: WorkspaceRecord) -> Self:
        return cls(record.name, record.description)


class ListWorkspacesResponse(msgspec.Struct):
    workspaces: list[Workspace]


class ArchivalConfig(msgspec.Struct):
    location: str = ""
    retention: str = ""


class Placement(msgspec.Struct, kw_only=True):
    """Where a workspace would keep things apart. Here the server's object store holds the artifacts of all."""

    default_artifact_root: str = ""
    trace_archival_config: ArchivalConfig = msgspec.field(default_factory=ArchivalConfig)


class CreateWorkspace(Placement, kw_only=True):
    name: str
    description: str = ""


class WorkspaceName(msgspec.Struct):
    workspace_name: str


class UpdateWorkspace(Placement, kw_only=True):
    workspace_name: str
    description: str | None = None


class DeleteWorkspace(msgspec.Struct):
    workspace_name: str
    mode: str = "RESTRICT"


class WorkspaceResponse(msgspec.Struct):
    workspace: Workspace


class Account(msgspec.Struct, kw_only=True):
    account_id: str


class WorkspaceId(Account, kw_only=True):
    workspace_id: Int64


class CreateAccountWorkspace(Account, kw_only=True):
    """Where and how it would run says nothing here; which keys it has would."""

    workspace_name: str
    managed_services_customer_managed_key_id: str = ""
    storage_customer_managed_key_id: str = ""


class AccountWorkspace(msgspec.Struct):
    account_id: str
    workspace_id: int
    workspace_name: str
    workspace_status: Literal["RUNNING"] = "RUNNING"
    workspace_status_message: str = "Workspace is running."

    @classmethod
    def of(cls, record: WorkspaceRecord, account_id: str) -> Self:
        return cls(account_id, record.id, record.name)


class MyWorkspace(msgspec.Struct):
    """A workspace the caller has a role in. `id` is what the platform calls the organisation's id."""

    id: str
    name: str
    description: str
    role: str

    @classmethod
    def of(cls, record: WorkspaceRecord, actor: Actor) -> Self:
        role = actor.role_in(record.id)
        return cls(str(record.id), record.name, record.description, role.name if role else "")


class WhoAmIResponse(msgspec.Struct):
    """`by` is how the caller came in: SESSION, TOKEN, or LOCAL for the owner without credentials.

    `csrf_token` is that of the session, for the header X-Lakeward-CSRF; empty without one.
    """

    name: str
    is_admin: bool
    version: str
    workspaces: list[MyWorkspace]
    by: Literal["SESSION", "TOKEN", "LOCAL"]
    csrf_token: str
