"""The experiments API, and Lakeward's own for saved views."""

from lakeward.access import MANAGE, Listed
from lakeward.experiments import experiments, search, views, wire
from lakeward.experiments.securable import EXPERIMENT, of_experiment, of_experiment_named
from lakeward.runtime.http import EDIT, MLFLOW_2_0, READ, USE, Call, Routes

routes = Routes("experiments", MLFLOW_2_0)
own = Routes("experiments", ("/api/2.0/lakeward",))

_SEEN = READ.on(Listed(EXPERIMENT))


@routes.post("/experiments/create", allow=USE)
async def create_experiment(call: Call, req: wire.CreateExperiment) -> wire.CreateExperimentResponse:
    experiment_id = await experiments.create(
        call.tx,
        call.workspace,
        req.name,
        location=req.artifact_location,
        tags=[(tag.key, tag.value) for tag in req.tags],
        databricks=call.databricks,
        owner=call.actor.id,
    )
    return wire.CreateExperimentResponse(str(experiment_id))


@routes.get("/experiments/get", allow=READ.on(of_experiment("experiment_id")))
async def get_experiment(call: Call, req: wire.ExperimentById) -> wire.ExperimentResponse:
    found = await experiments.get(call.tx, call.workspace, req.experiment_id)
    return wire.ExperimentResponse(wire.Experiment.of(found, databricks=call.databricks))


@routes.get("/experiments/get-by-name", allow=READ.on(of_experiment_named("experiment_name")))
async def get_experiment_by_name(call: Call, req: wire.ExperimentByName) -> wire.ExperimentResponse:
    found = await experiments.get_by_name(call.tx, call.workspace, req.experiment_name)
    return wire.ExperimentResponse(wire.Experiment.of(found, databricks=call.databricks))


@routes.post("/experiments/update", allow=EDIT.on(of_experiment("experiment_id")))
async def update_experiment(call: Call, req: wire.UpdateExperiment) -> None:
    if req.new_name is not None:
        await experiments.rename(call.tx, call.workspace, req.experiment_id, req.new_name, databricks=call.databricks)


@routes.post("/experiments/delete", allow=EDIT.on(of_experiment("experiment_id").needs(MANAGE)))
async def delete_experiment(call: Call, req: wire.ExperimentById) -> None:
    await experiments.delete(call.tx, call.workspace, req.experiment_id)


@routes.post("/experiments/restore", allow=EDIT.on(of_experiment("experiment_id").needs(MANAGE)))
async def restore_experiment(call: Call, req: wire.ExperimentById) -> None:
    await experiments.restore(call.tx, call.workspace, req.experiment_id)


@routes.post("/experiments/set-experiment-tag", allow=EDIT.on(of_experiment("experiment_id")))
async def set_experiment_tag(call: Call, req: wire.SetExperimentTag) -> None:
    await experiments.set_tag(call.tx, call.workspace, req.experiment_id, req.key, req.value)


@routes.post("/experiments/delete-experiment-tag", allow=EDIT.on(of_experiment("experiment_id")))
async def delete_experiment_tag(call: Call, req: wire.DeleteExperimentTag) -> None:
    await experiments.delete_tag(call.tx, call.workspace, req.experiment_id, req.key)


@routes.post("/experiments/search", allow=_SEEN, tx="read")
@routes.get("/experiments/search", allow=_SEEN)
@routes.get("/experiments/list", allow=_SEEN)
async def search_experiments(call: Call, req: wire.SearchExperiments) -> wire.SearchExperimentsResponse:
    found, token = await experiments.search(
        call.tx,
        call.workspace,
        filter_text=req.filter,
        order_by=req.order_by,
        view=search.view_of(req.view_type),
        max_results=req.max_results,
        page_token=req.page_token,
        sight=call.sight,
    )
    answered = [wire.Experiment.of(each, databricks=call.databricks) for each in found]
    return wire.SearchExperimentsResponse(answered, token)


# --- saved views. One's own are one's own: to have some it is enough to see the experiment.

_TO_SEE = READ.on(of_experiment("experiment_id"))
_TO_EDIT = EDIT.on(of_experiment("experiment_id"))


@own.get("/experiments/{experiment_id}/views", allow=_TO_SEE)
async def list_views(call: Call, req: wire.ListViews) -> wire.ListViewsResponse:
    found = await views.list_views(call.tx, call.workspace, req.experiment_id, req.table, call.actor.id)
    return wire.ListViewsResponse([wire.SavedView.of(each) for each in found])


@own.put("/experiments/{experiment_id}/views/{table}/{name...}", allow=_TO_SEE, tx=None)
async def save_own_view(call: Call, req: wire.SaveView) -> None:
    async with call.db.connection() as tx:
        key = await views.key_of(tx, call.workspace, req.experiment_id, req.table, req.name, call.actor.id)
        await views.save(tx, key, req.state, call.actor.name, instead_of=req.instead_of, only_new=req.only_new)


@own.delete("/experiments/{experiment_id}/views/{table}/{name...}", allow=_TO_SEE, tx=None)
async def delete_own_view(call: Call, req: wire.DeleteView) -> None:
    async with call.db.connection() as tx:
        await views.delete(
            tx, await views.key_of(tx, call.workspace, req.experiment_id, req.table, req.name, call.actor.id)
        )


@own.put("/experiments/{experiment_id}/shared-views/{table}/{name...}", allow=_TO_EDIT)
async def save_shared_view(call: Call, req: wire.SaveView) -> None:
    key = await views.key_of(call.tx, call.workspace, req.experiment_id, req.table, req.name, None)
    await views.save(call.tx, key, req.state, call.actor.name, instead_of=req.instead_of, only_new=req.only_new)


@own.delete("/experiments/{experiment_id}/shared-views/{table}/{name...}", allow=_TO_EDIT)
async def delete_shared_view(call: Call, req: wire.DeleteView) -> None:
    await views.delete(
        call.tx, await views.key_of(call.tx, call.workspace, req.experiment_id, req.table, req.name, None)
    )
