"""Requests and responses of the token APIs and of the secrets of service principals, named as upstream."""

from datetime import UTC, datetime
from typing import Self

import msgspec

from lakeward.identity.records import ServiceSecret
from lakeward.identity.records import Token as TokenRecord
from lakeward.runtime.http import ALL_APIS, Int64

_NEVER = -1


def _ms(at: datetime | None) -> int:
    return _NEVER if at is None else int(at.timestamp() * 1000)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _scopes(record: TokenRecord) -> list[str]:
    return [ALL_APIS] if record.scopes is None else list(record.scopes)


class PublicTokenInfo(msgspec.Struct):
    """Of an own token. `expiry_time` is -1 for one that never expires."""

    token_id: str
    creation_time: int
    expiry_time: int
    comment: str
    scopes: list[str]

    @classmethod
    def of(cls, record: TokenRecord) -> Self:
        return cls(record.id, _ms(record.created_at), _ms(record.expires_at), record.comment, _scopes(record))


class TokenInfo(msgspec.Struct, omit_defaults=True):
    """Of anybody's token, as administrators see it."""

    token_id: str
    creation_time: int
    expiry_time: int
    comment: str
    owner_id: int
    created_by_id: int | None = None
    created_by_username: str | None = None
    last_used_day: int | None = None
    scopes: list[str] = []

    @classmethod
    def of(cls, record: TokenRecord) -> Self:
        return cls(
            record.id,
            _ms(record.created_at),
            _ms(record.expires_at),
            record.comment,
            record.principal_id,
            record.created_by_id,
            record.created_by,
            _ms(record.used_at) if record.used_at else None,
            _scopes(record),
        )


class CreateToken(msgspec.Struct):
    comment: str = ""
    lifetime_seconds: Int64 | None = None
    scopes: list[str] = []


class CreateTokenResponse(msgspec.Struct):
    token_value: str
    token_info: PublicTokenInfo


class ListTokensResponse(msgspec.Struct):
    token_infos: list[PublicTokenInfo]


class TokenId(msgspec.Struct):
    token_id: str


class TokenChange(msgspec.Struct):
    comment: str | None = None


class UpdateToken(msgspec.Struct):
    token_id: str
    token: TokenChange = msgspec.field(default_factory=TokenChange)
    update_mask: str = "comment"


class CreateOnBehalfOf(CreateToken, kw_only=True):
    application_id: str


class TokenInfoResponse(msgspec.Struct):
    token_info: TokenInfo


class CreateOnBehalfOfResponse(msgspec.Struct):
    token_value: str
    token_info: TokenInfo


class ListTokenInfos(msgspec.Struct):
    created_by_id: Int64 | None = None
    created_by_username: str | None = None


class ListTokenInfosResponse(msgspec.Struct):
    token_infos: list[TokenInfo]


class OfServicePrincipal(msgspec.Struct, kw_only=True):
    """`account_id` stands in the path of the account's form of the API."""

    service_principal_id: str
    account_id: str = ""


class CreateSecret(OfServicePrincipal, kw_only=True):
    lifetime: str = ""
    scopes: list[str] = []


class SecretId(OfServicePrincipal, kw_only=True):
    secret_id: str


class SecretInfo(msgspec.Struct, omit_defaults=True):
    id: str
    secret_hash: str
    status: str
    create_time: str
    update_time: str
    expire_time: str
    secret: str = ""  # shown once

    @classmethod
    def of(cls, record: ServiceSecret, secret: str = "") -> Self:
        made = _text(record.created_at)
        status = "ACTIVE" if record.expires_at > datetime.now(UTC) else "EXPIRED"
        return cls(record.id, record.hash.hex(), status, made, made, _text(record.expires_at), secret)


class ListSecretsResponse(msgspec.Struct):
    secrets: list[SecretInfo]
