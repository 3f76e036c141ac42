"""The workspace APIs of MLflow 3 and of the platform's accounts, and what its SDK asks before the first call."""

from typing import Literal

import msgspec

from lakeward import __version__
from lakeward.identity import authentication, passwords, workspaces
from lakeward.identity.wire import workspaces as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import ADMIN, PUBLIC, SIGNED_IN, Call, Routes

routes = Routes("workspaces", ("/api/3.0/mlflow", "/ajax-api/3.0/mlflow"))
account = Routes("workspaces", ("/api/2.0/accounts/{account_id}/workspaces",))
platform = Routes("platform")


@routes.get("/workspaces", allow=SIGNED_IN)
async def list_workspaces(call: Call) -> wire.ListWorkspacesResponse:
    found = await workspaces.visible(call.tx, call.actor)
    return wire.ListWorkspacesResponse([wire.Workspace.of(each) for each in found])


@routes.post("/workspaces", allow=ADMIN, status=201)
async def create_workspace(call: Call, req: wire.CreateWorkspace) -> wire.WorkspaceResponse:
    _refuse_placement(req)
    created = await workspaces.create(call.tx, req.name, req.description)
    return wire.WorkspaceResponse(wire.Workspace.of(created))


@routes.get("/workspaces/{workspace_name}", allow=SIGNED_IN)
async def get_workspace(call: Call, req: wire.WorkspaceName) -> wire.WorkspaceResponse:
    found = await workspaces.get(call.tx, call.actor, req.workspace_name)
    return wire.WorkspaceResponse(wire.Workspace.of(found))


@routes.patch("/workspaces/{workspace_name}", allow=ADMIN)
async def update_workspace(call: Call, req: wire.UpdateWorkspace) -> wire.WorkspaceResponse:
    _refuse_placement(req)
    changed = await workspaces.describe(call.tx, req.workspace_name, req.description)
    return wire.WorkspaceResponse(wire.Workspace.of(changed))


@routes.delete("/workspaces/{workspace_name}", allow=ADMIN, status=204)
async def delete_workspace(call: Call, req: wire.DeleteWorkspace) -> None:
    await workspaces.delete(call.tx, req.workspace_name, req.mode)


@account.get("", allow=ADMIN)
async def list_account_workspaces(call: Call, req: wire.Account) -> list[wire.AccountWorkspace]:
    found = await workspaces.visible(call.tx, call.actor)
    return [wire.AccountWorkspace.of(each, req.account_id) for each in found]


@account.post("", allow=ADMIN)
async def create_account_workspace(call: Call, req: wire.CreateAccountWorkspace) -> wire.AccountWorkspace:
    """It is there at once."""
    if req.managed_services_customer_managed_key_id or req.storage_customer_managed_key_id:
        raise InvalidParameter("Keys of a workspace are not supported: the server's own encrypt what all keep.")
    return wire.AccountWorkspace.of(await workspaces.create(call.tx, req.workspace_name, ""), req.account_id)


@account.get("/{workspace_id}", allow=ADMIN)
async def get_account_workspace(call: Call, req: wire.WorkspaceId) -> wire.AccountWorkspace:
    return wire.AccountWorkspace.of(await workspaces.get_by_id(call.tx, req.workspace_id), req.account_id)


@account.delete("/{workspace_id}", allow=ADMIN)
async def delete_account_workspace(call: Call, req: wire.WorkspaceId) -> wire.AccountWorkspace:
    """Only an empty one."""
    found = await workspaces.get_by_id(call.tx, req.workspace_id)
    await workspaces.delete(call.tx, found.name, "RESTRICT")
    return wire.AccountWorkspace.of(found, req.account_id)


def _refuse_placement(req: wire.Placement) -> None:
    """What is not done must not look done."""
    if req.default_artifact_root:
        raise InvalidParameter(
            "'default_artifact_root' is not supported: the server's object store holds all artifacts."
        )
    if req.trace_archival_config.location or req.trace_archival_config.retention:
        raise InvalidParameter("'trace_archival_config' is not supported.")


@platform.get("/api/2.0/lakeward/whoami", allow=SIGNED_IN)
async def who_am_i(call: Call) -> wire.WhoAmIResponse:
    """The caller, and the workspaces the caller has a role in."""
    found = await workspaces.visible(call.tx, call.actor)
    listed = [wire.MyWorkspace.of(each, call.actor) for each in found]
    by: Literal["SESSION", "TOKEN", "LOCAL"] = "TOKEN" if call.header("authorization") is not None else "LOCAL"
    session = authentication.session_of(call.headers)
    if by == "LOCAL" and session and await passwords.is_session(call.tx, session, call.actor.id):
        by = "SESSION"
    csrf = passwords.csrf_token(session) if by == "SESSION" else ""
    return wire.WhoAmIResponse(call.actor.name, call.actor.is_admin, __version__, listed, by, csrf)


class DatabricksConfig(msgspec.Struct):
    oidc_endpoint: str
    account_id: str
    cloud: str


@platform.get("/.well-known/databricks-config", allow=PUBLIC, tx=None)
async def databricks_config(call: Call) -> DatabricksConfig:
    """Asked before every REST call of a client in `databricks` mode, by nobody yet.

    So it names no workspace: clients would repeat its id as if their user had chosen it. Who calls without one works
    where `WorkspaceDirectory.of_call` says, and the answer's header tells the id.
    """
    return DatabricksConfig(f"{call.base_url}/oidc", "lakeward", "aws")
