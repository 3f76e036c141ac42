"""The HTTP surface of identity: each API in a module of its own."""

from lakeward.identity.routes import assignments, oauth, scim, tokens, workspaces

routes = [
    *workspaces.platform,
    *workspaces.routes,
    *scim.routes,
    *scim.account,
    *scim.both,
    *assignments.routes,
    *tokens.own,
    *tokens.management,
    *tokens.secrets,
    *oauth.routes,
]

__all__ = ["routes"]
