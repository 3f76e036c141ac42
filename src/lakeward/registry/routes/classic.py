"""The registry as http clients know it: registered models, versions, stages, aliases; prompts are models with a tag."""

import functools

from lakeward.access import MANAGE, Listed
from lakeward.registry import files, wire
from lakeward.registry import models as nouns
from lakeward.registry import versions as version_nouns
from lakeward.registry.records import PRODUCTION, ModelVersion
from lakeward.registry.routes.governing import governed
from lakeward.registry.securable import (
    BY_NAME,
    ORIGINS,
    REGISTERED_MODEL,
    TO_PRODUCTION,
    VERSION,
    new_model,
    of_model,
    of_one_model,
    stage,
    tagging,
)
from lakeward.registry.splits import KEY_HEADER
from lakeward.runtime.http import EDIT, READ, Call, Routes

_PREFIXES = ("/api/2.0/mlflow/registered-models", "/ajax-api/2.0/mlflow/registered-models")
models = Routes("registered models", _PREFIXES)
versions = Routes("model versions", ("/api/2.0/mlflow/model-versions", "/ajax-api/2.0/mlflow/model-versions"))

_MODEL = of_model("name")
_READ = READ.on(_MODEL)
_EDIT = EDIT.on(_MODEL)
_TAG = EDIT.on(_MODEL.needs(tagging))
_MANAGE = EDIT.on(_MODEL.needs(MANAGE))


@models.post("/create", allow=EDIT.on(new_model()), tx="statement")
async def create_registered_model(call: Call, req: wire.CreateRegisteredModel) -> wire.RegisteredModelResponse:
    tags = wire.pairs(req.tags)
    await governed(call, tags)
    made = await nouns.create(
        call.tx,
        call.workspace,
        call.actor,
        req.name,
        description=req.description,
        deployment_job_id=req.deployment_job_id,
        tags=tags,
        record=call.record(),
    )
    return wire.RegisteredModelResponse(wire.RegisteredModel.of(made, databricks=call.databricks))


@models.get("/get", allow=_READ)
async def get_registered_model(call: Call, req: wire.RegisteredModelByName) -> wire.RegisteredModelResponse:
    found = await nouns.get(call.tx, call.workspace, req.name)
    return wire.RegisteredModelResponse(wire.RegisteredModel.of(found, databricks=call.databricks))


@models.get("/list", allow=READ.on(Listed(REGISTERED_MODEL)))  # compat(databricks-sdk 0.156): test_sdk_registry
@models.get("/search", allow=READ.on(Listed(REGISTERED_MODEL)))
async def search_registered_models(call: Call, req: wire.Search) -> wire.SearchRegisteredModelsResponse:
    found, token = await nouns.search_models(
        call.tx,
        call.workspace,
        filter_text=req.filter,
        order_by=req.order_by,
        max_results=req.max_results,
        page_token=req.page_token,
        sight=call.sight,
    )
    answered = [wire.RegisteredModel.of(each, databricks=call.databricks) for each in found]
    return wire.SearchRegisteredModelsResponse(answered, token)


@models.patch("/update", allow=_EDIT)
async def update_registered_model(call: Call, req: wire.UpdateRegisteredModel) -> wire.RegisteredModelResponse:
    changed = await nouns.update(
        call.tx, call.workspace, req.name, description=req.description, deployment_job_id=req.deployment_job_id
    )
    return wire.RegisteredModelResponse(wire.RegisteredModel.of(changed, databricks=call.databricks))


@models.post("/rename", allow=EDIT.on(_MODEL.needs(MANAGE), new_model("new_name")))
async def rename_registered_model(call: Call, req: wire.RenameRegisteredModel) -> wire.RegisteredModelResponse:
    renamed = await nouns.rename(call.tx, call.workspace, req.name, req.new_name)
    return wire.RegisteredModelResponse(wire.RegisteredModel.of(renamed, databricks=call.databricks))


@models.delete("/delete", allow=_MANAGE)
async def delete_registered_model(call: Call, req: wire.RegisteredModelByName) -> None:
    await nouns.delete(call.tx, call.workspace, req.name)
    call.afterwards(functools.partial(files.sweep, call.db, call.objects))


@models.get("/get-latest-versions", allow=_READ)
@models.post("/get-latest-versions", allow=_READ, tx="read")
async def get_latest_versions(call: Call, req: wire.GetLatestVersions) -> wire.ModelVersionsResponse:
    found = await version_nouns.latest(call.tx, call.workspace, req.name, req.stages)
    return wire.ModelVersionsResponse([wire.ModelVersion.of(each, databricks=call.databricks) for each in found])


@models.post("/set-tag", allow=_TAG, tx="statement")
async def set_registered_model_tag(call: Call, req: wire.SetRegisteredModelTag) -> None:
    await governed(call, [(req.key, req.value)])
    await nouns.set_tag(call.tx, call.workspace, req.name, req.key, req.value, record=call.record())


@models.delete("/delete-tag", allow=_TAG)
async def delete_registered_model_tag(call: Call, req: wire.DeleteRegisteredModelTag) -> None:
    await governed(call, [(req.key, None)])
    await nouns.delete_tag(call.tx, call.workspace, req.name, req.key)


