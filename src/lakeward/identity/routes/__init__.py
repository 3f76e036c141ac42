"""The HTTP surface of identity: each API in a module of its own."""

from lakeward.identity.routes import (
    addresses,
    assignments,
    oauth,
    roles,
    scim,
    sign_in,
    single_sign_on,
    tokens,
    workspaces,
)

routes = [
    *workspaces.platform,
    *workspaces.routes,
    *workspaces.account,
    *scim.routes,
    *scim.account,
    *scim.both,
    *assignments.routes,
    *roles.routes,
    *tokens.own,
    *tokens.management,
    *tokens.secrets,
    *oauth.routes,
    *sign_in.routes,
    *single_sign_on.routes,
    *addresses.routes,
    *addresses.switches,
]

__all__ = ["routes"]
