"""The secrets API of the platform. Roles say who may call at all, access lists who may do what."""

import base64

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.crypto import Vault
from lakeward.runtime.http import EDIT, READ, Call, Routes
from lakeward.secrets import scopes, values, wire

routes = Routes("secrets", ("/api/2.0/secrets",))

_BODY = 1 << 20  # a value of 128 KB may be six times as long with escapes


def _vault(call: Call) -> Vault:
    return Vault(call.settings.master_key_source)


@routes.post("/scopes/create", allow=EDIT)
async def create_scope(call: Call, req: wire.CreateScope) -> None:
    if req.scope_backend_type.upper() != "DATABRICKS" or req.backend_azure_keyvault is not None:
        raise InvalidParameter("Scopes of other vaults are not supported: leave scope_backend_type out.")
    await scopes.create(
        call.tx, _vault(call), call.actor, call.workspace, req.scope, manager=req.initial_manage_principal
    )


@routes.post("/scopes/delete", allow=EDIT)
async def delete_scope(call: Call, req: wire.ScopeByName) -> None:
    await scopes.delete(call.tx, call.actor, call.workspace, req.scope)


@routes.get("/scopes/list", allow=READ)
async def list_scopes(call: Call) -> wire.ListScopesResponse:
    names = await scopes.visible(call.tx, call.actor, call.workspace)
    return wire.ListScopesResponse([wire.SecretScope(name) for name in names])


@routes.post("/put", allow=EDIT, max_body=_BODY)
async def put_secret(call: Call, req: wire.PutSecret) -> None:
    await values.put(
        call.tx, _vault(call), call.actor, call.workspace, req.scope, req.key,
        text=req.string_value, octets=req.bytes_value,
    )  # fmt: skip


@routes.post("/delete", allow=EDIT)
async def delete_secret(call: Call, req: wire.SecretByKey) -> None:
    await values.delete(call.tx, call.actor, call.workspace, req.scope, req.key)


@routes.get("/list", allow=READ)
async def list_secrets(call: Call, req: wire.ScopeByName) -> wire.ListSecretsResponse:
    found = await values.list_keys(call.tx, call.actor, call.workspace, req.scope)
    return wire.ListSecretsResponse([wire.SecretMetadata(key, changed) for key, changed in found])


@routes.get("/get", allow=READ)
async def get_secret(call: Call, req: wire.SecretByKey) -> wire.GetSecretResponse:
    """A value, for who may read it."""
    value = await values.get(
        call.tx, _vault(call), call.actor, call.workspace, req.scope, req.key, readable=call.settings.secret_reads
    )
    return wire.GetSecretResponse(req.key, base64.b64encode(value).decode())


@routes.post("/acls/put", allow=EDIT)
async def put_acl(call: Call, req: wire.PutAcl) -> None:
    await scopes.put_acl(
        call.tx, call.actor, call.workspace, req.scope, principal=req.principal, permission=req.permission
    )


@routes.post("/acls/delete", allow=EDIT)
async def delete_acl(call: Call, req: wire.AclOf) -> None:
    await scopes.delete_acl(call.tx, call.actor, call.workspace, req.scope, req.principal)


@routes.get("/acls/list", allow=READ)
async def list_acls(call: Call, req: wire.ScopeByName) -> wire.ListAclsResponse:
    found = await scopes.list_acls(call.tx, call.actor, call.workspace, req.scope)
    return wire.ListAclsResponse([wire.AclItem(principal, permission) for principal, permission in found])


@routes.get("/acls/get", allow=READ)
async def get_acl(call: Call, req: wire.AclOf) -> wire.AclItem:
    return wire.AclItem(*await scopes.get_acl(call.tx, call.actor, call.workspace, req.scope, req.principal))
