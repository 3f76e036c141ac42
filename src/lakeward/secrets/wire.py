"""Requests and responses of the secrets API, named as in the platform's SDK."""

from typing import Any

import msgspec

from lakeward.runtime.http import Secret


class CreateScope(msgspec.Struct):
    scope: str
    initial_manage_principal: str | None = None
    scope_backend_type: str = "DATABRICKS"
    backend_azure_keyvault: dict[str, Any] | None = None


class ScopeByName(msgspec.Struct):
    scope: str


class SecretScope(msgspec.Struct):
    name: str
    backend_type: str = "DATABRICKS"


class ListScopesResponse(msgspec.Struct):
    scopes: list[SecretScope]


class PutSecret(msgspec.Struct):
    """Exactly one of the two values; `bytes_value` is base64. Neither is ever shown."""

    scope: str
    key: str
    string_value: Secret | None = None
    bytes_value: Secret | None = None

    def __repr__(self) -> str:
        return f"PutSecret({self.scope!r}, {self.key!r}, ...)"


class SecretByKey(msgspec.Struct):
    scope: str
    key: str


class SecretMetadata(msgspec.Struct):
    key: str
    last_updated_timestamp: int


class ListSecretsResponse(msgspec.Struct):
    secrets: list[SecretMetadata]


class GetSecretResponse(msgspec.Struct):
    """The value in base64."""

    key: str
    value: str

    def __repr__(self) -> str:
        return f"GetSecretResponse({self.key!r}, ...)"


class PutAcl(msgspec.Struct):
    scope: str
    principal: str
    permission: str


class AclOf(msgspec.Struct):
    scope: str
    principal: str


class AclItem(msgspec.Struct):
    principal: str
    permission: str


class ListAclsResponse(msgspec.Struct):
    items: list[AclItem]
