"""The LoggedModels API."""

from lakeward.experiments import of_experiment, of_run
from lakeward.logged_models import models, wire
from lakeward.logged_models.securable import of_logged_model
from lakeward.runtime.http import EDIT, MLFLOW_2_0, READ, Call, Routes

routes = Routes("logged-models", MLFLOW_2_0)

_MODEL = of_logged_model("model_id")
_CREATE = EDIT.on(of_experiment("experiment_id"), of_run("source_run_id").read())


@routes.post("/logged-models", allow=_CREATE, tx="statement")
async def create_logged_model(call: Call, req: wire.CreateLoggedModel) -> wire.LoggedModelResponse:
    made = await models.create(
        call.tx,
        call.db,
        call.workspace,
        call.actor.id,
        req.experiment_id,
        name=req.name,
        model_type=req.model_type,
        source_run_id=req.source_run_id,
        params=[(each.key, each.value) for each in req.params],
        tags=[(each.key, each.value) for each in req.tags],
        record=call.record(),
    )
    return wire.LoggedModelResponse(wire.LoggedModel.of(made, databricks=call.databricks))


@routes.get("/logged-models/{model_id}", allow=READ.on(_MODEL))
async def get_logged_model(call: Call, req: wire.GetLoggedModel) -> wire.LoggedModelResponse:
    found = await models.get(call.tx, call.workspace, req.model_id, allow_deleted=req.allow_deleted)
    return wire.LoggedModelResponse(wire.LoggedModel.of(found, databricks=call.databricks))


@routes.patch("/logged-models/{model_id}", allow=EDIT.on(_MODEL))
async def finalize_logged_model(call: Call, req: wire.FinalizeLoggedModel) -> wire.LoggedModelResponse:
    changed = await models.finalize(call.tx, call.workspace, req.model_id, req.status)
    return wire.LoggedModelResponse(wire.LoggedModel.of(changed, databricks=call.databricks))


@routes.delete("/logged-models/{model_id}", allow=EDIT.on(_MODEL))
async def delete_logged_model(call: Call, req: wire.DeleteLoggedModel) -> None:
    await models.delete(call.tx, call.workspace, req.model_id)


@routes.post("/logged-models/search", allow=READ.on(of_experiment("experiment_ids").kept()), tx="read")
async def search_logged_models(call: Call, req: wire.SearchLoggedModels) -> wire.SearchLoggedModelsResponse:
    page = await models.search(
        call.tx,
        call.workspace,
        req.experiment_ids,
        filter=req.filter,
        datasets=[(each.dataset_name, each.dataset_digest) for each in req.datasets],
        order_by=[(each.field_name, each.ascending, each.dataset_name, each.dataset_digest) for each in req.order_by],
        max_results=req.max_results,
        page_token=req.page_token,
    )
    return wire.SearchLoggedModelsResponse(
        [wire.LoggedModel.of(each, databricks=call.databricks) for each in page.models], page.next_page_token
    )


@routes.patch("/logged-models/{model_id}/tags", allow=EDIT.on(_MODEL))
async def set_logged_model_tags(call: Call, req: wire.SetLoggedModelTags) -> wire.LoggedModelResponse:
    tags = [(each.key, each.value) for each in req.tags]
    changed = await models.set_tags(call.tx, call.db, call.workspace, req.model_id, tags)
    return wire.LoggedModelResponse(wire.LoggedModel.of(changed, databricks=call.databricks))


# compat(mlflow 3.17): the client writes the key into the path as it is, slashes included
@routes.delete("/logged-models/{model_id}/tags/{tag_key...}", allow=EDIT.on(_MODEL))
async def delete_logged_model_tag(call: Call, req: wire.DeleteLoggedModelTag) -> None:
    await models.delete_tag(call.tx, call.workspace, req.model_id, req.tag_key)


@routes.post("/logged-models/{model_id}/params", allow=EDIT.on(_MODEL))
async def log_logged_model_params(call: Call, req: wire.LogLoggedModelParams) -> None:
    params = [(each.key, each.value) for each in req.params]
    await models.log_params(call.tx, call.db, call.workspace, req.model_id, params)
