"""Every statement of identity, by noun. Nothing outside this package writes its tables."""

from lakeward.identity.store import principals, secrets, tokens, workspaces

__all__ = ["principals", "secrets", "tokens", "workspaces"]
