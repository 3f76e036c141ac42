"""Requests and responses of the workspace API, named as upstream."""

from typing import Self

import msgspec

from lakeward.identity.records import Workspace as WorkspaceRecord


class Workspace(msgspec.Struct):
    name: str
    description: str

    @classmethod
    def of(cls, record: WorkspaceRecord) -> Self:
        return cls(record.name, record.description)


class ListWorkspacesResponse(msgspec.Struct):
    workspaces: list[Workspace]


class CreateWorkspace(msgspec.Struct):
    name: str
    description: str = ""


class WorkspaceName(msgspec.Struct):
    workspace_name: str


class UpdateWorkspace(msgspec.Struct):
    workspace_name: str
    description: str = ""


class WorkspaceResponse(msgspec.Struct):
    workspace: Workspace
