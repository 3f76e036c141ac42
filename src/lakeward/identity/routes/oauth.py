"""OAuth 2.0 where the platform's clients look for it: `/oidc`."""

import base64
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec

from lakeward.identity import oauth
from lakeward.identity.records import Issued
from lakeward.identity.wire import oauth as wire
from lakeward.kit import errors
from lakeward.runtime.http import PUBLIC, SIGNED_IN, Call, Dialect, Reply, Routes, read_body, status_of

_MAX_FORM: Final = 64 << 10
_NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
_CODES: Final = frozenset(
    "invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope".split()
)


def _render(error: errors.LakewardError, _request_id: str) -> Reply:
    """RFC 6749 §5.2."""
    if error.code in _CODES:
        code = error.code
    elif isinstance(error, errors.InvalidParameter | errors.TooLarge):
        code = "invalid_request"
    elif isinstance(error, errors.Unavailable):
        code = "temporarily_unavailable"
    else:
        code = "access_denied" if status_of(error) < 500 else "server_error"
    headers = {"content-type": "application/json"} | _NO_STORE
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Basic realm="lakeward"'
    if isinstance(error, errors.Unavailable | errors.LimitExceeded):
        headers["retry-after"] = "1"
    return Reply(status_of(error), headers, msgspec.json.encode(wire.Error(code, error.message)))


routes = Routes("oauth", ("/oidc",), dialect=Dialect(wire.Error, _render))


def _metadata(call: Call) -> wire.ServerMetadata:
    return wire.ServerMetadata.at(f"{call.base_url}/oidc", oauth.SCOPES)


@routes.get("/.well-known/oauth-authorization-server", allow=PUBLIC, tx=None)
async def oauth_authorization_server(call: Call) -> wire.ServerMetadata:
    """Where clients find the addresses below."""
    return _metadata(call)


@routes.get("/.well-known/openid-configuration", allow=PUBLIC, tx=None)
async def openid_configuration(call: Call) -> wire.ServerMetadata:
    """The same at the other address that clients try. No id tokens are made here."""
    return _metadata(call)


@routes.get("/accounts/{account_id}/.well-known/oauth-authorization-server", allow=PUBLIC, tx=None)
async def account_authorization_server(call: Call, req: wire.Account) -> wire.ServerMetadata:  # noqa: ARG001
    """The same for an account: a server is one, whatever its id."""
    return _metadata(call)


@routes.get("/v1/authorize", allow=SIGNED_IN, tx="write", page=True)
async def authorize(call: Call, req: wire.Authorize) -> Reply:
    """Sends the browser of a signed-in person back to the program on their machine, with a code."""
    asked = oauth.Consent(
        req.client_id, req.redirect_uri, req.response_type, req.scope, req.state, req.code_challenge,
        req.code_challenge_method,
    )  # fmt: skip
    where = await oauth.authorize(call.tx, call.actor.id, asked)
    return Reply(302, {"location": where, "referrer-policy": "no-referrer"} | _NO_STORE)


@routes.post("/v1/token", allow=PUBLIC, raw_body=True, tx=None)
async def token(call: Call) -> Reply:
    """Exchanges a secret, a code or a refresh token for an access token."""
    form = await _form(call)
    client_id, secret = _client(call, form)
    grant = form.get("grant_type", "")
    issued: Issued | None
    async with call.db.transaction() as tx:
        if grant == "client_credentials":
            issued = await oauth.for_service(tx, client_id, secret, form.get("scope", ""))
        elif grant == "authorization_code":
            issued = await oauth.redeem(
                tx, client_id, form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
            )
        elif grant == "refresh_token":
            reusable = not call.settings.oauth_refresh_rotation
            issued = await oauth.refresh(tx, client_id, form.get("refresh_token", ""), reusable=reusable)
        else:
            raise errors.InvalidParameter(
                f"'grant_type' is {grant!r}; supported are client_credentials, authorization_code and refresh_token.",
                code="unsupported_grant_type",
            )
    if issued is None:
        raise errors.InvalidParameter(
            "The code or refresh token is wrong, used, expired or revoked, or belongs to another client.",
            code="invalid_grant",
        )
    body = msgspec.json.encode(wire.TokenResponse.of(issued))
    return Reply(200, {"content-type": "application/json"} | _NO_STORE, body)


@routes.post("/v1/revoke", allow=PUBLIC, raw_body=True, tx=None)
async def revoke(call: Call) -> Reply:
    """Ends an access or refresh token; the answer is the same if it was none (RFC 7009)."""
    form = await _form(call)
    async with call.db.transaction() as tx:
        await oauth.revoke(tx, form.get("token", ""))
    return Reply(200, {"content-type": "application/json"} | _NO_STORE, b"{}")


async def _form(call: Call) -> dict[str, str]:
    body = await read_body(call, _MAX_FORM)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise errors.InvalidParameter("The body is no form.", code="invalid_request") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise errors.InvalidParameter("A parameter is given twice.", code="invalid_request")
    return form


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    """(id, secret) from the Basic header or the form; public clients have no secret."""
    header = call.header("authorization")
    if header is None:
        return form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, value = header.partition(" ")
    try:
        name, found, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:  # not base64, or not UTF-8 in it
        name, found, secret = "", "", ""
    if scheme.lower() != "basic" or not found:
        raise errors.Unauthenticated("The client must authenticate with Basic.", code="invalid_client")
    return unquote_plus(name), unquote_plus(secret)
