"""Governed tags: which values a key may have; grants on a policy say who may assign it."""

from lakeward.access import MANAGE as MANAGING
from lakeward.access import Listed
from lakeward.catalog import policies
from lakeward.catalog.policies import TAG_POLICIES, of_tag_policy
from lakeward.catalog.securable import in_metastore, unity
from lakeward.catalog.wire import policies as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import MANAGE, READ, Call, Routes

routes = Routes("unity catalog", ("/api/2.1/tag-policies",))

_POLICY = of_tag_policy("tag_key")
_MANAGED = MANAGE.on(_POLICY.needs(MANAGING))
_FIELDS = {"description", "values"}


@routes.post("", allow=MANAGE.on(in_metastore("CREATE_TAG_POLICY")))
async def create_tag_policy(call: Call, req: wire.CreateTagPolicy) -> wire.TagPolicy:
    made = await policies.create(
        call.tx,
        call.workspace,
        call.actor,
        req.tag_key,
        description=req.description,
        values=[each.name for each in req.values],
    )
    policies.forget_keys(call.db)
    return wire.TagPolicy.of(made)


@routes.get("", allow=READ.on(Listed(TAG_POLICIES, unity.BROWSE)))
async def list_tag_policies(call: Call, req: wire.ListTagPolicies) -> wire.ListTagPoliciesResponse:
    found, token = await policies.page(call.tx, call.workspace, call.sight, req.page_size, req.page_token)
    return wire.ListTagPoliciesResponse([wire.TagPolicy.of(each) for each in found], token)


@routes.get("/{tag_key}", allow=READ.on(_POLICY.needs(unity.BROWSE)))
async def get_tag_policy(call: Call, req: wire.TagPolicyByKey) -> wire.TagPolicy:
    return wire.TagPolicy.of(await policies.get(call.tx, call.workspace, req.tag_key))


@routes.patch("/{tag_key}", allow=_MANAGED)
async def update_tag_policy(call: Call, req: wire.UpdateTagPolicy) -> wire.TagPolicy:
    mask = {each.strip() for each in req.update_mask.split(",") if each.strip()}
    fields = _FIELDS if "*" in mask else mask
    if not fields or fields - _FIELDS:
        raise InvalidParameter(
            f"Invalid update_mask {req.update_mask[:100]!r}: it names description, values, or both; or it is *."
        )
    changed = await policies.update(
        call.tx,
        call.workspace,
        req.tag_key,
        description=req.description if "description" in fields else None,
        values=[each.name for each in req.values] if "values" in fields else None,
    )
    return wire.TagPolicy.of(changed)


@routes.delete("/{tag_key}", allow=_MANAGED)
async def delete_tag_policy(call: Call, req: wire.TagPolicyByKey) -> None:
    await policies.delete(call.tx, call.workspace, req.tag_key)
    policies.forget_keys(call.db)
