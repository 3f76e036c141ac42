"""The registry as `databricks-uc` clients know it: names of three levels, uploads, no stages."""

import functools
import time

from lakeward import logged_models
from lakeward.access import MANAGE, Listed
from lakeward.registry import files, unity, unity_wire, upstream, wire
from lakeward.registry import models as model_nouns
from lakeward.registry import versions as version_nouns
from lakeward.registry.records import ModelVersion
from lakeward.registry.routes.governing import governed
from lakeward.registry.securable import (
    BY_FULL_NAME,
    NEW_PLACE,
    ORIGINS,
    REGISTERED_MODEL,
    VERSION,
    loading,
    new_model,
    of_one_model,
    of_uc_model,
    tagging,
    updating,
    writes,
)
from lakeward.runtime.http import EDIT, READ, USE, Call, Role, Routes

_PREFIX = "/api/2.0/mlflow/unity-catalog"
_CREDENTIALS_SECONDS = 3600

models = Routes("unity catalog models", (f"{_PREFIX}/registered-models",))
versions = Routes("unity catalog models", (f"{_PREFIX}/model-versions",))
choice = Routes("unity catalog models", (_PREFIX,))

_MODEL = of_uc_model("name")
_READ = READ.on(_MODEL)
_EDIT = EDIT.on(_MODEL)
_TAG = EDIT.on(_MODEL.needs(tagging))
_MANAGE = EDIT.on(_MODEL.needs(MANAGE))


async def _full(call: Call, found: ModelVersion) -> unity_wire.ModelVersionResponse:
    """With the params and metrics of the LoggedModel it was made from, as long as that is there."""
    model = None
    if found.logged_model_id:
        model = await logged_models.find(call.tx, call.workspace, found.logged_model_id)
    shown = unity_wire.ModelVersion.of(found, files.path(found), databricks=call.databricks, model=model)
    return unity_wire.ModelVersionResponse(shown)


@choice.get("/registered-models:is-databricks-sdk-models-artifact-repository-enabled", allow=USE, tx=None)
async def choose_artifact_repository(call: Call) -> unity_wire.ArtifactRepository:  # noqa: ARG001 - a fixed answer
    """Clients move the files of versions through the Files API."""
    return unity_wire.ArtifactRepository(is_databricks_sdk_models_artifact_repository_enabled=True)


@models.post("/create", allow=EDIT.on(new_model()), tx="statement")
async def create_uc_model(call: Call, req: wire.CreateRegisteredModel) -> unity_wire.RegisteredModelResponse:
    tags = wire.pairs(req.tags)
    await governed(call, tags)
    made = await unity.create_model(
        call.tx,
        call.workspace,
        call.actor,
        req.name,
        description=req.description,
        deployment_job_id=req.deployment_job_id,
        tags=tags,
        record=call.record(),
    )
    return unity_wire.RegisteredModelResponse(unity_wire.RegisteredModel.of(made))


@models.get("/get", allow=_READ)
async def get_uc_model(call: Call, req: wire.RegisteredModelByName) -> unity_wire.RegisteredModelResponse:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    found = await model_nouns.get(call.tx, call.workspace, name)
    return unity_wire.RegisteredModelResponse(unity_wire.RegisteredModel.of(found))


@models.get("/search", allow=READ.on(Listed(REGISTERED_MODEL)))
async def search_uc_models(
    call: Call, req: unity_wire.SearchRegisteredModels
) -> unity_wire.SearchRegisteredModelsResponse:
    found, token = await model_nouns.search_models(
        call.tx,
        call.workspace,
        filter_text=None,
        order_by=[],
        max_results=req.max_results or None,  # 0 asks for the server's own page
        page_token=req.page_token,
        sight=call.sight,
    )
    return unity_wire.SearchRegisteredModelsResponse([unity_wire.RegisteredModel.of(each) for each in found], token)


@models.patch("/update", allow=EDIT.on(_MODEL.needs(updating), NEW_PLACE))
async def update_uc_model(call: Call, req: unity_wire.UpdateRegisteredModel) -> unity_wire.RegisteredModelResponse:
    changed = await unity.update_model(
        call.tx,
        call.workspace,
        req.name,
        new_name=req.new_name,
        description=req.description,
        deployment_job_id=req.deployment_job_id,
    )
    return unity_wire.RegisteredModelResponse(unity_wire.RegisteredModel.of(changed))


@models.delete("/delete", allow=_MANAGE)
async def delete_uc_model(call: Call, req: wire.RegisteredModelByName) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    await model_nouns.delete(call.tx, call.workspace, name)
    call.afterwards(functools.partial(files.sweep, call.db, call.objects))


@models.post("/set-tag", allow=_TAG)
async def set_uc_model_tag(call: Call, req: wire.SetRegisteredModelTag) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    await governed(call, [(req.key, req.value)])
    await model_nouns.set_tag(call.tx, call.workspace, name, req.key, req.value)


@models.delete("/delete-tag", allow=_TAG)
async def delete_uc_model_tag(call: Call, req: wire.DeleteRegisteredModelTag) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    await governed(call, [(req.key, None)])
    await model_nouns.delete_tag(call.tx, call.workspace, name, req.key)


@models.post("/alias", allow=_EDIT)
async def set_uc_alias(call: Call, req: wire.SetAlias) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    await version_nouns.set_alias(call.tx, call.workspace, name, req.alias, str(req.version))


