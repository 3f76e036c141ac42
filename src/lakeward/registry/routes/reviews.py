"""Comments on versions and requests for transitions, as the workspace registry of `databricks-sdk` has them."""

from lakeward.access import MANAGE, Way
from lakeward.kit.errors import PermissionDenied
from lakeward.registry import reviews, securable
from lakeward.registry import reviews_wire as wire
from lakeward.registry.records import PRODUCTION, Comment, TransitionRequest
from lakeward.registry.routes.classic import check_leaving
from lakeward.registry.securable import BY_ID, BY_NAME, REVIEW, TO_PRODUCTION, TO_STAGING, of_comment, of_model
from lakeward.runtime.http import EDIT, READ, Call, Role, Routes

comments = Routes("model version comments", ("/api/2.0/mlflow/comments",))
requests = Routes("transition requests", ("/api/2.0/mlflow/transition-requests",))

_MODEL = of_model("name")
_READ = READ.on(_MODEL)
_REVIEW = READ.on(_MODEL.needs(REVIEW))
_DECIDE = EDIT.on(_MODEL.needs(securable.stage))
_COMMENT = READ.on(of_comment("id").needs(REVIEW))


@comments.post("/create", allow=_REVIEW)
async def create_comment(call: Call, req: wire.CreateComment) -> wire.CommentResponse:
    made = await reviews.comment(call.tx, call.workspace, call.actor, req.name, str(req.version), req.comment)
    return await _shown(call, made)


@comments.patch("/update", allow=_COMMENT)
async def update_comment(call: Call, req: wire.UpdateComment) -> wire.CommentResponse:
    return await _shown(call, await reviews.edit_comment(call.tx, call.workspace, call.actor, req.id, req.comment))


@comments.delete("/delete", allow=_COMMENT)
async def delete_comment(call: Call, req: wire.CommentById) -> None:
    """By who wrote it, or who manages the model."""
    found = await reviews.get_comment(call.tx, call.workspace, req.id)
    if found.creator_id != call.actor.id and not await _may(call, BY_ID, str(found.model_id), MANAGE):
        raise PermissionDenied(f"The comment is by '{found.creator}'; only who manages the model may delete it too.")
    await reviews.delete_comment(call.tx, call.workspace, found)


async def _shown(call: Call, comment: Comment) -> wire.CommentResponse:
    own = comment.creator_id == call.actor.id
    actions = ["EDIT_COMMENT"] if own else []
    if own or await _may(call, BY_ID, str(comment.model_id), MANAGE):
        actions.append("DELETE_COMMENT")
    return wire.CommentResponse(wire.Comment.of(comment, actions))


# ── requests for transitions ─────────────────────────────────────────────────────────────────────────────────────────


@requests.post("/create", allow=_REVIEW)
async def create_transition_request(call: Call, req: wire.CreateTransitionRequest) -> wire.TransitionRequestResponse:
    made = await reviews.ask(call.tx, call.workspace, call.actor, req.name, str(req.version), req.stage, req.comment)
    return wire.TransitionRequestResponse(await _open(call, req.name, made))


@requests.get("/list", allow=_READ)
async def list_transition_requests(call: Call, req: wire.ListTransitionRequests) -> wire.ListTransitionRequestsResponse:
    found = await reviews.list_requests(call.tx, call.workspace, req.name, req.version)
    return wire.ListTransitionRequestsResponse([await _open(call, req.name, each) for each in found])


@requests.post("/approve", allow=_DECIDE)
async def approve_transition_request(call: Call, req: wire.ApproveTransitionRequest) -> wire.ActivityResponse:
    await check_leaving(call, req)
    done = await reviews.approve(
        call.tx,
        call.workspace,
        req.name,
        str(req.version),
        req.stage,
        archive_existing=req.archive_existing_versions,
        comment=req.comment,
    )
    return wire.ActivityResponse(wire.Activity.decided(done, req.comment))


@requests.post("/reject", allow=_DECIDE)
async def reject_transition_request(call: Call, req: wire.RejectTransitionRequest) -> wire.ActivityResponse:
    done = await reviews.reject(call.tx, call.workspace, req.name, str(req.version), req.stage, comment=req.comment)
    return wire.ActivityResponse(wire.Activity.decided(done, req.comment))


@requests.delete("/delete", allow=_REVIEW)
async def delete_transition_request(call: Call, req: wire.DeleteTransitionRequest) -> wire.ActivityResponse:
    """By who asked, or who manages the model."""
    if req.creator != call.actor.name and not await _may(call, BY_NAME, req.name, MANAGE):
        raise PermissionDenied(f"Only '{req.creator}', and who manages the model, may cancel that request.")
    done = await reviews.cancel(
        call.tx, call.workspace, req.name, str(req.version), req.stage, creator=req.creator, comment=req.comment
    )
    return wire.ActivityResponse(wire.Activity.decided(done, req.comment))


async def _open(call: Call, name: str, request: TransitionRequest) -> wire.Activity:
    """With what the caller may do about it."""
    decides = TO_PRODUCTION if PRODUCTION in (request.from_stage, request.to_stage) else TO_STAGING
    actions = []
    if await _may(call, BY_NAME, name, decides):
        actions += ["APPROVE_TRANSITION_REQUEST", "REJECT_TRANSITION_REQUEST"]
    if request.creator_id == call.actor.id or await _may(call, BY_NAME, name, MANAGE):
        actions.append("CANCEL_TRANSITION_REQUEST")
    return wire.Activity.asked(request, actions)


async def _may(call: Call, way: Way, name: str, right: str) -> bool:
    """Whether the caller has a right that the role EDIT brings along."""
    role = None if call.foreign else call.actor.role_in(call.workspace)
    if call.actor.is_admin or (role is not None and role >= Role.EDIT):
        return True
    return bool((await call.access.verdicts(call.actor, call.workspace, way, [name], right))[name])
