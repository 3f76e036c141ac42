"""Principals, their access tokens, and the workspaces they are in.

A token is shown once and kept as a SHA-256. A caller on the server's own machine without credentials is the owner.
Every object of Lakeward belongs to one workspace; a principal has one role in each workspace it is a member of, and
administrators have every role everywhere. A removed token or principal stops working on all processes within a second.
"""

from lakeward.identity.addresses import Doorkeeper
from lakeward.identity.authentication import Arrival, Authenticator
from lakeward.identity.credentials import KINDS as CREDENTIALS
from lakeward.identity.credentials import allow as allow_credentials
from lakeward.identity.credentials import allowed as users_of_credentials
from lakeward.identity.passwords import make_administrator
from lakeward.identity.principals import get_or_create_principal, is_active
from lakeward.identity.records import OWNER_ID, OWNER_NAME
from lakeward.identity.single_sign_on import provider_of
from lakeward.identity.tasks import sweep_expired
from lakeward.identity.tokens import create_token, has_credentials, list_tokens, revoke_token
from lakeward.identity.workspaces import WorkspaceDirectory

__all__ = [
    "CREDENTIALS",
    "OWNER_ID",
    "OWNER_NAME",
    "Arrival",
    "Authenticator",
    "Doorkeeper",
    "WorkspaceDirectory",
    "allow_credentials",
    "create_token",
    "get_or_create_principal",
    "has_credentials",
    "is_active",
    "list_tokens",
    "make_administrator",
    "provider_of",
    "revoke_token",
    "sweep_expired",
    "users_of_credentials",
]
