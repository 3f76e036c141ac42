"""Every statement of identity, by noun. Nothing outside this package writes its tables."""

from lakeward.identity.store import oauth, principals, secrets, tokens, workspaces

__all__ = ["oauth", "principals", "secrets", "tokens", "workspaces"]
