"""HTTP from the wire to a typed call and back: the only way in.

One route table holds every path; a route without an access rule does not exist (`allow` is required). For each request:
check Host and Origin, match, authenticate, choose the workspace, apply the rule, read the body within its limit, decode
it into the route's struct, ask for a right on what it names where the role is not enough, open the transaction, call
the handler, encode, render errors in the route's dialect.
Only this package and the features' `routes.py` know HTTP.
"""

from lakeward.runtime.http.access import (
    ADMIN,
    EDIT,
    MANAGE,
    PUBLIC,
    READ,
    SIGNED_IN,
    SIGNED_URL,
    USE,
    Actor,
    Role,
    Rule,
)
from lakeward.runtime.http.address import Address, Network, networks, within
from lakeward.runtime.http.application import Application, Hooks
from lakeward.runtime.http.call import Call, workspace_named
from lakeward.runtime.http.decode import read_body
from lakeward.runtime.http.guard import Guard
from lakeward.runtime.http.render import SIGN_IN_PAGE, Dialect, ErrorBody, status_of
from lakeward.runtime.http.reply import Empty, Reply
from lakeward.runtime.http.scopes import ALL_APIS, SCOPES
from lakeward.runtime.http.table import MLFLOW_2_0, Route, Routes
from lakeward.runtime.http.wire import Float, Int64, Secret, spell
from lakeward.runtime.http.witness import Outcome, Witness

__all__ = [
    "ADMIN",
    "ALL_APIS",
    "EDIT",
    "MANAGE",
    "MLFLOW_2_0",
    "PUBLIC",
    "READ",
    "SCOPES",
    "SIGNED_IN",
    "SIGNED_URL",
    "SIGN_IN_PAGE",
    "USE",
    "Actor",
    "Address",
    "Application",
    "Call",
    "Dialect",
    "Empty",
    "ErrorBody",
    "Float",
    "Guard",
    "Hooks",
    "Int64",
    "Network",
    "Outcome",
    "Reply",
    "Role",
    "Route",
    "Routes",
    "Rule",
    "Secret",
    "Witness",
    "networks",
    "read_body",
    "spell",
    "status_of",
    "within",
    "workspace_named",
]
