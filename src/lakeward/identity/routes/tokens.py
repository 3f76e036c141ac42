"""Personal access tokens: one's own, everybody's for administrators; and the secrets of service principals."""

from collections.abc import Sequence
from datetime import timedelta

from lakeward.identity import service_secrets, tokens
from lakeward.identity.records import Token
from lakeward.identity.roles import SERVICE_MANAGER, SERVICE_USER, On
from lakeward.identity.wire import tokens as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import ADMIN, ALL_APIS, SIGNED_IN, Call, Routes

_LONGEST_SECONDS = 10**10
_MANAGED = ADMIN.on(On("SERVICE_PRINCIPAL", "service_principal_id", SERVICE_MANAGER))

own = Routes("tokens", ("/api/2.0/token",))
management = Routes("token management", ("/api/2.0/token-management",))
secrets = Routes(
    "service principal secrets",
    ("/api/2.0/accounts/{account_id}/servicePrincipals", "/api/2.0/accounts/servicePrincipals"),
)


def _lifetime(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=max(-1, min(seconds, _LONGEST_SECONDS)))


def _check_scopes(scopes: Sequence[str]) -> None:
    """What is not done must not look done."""
    if set(scopes) - {ALL_APIS}:
        raise InvalidParameter(f"Secrets of fewer scopes than {ALL_APIS!r} are not supported.")


def _check_mask(mask: str) -> None:
    if {each.strip() for each in mask.split(",")} - {"comment"}:
        raise InvalidParameter(f"'update_mask' is {mask!r}; of a token only the comment can be changed.")


async def _make(call: Call, holder: int, req: wire.CreateToken) -> tuple[Token, str]:
    return await tokens.create_own(
        call.tx,
        holder,
        comment=req.comment,
        lifetime=_lifetime(req.lifetime_seconds),
        scopes=req.scopes,
        creator=call.actor,
    )


@own.post("/create", allow=SIGNED_IN)
async def create_token(call: Call, req: wire.CreateToken) -> wire.CreateTokenResponse:
    """A new token of the caller, shown this once."""
    made, secret = await _make(call, call.actor.id, req)
    return wire.CreateTokenResponse(secret, wire.PublicTokenInfo.of(made))


@own.get("/list", allow=SIGNED_IN)
async def list_own_tokens(call: Call) -> wire.ListTokensResponse:
    found = await tokens.list_own(call.tx, call.actor.id)
    return wire.ListTokensResponse([wire.PublicTokenInfo.of(each) for each in found])


@own.post("/delete", allow=SIGNED_IN)
async def delete_own_token(call: Call, req: wire.TokenId) -> None:
    await tokens.revoke_token(call.tx, req.token_id, principal_id=call.actor.id)


@own.patch("/{token_id}", allow=SIGNED_IN)
async def update_own_token(call: Call, req: wire.UpdateToken) -> None:
    _check_mask(req.update_mask)
    await tokens.describe(call.tx, req.token_id, req.token.comment, principal_id=call.actor.id)


@management.get("/tokens", allow=ADMIN)
async def list_tokens(call: Call, req: wire.ListTokenInfos) -> wire.ListTokenInfosResponse:
    found = await tokens.list_made_by(call.tx, req.created_by_id, req.created_by_username)
    return wire.ListTokenInfosResponse([wire.TokenInfo.of(each) for each in found])


@management.get("/tokens/{token_id}", allow=ADMIN)
async def get_token(call: Call, req: wire.TokenId) -> wire.TokenInfoResponse:
    return wire.TokenInfoResponse(wire.TokenInfo.of(await tokens.get(call.tx, req.token_id)))


@management.delete("/tokens/{token_id}", allow=ADMIN)
async def delete_token(call: Call, req: wire.TokenId) -> None:
    await tokens.revoke_token(call.tx, req.token_id)


@management.patch("/tokens/{token_id}", allow=ADMIN)
async def update_token(call: Call, req: wire.UpdateToken) -> wire.TokenInfo:
    _check_mask(req.update_mask)
    return wire.TokenInfo.of(await tokens.describe(call.tx, req.token_id, req.token.comment))


@management.post("/on-behalf-of/tokens", allow=ADMIN.on(On("SERVICE_PRINCIPAL", "application_id", SERVICE_USER)))
async def create_token_on_behalf_of(call: Call, req: wire.CreateOnBehalfOf) -> wire.CreateOnBehalfOfResponse:
    """A token of a service principal, made by an administrator or by who may act as it."""
    made, secret = await _make(call, await tokens.service_principal(call.tx, req.application_id), req)
    return wire.CreateOnBehalfOfResponse(secret, wire.TokenInfo.of(made))


@secrets.post("/{service_principal_id}/credentials/secrets", allow=_MANAGED)
async def create_secret(call: Call, req: wire.CreateSecret) -> wire.SecretInfo:
    """A new secret of the service principal, shown this once."""
    _check_scopes(req.scopes)
    return wire.SecretInfo.of(*await service_secrets.create(call.tx, req.service_principal_id, req.lifetime))


@secrets.get("/{service_principal_id}/credentials/secrets", allow=_MANAGED)
async def list_secrets(call: Call, req: wire.OfServicePrincipal) -> wire.ListSecretsResponse:
    found = await service_secrets.list_of(call.tx, req.service_principal_id)
    return wire.ListSecretsResponse([wire.SecretInfo.of(each) for each in found])


@secrets.delete("/{service_principal_id}/credentials/secrets/{secret_id}", allow=_MANAGED)
async def delete_secret(call: Call, req: wire.SecretId) -> None:
    await service_secrets.delete(call.tx, req.service_principal_id, req.secret_id)
