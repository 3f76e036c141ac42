"""Messages of OAuth 2.0, named as in RFC 6749 and RFC 8414."""

from collections.abc import Sequence
from typing import Self

import msgspec

from lakeward.identity.records import Issued


class ServerMetadata(msgspec.Struct):
    """RFC 8414."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    code_challenge_methods_supported: list[str]

    @classmethod
    def at(cls, root: str, scopes: Sequence[str]) -> Self:
        """Of the server whose OAuth is below this address."""
        return cls(
            issuer=root,
            authorization_endpoint=f"{root}/v1/authorize",
            token_endpoint=f"{root}/v1/token",
            revocation_endpoint=f"{root}/v1/revoke",
            scopes_supported=list(scopes),
            response_types_supported=["code"],
            grant_types_supported=["authorization_code", "client_credentials", "refresh_token"],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post", "none"],
            code_challenge_methods_supported=["S256"],
        )


class Account(msgspec.Struct):
    account_id: str


class Authorize(msgspec.Struct):
    client_id: str
    redirect_uri: str
    response_type: str = ""
    scope: str = ""
    state: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""


class TokenResponse(msgspec.Struct, omit_defaults=True):
    access_token: str
    token_type: str
    expires_in: int
    scope: str
    refresh_token: str | None = None

    @classmethod
    def of(cls, issued: Issued) -> Self:
        return cls(issued.access_token, "Bearer", issued.expires_in, issued.scopes, issued.refresh_token)


class Error(msgspec.Struct):
    error: str
    error_description: str
