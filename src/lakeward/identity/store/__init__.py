"""Every statement of identity, by noun. Nothing outside this package writes its tables."""

from lakeward.identity.store import (
    addresses,
    credentials,
    oauth,
    passwords,
    principals,
    roles,
    secrets,
    single_sign_on,
    tokens,
    workspaces,
)

__all__ = [
    "addresses", "credentials", "oauth", "passwords", "principals", "roles", "secrets", "single_sign_on", "tokens",
    "workspaces",
]  # fmt: skip
