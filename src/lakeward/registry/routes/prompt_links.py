"""Links of prompt versions to models, traces and runs, as `databricks-uc` clients make them."""

from lakeward import logged_models, tracing, tracking
from lakeward.registry import links, unity_wire
from lakeward.registry.securable import LINKED_PROMPTS
from lakeward.runtime.http import EDIT, Call, Routes

routes = Routes("unity catalog prompts", ("/api/2.0/mlflow/unity-catalog/prompt-versions",))


def _pairs(entries: list[unity_wire.PromptVersionLinkEntry]) -> list[tuple[str, str]]:
    return [(each.name, each.version) for each in entries]


@routes.post("/links-to-models", allow=EDIT.on(logged_models.of_logged_model("model_ids").if_said(), LINKED_PROMPTS))
async def link_prompt_versions_to_models(call: Call, req: unity_wire.LinkPromptVersionsToModels) -> None:
    await links.to_models(call.tx, call.workspace, _pairs(req.prompt_versions), req.model_ids)


@routes.post("/links-to-traces", allow=EDIT.on(tracing.of_trace("trace_ids").if_said(), LINKED_PROMPTS))
async def link_prompts_to_traces(call: Call, req: unity_wire.LinkPromptsToTraces) -> None:
    await links.to_traces(call.tx, call.workspace, _pairs(req.prompt_versions), req.trace_ids)


@routes.post("/links-to-runs", allow=EDIT.on(tracking.of_run("run_ids").if_said(), LINKED_PROMPTS))
async def link_prompt_versions_to_runs(call: Call, req: unity_wire.LinkPromptVersionsToRuns) -> None:
    await links.to_runs(call.tx, call.workspace, _pairs(req.prompt_versions), req.run_ids)
