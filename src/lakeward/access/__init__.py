"""Who may do what with which object: one engine for permissions of objects and for Unity Catalog's privileges.

A role in a workspace is a right on everything in it and costs nothing to check. Below it there are grants: privileges
on one object, or on what it lies in, held by users, service principals and groups. Rights only add up; administrators
have all. A kind of object says once which privileges make which right, and the check of one object, the condition of a
list and the explanation all come from that. A change counts within a second on every process.
"""

from lakeward.access import unity
from lakeward.access.explanations import Asked, Explanation, explain, explain_in
from lakeward.access.gate import Gate, Sight, seen
from lakeward.access.kinds import add_object_type, add_securable
from lakeward.access.objects import Found, Listed, Named, named
from lakeward.access.permissions import check as granted_name
from lakeward.access.records import (
    EDIT,
    EVERYWHERE,
    MANAGE,
    OWN,
    READ,
    Acl,
    Binding,
    Formula,
    Held,
    Kind,
    Level,
    Right,
    Way,
    from_,
    number,
)
from lakeward.access.store import find_principals, own, transfer

__all__ = [
    "EDIT",
    "EVERYWHERE",
    "MANAGE",
    "OWN",
    "READ",
    "Acl",
    "Asked",
    "Binding",
    "Explanation",
    "Formula",
    "Found",
    "Gate",
    "Held",
    "Kind",
    "Level",
    "Listed",
    "Named",
    "Right",
    "Sight",
    "Way",
    "add_object_type",
    "add_securable",
    "explain",
    "explain_in",
    "find_principals",
    "from_",
    "granted_name",
    "named",
    "number",
    "own",
    "seen",
    "transfer",
    "unity",
]