@models.post("/alias", allow=_EDIT, tx="statement")
async def set_registered_model_alias(call: Call, req: wire.SetAlias) -> None:
    version = str(req.version)
    await version_nouns.set_alias(call.tx, call.workspace, req.name, req.alias, version, record=call.record())


@models.delete("/alias", allow=_EDIT)
async def delete_registered_model_alias(call: Call, req: wire.Alias) -> None:
    await version_nouns.delete_alias(call.tx, call.workspace, req.name, req.alias)


@models.get("/alias", allow=_READ)
async def get_model_version_by_alias(call: Call, req: wire.Alias) -> wire.ModelVersionResponse:
    key = call.header(KEY_HEADER)
    found = await version_nouns.get_by_alias(call.tx, call.workspace, req.name, req.alias, key=key)
    return wire.ModelVersionResponse(wire.ModelVersion.of(found, databricks=call.databricks))


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@versions.post("/create", allow=EDIT.on(_MODEL.needs(VERSION), ORIGINS), tx="statement")
async def create_model_version(call: Call, req: wire.CreateModelVersion) -> wire.ModelVersionResponse:
    tags = wire.pairs(req.tags)
    await governed(call, tags)
    made = await version_nouns.create(
        call.tx,
        call.db,
        call.workspace,
        call.actor.name,
        req.name,
        source=req.source,
        run_id=req.run_id,
        model_id=req.model_id,
        run_link=req.run_link,
        description=req.description,
        tags=tags,
        record=call.record(),
    )
    return wire.ModelVersionResponse(wire.ModelVersion.of(made, databricks=call.databricks))


@versions.get("/get", allow=_READ)
async def get_model_version(call: Call, req: wire.VersionById) -> wire.ModelVersionResponse:
    found = await version_nouns.get(call.tx, call.workspace, req.name, str(req.version))
    return wire.ModelVersionResponse(wire.ModelVersion.of(found, databricks=call.databricks))


@versions.get("/get-download-uri", allow=_READ)
async def get_model_version_download_uri(call: Call, req: wire.VersionById) -> wire.DownloadUri:
    found = await version_nouns.get_ready(call.tx, call.workspace, req.name, str(req.version))
    return wire.DownloadUri(files.place(found, databricks=call.databricks, confined=call.confined))


@versions.get("/search", allow=READ.on(Listed(REGISTERED_MODEL, within=of_one_model)))
async def search_model_versions(call: Call, req: wire.Search) -> wire.SearchModelVersionsResponse:
    found, token = await version_nouns.search_versions(
        call.tx,
        call.workspace,
        filter_text=req.filter,
        order_by=req.order_by,
        max_results=req.max_results,
        page_token=req.page_token,
        sight=call.sight,
    )
    answered = [wire.ModelVersion.of(each, databricks=call.databricks) for each in found]
    return wire.SearchModelVersionsResponse(answered, token)


@versions.patch("/update", allow=EDIT.on(_MODEL.needs(VERSION)))
async def update_model_version(call: Call, req: wire.UpdateModelVersion) -> wire.ModelVersionResponse:
    changed = await version_nouns.describe(call.tx, call.workspace, req.name, str(req.version), req.description)
    return wire.ModelVersionResponse(wire.ModelVersion.of(changed, databricks=call.databricks))


@versions.post("/transition-stage", allow=EDIT.on(_MODEL.needs(stage)))
async def transition_model_version_stage(call: Call, req: wire.TransitionStage) -> wire.ModelVersionResponse:
    return wire.ModelVersionResponse(wire.ModelVersion.of(await moved(call, req), databricks=call.databricks))


async def moved(call: Call, req: wire.TransitionStage, comment: str = "") -> ModelVersion:
    """The version in the stage that is asked for, if the caller may move it there."""
    await check_leaving(call, req)
    done = await version_nouns.transition(
        call.tx,
        call.workspace,
        req.name,
        str(req.version),
        req.stage,
        archive_existing=req.archive_existing_versions,
        comment=comment,
    )
    return done.version


async def check_leaving(call: Call, req: wire.TransitionStage) -> None:
    """From Production it takes the right to Production as well."""
    if call.confined and stage(req) != TO_PRODUCTION:
        current = await version_nouns.get(call.tx, call.workspace, req.name, str(req.version))
        if current.stage == PRODUCTION:
            await call.access.require(call.actor, call.workspace, BY_NAME, [req.name], TO_PRODUCTION)


@versions.delete("/delete", allow=_MANAGE)
async def delete_model_version(call: Call, req: wire.VersionById) -> None:
    await version_nouns.delete(call.tx, call.workspace, req.name, str(req.version))
    call.afterwards(functools.partial(files.sweep, call.db, call.objects))


@versions.post("/set-tag", allow=_TAG, tx="statement")
async def set_model_version_tag(call: Call, req: wire.SetModelVersionTag) -> None:
    version = str(req.version)
    await governed(call, [(req.key, req.value)])
    await version_nouns.set_tag(call.tx, call.workspace, req.name, version, req.key, req.value, record=call.record())


@versions.delete("/delete-tag", allow=_TAG)
async def delete_model_version_tag(call: Call, req: wire.DeleteModelVersionTag) -> None:
    await governed(call, [(req.key, None)])
    await version_nouns.delete_tag(call.tx, call.workspace, req.name, str(req.version), req.key)
