"""The workspace registry as `databricks-sdk` calls it (`w.model_registry`), where that is not the classic API."""

from typing import Final

from lakeward.registry import models as nouns
from lakeward.registry import platform_wire, wire
from lakeward.registry.records import RegisteredModel
from lakeward.registry.routes import classic
from lakeward.registry.securable import BY_ID, REGISTERED_MODEL, of_model, stage
from lakeward.runtime.http import EDIT, READ, Call, Routes

_PREFIX: Final = "/api/2.0/mlflow/databricks"
models = Routes("registered models", (f"{_PREFIX}/registered-models",))
versions = Routes("model versions", (f"{_PREFIX}/model-versions",))

_MODEL = of_model("name")


@models.get("/get", allow=READ.on(_MODEL))
async def get_registered_model_databricks(
    call: Call, req: wire.RegisteredModelByName
) -> platform_wire.GetRegisteredModelDatabricksResponse:
    """With the id by which the permissions API knows it, and the level the caller has."""
    found = await nouns.get(call.tx, call.workspace, req.name)
    shown = platform_wire.RegisteredModelDatabricks.shown(found, await _level(call, found))
    return platform_wire.GetRegisteredModelDatabricksResponse(shown)


@versions.post("/transition-stage", allow=EDIT.on(_MODEL.needs(stage)))
async def transition_model_version_stage_databricks(
    call: Call, req: platform_wire.TransitionStageDatabricks
) -> platform_wire.TransitionStageDatabricksResponse:
    """Its comment stands in the activity log."""
    moved = await classic.moved(call, req, req.comment)
    return platform_wire.TransitionStageDatabricksResponse(wire.ModelVersion.of(moved, databricks=call.databricks))


async def _level(call: Call, model: RegisteredModel) -> str:
    """The highest level that counts for the caller: what his role amounts to, or what he was given."""
    acl = REGISTERED_MODEL.acl
    assert acl is not None
    role = None if call.foreign else call.actor.role_in(call.workspace)
    of_role = acl.of_role.get(role.name) if role else None
    name = str(model.id)
    least, *higher = acl.grades
    for level in reversed(higher):
        if level == of_role:
            return level
        right = REGISTERED_MODEL.words[level]
        if (await call.access.verdicts(call.actor, call.workspace, BY_ID, [name], right))[name]:
            return level
    return least
