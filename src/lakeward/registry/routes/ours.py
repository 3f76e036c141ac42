"""What the registry does beyond what any client asks: Lakeward's own API."""

from lakeward.access import MANAGE
from lakeward.registry import activity, activity_wire, comparison, models, ours_wire, reviews, reviews_wire, splits
from lakeward.registry.securable import of_any
from lakeward.runtime.http import EDIT, READ, Call, Routes

routes = Routes("registry", ("/api/2.0/lakeward/registry",))

_READ = READ.on(of_any("name"))
_EDIT = EDIT.on(of_any("name"))


@routes.get("/entry", allow=_READ)
async def get_registry_entry(call: Call, req: ours_wire.EntryByName) -> ours_wire.Entry:
    """A model or a prompt, as the APIs of access call it."""
    return ours_wire.Entry.of(await models.get_any(call.tx, call.workspace, req.name))


@routes.patch("/entry", allow=EDIT.on(of_any("name").needs(MANAGE)))
async def update_registry_entry(call: Call, req: ours_wire.UpdateEntry) -> ours_wire.Entry:
    """Give a model or a prompt to another owner."""
    found = await models.get_any(call.tx, call.workspace, req.name)
    await models.transfer(call.tx, found, call.workspace, req.owner)
    return ours_wire.Entry.of(await models.get_any(call.tx, call.workspace, req.name))


@routes.get("/activity", allow=_READ)
async def list_registry_activity(call: Call, req: activity_wire.ListActivity) -> activity_wire.ListActivityResponse:
    found, token = await activity.page(
        call.tx, call.workspace, req.name, req.version, max_results=req.max_results, page_token=req.page_token
    )
    return activity_wire.ListActivityResponse([activity_wire.Activity.of(each) for each in found], token)


@routes.get("/comments", allow=_READ)
async def list_version_comments(call: Call, req: reviews_wire.ListComments) -> reviews_wire.ListCommentsResponse:
    """What was said of a version, the newest first. `w.model_registry` writes comments and cannot list them."""
    found, token = await reviews.list_comments(
        call.tx, call.workspace, req.name, req.version, max_results=req.max_results, page_token=req.page_token
    )
    return reviews_wire.ListCommentsResponse([reviews_wire.Comment.of(each) for each in found], token)


@routes.get("/prompts/diff", allow=_READ)
async def diff_prompt_versions(call: Call, req: ours_wire.DiffPrompts) -> ours_wire.DiffPromptsResponse:
    found = await comparison.of(call.tx, call.workspace, req.name, req.before, req.after)
    return ours_wire.DiffPromptsResponse.of(found)


@routes.put("/prompts/split", allow=_EDIT)
async def put_prompt_split(call: Call, req: ours_wire.PutSplit) -> ours_wire.Split:
    """Let an alias of a prompt lead to several versions."""
    arms = [(arm.version, arm.weight) for arm in req.arms]
    return ours_wire.Split.of(await splits.put(call.tx, call.workspace, req.name, req.alias, arms))


@routes.get("/prompts/split", allow=_READ)
async def get_prompt_split(call: Call, req: ours_wire.SplitByAlias) -> ours_wire.Split:
    return ours_wire.Split.of(await splits.get(call.tx, call.workspace, req.name, req.alias))


@routes.delete("/prompts/split", allow=_EDIT)
async def delete_prompt_split(call: Call, req: ours_wire.SplitByAlias) -> None:
    """The alias stays with the version of the greatest weight."""
    await splits.end(call.tx, call.workspace, req.name, req.alias)


@routes.get("/prompts/resolve", allow=_READ)
async def resolve_prompt_alias(call: Call, req: ours_wire.ResolveAlias) -> ours_wire.Resolved:
    """Which version a key gets: the same whenever it is asked, until the weights change."""
    key = req.key or call.header(splits.KEY_HEADER) or call.actor.name
    name, version = await splits.resolve(call.tx, call.workspace, req.name, req.alias, key)
    return ours_wire.Resolved(name, req.alias, key, str(version))
