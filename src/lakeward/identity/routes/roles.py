"""Rule sets: who holds which role on a group or a service principal."""

from collections.abc import Sequence

from lakeward.identity import roles
from lakeward.identity.records import Holding
from lakeward.identity.roles import GROUP_MANAGER, SERVICE_MANAGER, On
from lakeward.identity.wire import roles as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import ADMIN, SIGNED_IN, Call, Routes

routes = Routes(
    "access control",
    ("/api/2.0/preview/accounts/{account_id}/access-control", "/api/2.0/preview/accounts/access-control"),
)

_MANAGED = ADMIN.on(On(None, "name", SERVICE_MANAGER, GROUP_MANAGER))


def _answer(name: str, held: Sequence[Holding], etag: str) -> wire.RuleSet:
    return wire.RuleSet.of(name, [(each, roles.spelled(each)) for each in held], etag)


@routes.get("/assignable-roles", allow=SIGNED_IN)
async def list_assignable_roles(_call: Call, req: wire.AssignableRolesOf) -> wire.AssignableRoles:
    """The roles there are for a kind of resource; which ones there are, does not show."""
    return wire.AssignableRoles([wire.Role(each) for each in roles.assignable(req.resource)])


@routes.get("/rule-sets", allow=_MANAGED)
async def get_rule_set(call: Call, req: wire.GetRuleSet) -> wire.RuleSet:
    return _answer(req.name, *await roles.get(call.tx, roles.resource_of(req.name)))


@routes.put("/rule-sets", allow=_MANAGED)
async def update_rule_set(call: Call, req: wire.UpdateRuleSet) -> wire.RuleSet:
    """Replaces all rules, if nobody else has since they were read."""
    if req.rule_set.name not in ("", req.name):
        raise InvalidParameter("The rule set has another name than the request.")
    rules = [(each.role, each.principals) for each in req.rule_set.grant_rules]
    held, etag = await roles.replace(call.tx, roles.resource_of(req.name), rules, req.rule_set.etag)
    return _answer(req.name, held, etag)
