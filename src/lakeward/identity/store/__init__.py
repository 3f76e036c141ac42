"""Every statement of identity, by noun. Nothing outside this package writes its tables."""

from lakeward.identity.store import (
    addresses,
    oauth,
    passwords,
    principals,
    secrets,
    single_sign_on,
    tokens,
    workspaces,
)

__all__ = ["addresses", "oauth", "passwords", "principals", "secrets", "single_sign_on", "tokens", "workspaces"]