@models.delete("/alias", allow=_EDIT)
async def delete_uc_alias(call: Call, req: wire.Alias) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    await version_nouns.delete_alias(call.tx, call.workspace, name, req.alias)


@models.get("/alias", allow=_READ)
async def get_uc_version_by_alias(call: Call, req: wire.Alias) -> unity_wire.ModelVersionResponse:
    return await _full(call, await unity.get_by_alias(call.tx, call.workspace, req.name, req.alias))


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@versions.post("/create", allow=EDIT.on(_MODEL.needs(VERSION), ORIGINS))
async def create_uc_version(call: Call, req: unity_wire.CreateModelVersion) -> unity_wire.ModelVersionResponse:
    tags = wire.pairs(req.tags)
    await governed(call, tags)
    made = await unity.create_version(
        call.tx,
        call.workspace,
        call.actor.name,
        req.name,
        source=req.source,
        run_id=req.run_id,
        model_id=req.model_id,
        description=req.description,
        tags=tags,
    )
    read = upstream.of_header(call.header(upstream.HEADER))
    await upstream.keep(call.tx, made, read, upstream.of_dependencies(req.model_version_dependencies))
    return await _full(call, made)


@versions.post("/finalize", allow=EDIT.on(_MODEL.needs(VERSION)))
async def finalize_uc_version(call: Call, req: wire.VersionById) -> unity_wire.ModelVersionResponse:
    done = await unity.finalize_version(call.tx, call.db, call.workspace, req.name, str(req.version))
    return await _full(call, done)


@versions.get("/get", allow=_READ)
async def get_uc_version(call: Call, req: wire.VersionById) -> unity_wire.ModelVersionResponse:
    return await _full(call, await unity.get_version(call.tx, call.workspace, req.name, str(req.version)))


@versions.get("/search", allow=READ.on(Listed(REGISTERED_MODEL, within=of_one_model)))
async def search_uc_versions(call: Call, req: unity_wire.SearchModelVersions) -> unity_wire.SearchModelVersionsResponse:
    found, token = await version_nouns.search_versions(
        call.tx,
        call.workspace,
        filter_text=req.filter,
        order_by=[],
        max_results=req.max_results or None,
        page_token=req.page_token,
        sight=call.sight,
        any_case=True,
    )
    shown = [unity_wire.ModelVersion.of(each, files.path(each), databricks=call.databricks) for each in found]
    return unity_wire.SearchModelVersionsResponse(shown, token)


@versions.patch("/update", allow=EDIT.on(_MODEL.needs(VERSION)))
async def update_uc_version(call: Call, req: wire.UpdateModelVersion) -> unity_wire.ModelVersionResponse:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    changed = await version_nouns.describe(call.tx, call.workspace, name, str(req.version), req.description)
    return await _full(call, changed)


@versions.delete("/delete", allow=_MANAGE)
async def delete_uc_version(call: Call, req: wire.VersionById) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    await version_nouns.delete(call.tx, call.workspace, name, str(req.version))
    call.afterwards(functools.partial(files.sweep, call.db, call.objects))


@versions.post("/set-tag", allow=_TAG)
async def set_uc_version_tag(call: Call, req: wire.SetModelVersionTag) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    await governed(call, [(req.key, req.value)])
    await version_nouns.set_tag(call.tx, call.workspace, name, str(req.version), req.key, req.value)


@versions.delete("/delete-tag", allow=_TAG)
async def delete_uc_version_tag(call: Call, req: wire.DeleteModelVersionTag) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.name)
    await governed(call, [(req.key, None)])
    await version_nouns.delete_tag(call.tx, call.workspace, name, str(req.version), req.key)


@versions.get("/get-download-uri", allow=_READ)
async def get_uc_download_uri(call: Call, req: wire.VersionById) -> wire.DownloadUri:
    found = await unity.get_readable(call.tx, call.workspace, req.name, str(req.version))
    return wire.DownloadUri(files.path(found))


async def credentials(call: Call, name: str, version: str, *, write: bool) -> unity_wire.Credentials:
    """What a caller gets who may read a READY version, or write a PENDING one."""
    if write:
        if not call.confined and call.actor.role_in(call.workspace) == Role.READ:  # enough for the rule, not for this
            await call.access.require(call.actor, call.workspace, BY_FULL_NAME, [name], VERSION)
        await unity.get_writable(call.tx, call.workspace, name, version)
    else:
        await unity.get_readable(call.tx, call.workspace, name, version)
    expires = int((time.time() + _CREDENTIALS_SECONDS) * 1000)
    return unity_wire.Credentials(unity_wire.DEFAULT_STORAGE, expires)


@versions.post("/generate-temporary-credentials", allow=READ.on(_MODEL.needs(loading)), tx="read")
async def generate_temporary_credentials(
    call: Call, req: unity_wire.TemporaryCredentials
) -> unity_wire.CredentialsResponse:
    """No cloud credentials leave the server: the files go by URLs that it signs one by one."""
    given = await credentials(call, req.name, str(req.version), write=writes(req))
    return unity_wire.CredentialsResponse(given)


@versions.post("/emit-lineage", allow=_READ, tx="read")
async def emit_lineage(call: Call, req: unity_wire.EmitLineage) -> None:
    """What clients say when they load a version. Checked, and not kept yet."""
    await unity.get_version(call.tx, call.workspace, req.name, str(req.version))
