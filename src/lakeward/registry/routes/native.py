"""The registry on Unity Catalog's own surface: `/api/2.1/unity-catalog/models`, of mlflow and of the platform's SDK."""

import functools

from lakeward import logged_models
from lakeward.registry import files, models, native_wire, unity, unity_wire, versions, wire
from lakeward.registry.records import ModelVersion
from lakeward.registry.routes.unity import credentials
from lakeward.runtime.http import EDIT, READ, Call, Routes

_PREFIX = "/api/2.1/unity-catalog"
_WRITES = ("READ_WRITE_MODEL_VERSION", "2")  # by name or protobuf number

routes = Routes("unity catalog models", (_PREFIX,))


async def _full(call: Call, found: ModelVersion) -> native_wire.ModelVersionInfo:
    """With the params and metrics of the LoggedModel it was made from, as long as that is there."""
    model = None
    if found.logged_model_id:
        model = await logged_models.find(call.tx, call.workspace, found.logged_model_id)
    return native_wire.ModelVersionInfo.of(found, databricks=call.databricks, model=model)


@routes.post("/models", allow=EDIT, tx=None)
async def create_native_model(call: Call, req: native_wire.CreateRegisteredModel) -> native_wire.RegisteredModelInfo:
    made = await unity.create_model(
        call.db,
        call.workspace,
        call.actor.name,
        f"{req.catalog_name}.{req.schema_name}.{req.name}",
        description=req.comment,
        deployment_job_id=req.deployment_job_id,
        tags=wire.pairs(req.tags),
    )
    return native_wire.RegisteredModelInfo.of(made)


@routes.get("/models", allow=READ)
async def list_native_models(
    call: Call, req: native_wire.ListRegisteredModels
) -> native_wire.ListRegisteredModelsResponse:
    found, token = await unity.list_models(
        call.tx,
        call.workspace,
        catalog=req.catalog_name,
        schema=req.schema_name,
        max_results=req.max_results or None,
        page_token=req.page_token,
    )
    return native_wire.ListRegisteredModelsResponse([native_wire.RegisteredModelInfo.of(each) for each in found], token)


@routes.get("/models/{full_name}", allow=READ)
async def get_native_model(call: Call, req: native_wire.ByFullName) -> native_wire.RegisteredModelInfo:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    return native_wire.RegisteredModelInfo.of(await models.get(call.tx, call.workspace, name))


@routes.patch("/models/{full_name}", allow=EDIT)
async def update_native_model(call: Call, req: native_wire.UpdateRegisteredModel) -> native_wire.RegisteredModelInfo:
    changed = await unity.update_model(
        call.tx,
        call.workspace,
        req.full_name,
        new_name=req.new_name,
        description=req.comment,
        deployment_job_id=req.deployment_job_id,
    )
    return native_wire.RegisteredModelInfo.of(changed)


@routes.delete("/models/{full_name}", allow=EDIT)
async def delete_native_model(call: Call, req: native_wire.ByFullName) -> None:
    await models.delete(call.tx, call.workspace, await unity.spelled(call.tx, call.workspace, req.full_name))
    call.afterwards(functools.partial(files.sweep, call.db, call.objects))


@routes.patch("/securable-tags/FUNCTION/{full_name}", allow=EDIT)
async def update_native_model_tags(call: Call, req: native_wire.UpdateModelTags) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    for tag in req.changes.add_tags:
        await models.set_tag(call.tx, call.workspace, name, tag.key, tag.value)
    for key in req.changes.remove:
        await models.delete_tag(call.tx, call.workspace, name, key)


@routes.get("/models/{full_name}/aliases/{alias}", allow=READ)
async def get_native_version_by_alias(call: Call, req: native_wire.AliasByName) -> native_wire.ModelVersionInfo:
    return await _full(call, await unity.get_by_alias(call.tx, call.workspace, req.full_name, req.alias))


@routes.put("/models/{full_name}/aliases/{alias}", allow=EDIT)
async def set_native_alias(call: Call, req: native_wire.SetAlias) -> native_wire.Alias:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    await versions.set_alias(call.tx, call.workspace, name, req.alias, str(req.version_num))
    return native_wire.Alias(req.alias, req.version_num)


@routes.delete("/models/{full_name}/aliases/{alias}", allow=EDIT)
async def delete_native_alias(call: Call, req: native_wire.AliasByName) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    await versions.delete_alias(call.tx, call.workspace, name, req.alias)


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/models/versions", allow=EDIT)
async def create_native_version(call: Call, req: native_wire.CreateModelVersion) -> native_wire.ModelVersionInfo:
    made = await unity.create_version(
        call.tx,
        call.workspace,
        call.actor.name,
        f"{req.catalog_name}.{req.schema_name}.{req.model_name}",
        source=req.source,
        run_id=req.run_id,
        model_id=req.model_id,
        description=req.comment,
        tags=wire.pairs(req.tags),
    )
    return await _full(call, made)


@routes.get("/models/{full_name}/versions", allow=READ)
async def list_native_versions(call: Call, req: native_wire.ListModelVersions) -> native_wire.ListModelVersionsResponse:
    found, token = await unity.list_versions(
        call.tx, call.workspace, req.full_name, max_results=req.max_results or None, page_token=req.page_token
    )
    shown = [native_wire.ModelVersionInfo.of(each, databricks=call.databricks) for each in found]
    return native_wire.ListModelVersionsResponse(shown, token)


@routes.get("/models/{full_name}/versions/{version}", allow=READ)
async def get_native_version(call: Call, req: native_wire.VersionById) -> native_wire.ModelVersionInfo:
    return await _full(call, await unity.get_version(call.tx, call.workspace, req.full_name, req.version))


@routes.patch("/models/{full_name}/versions/{version}", allow=EDIT)
async def update_native_version(call: Call, req: native_wire.UpdateModelVersion) -> native_wire.ModelVersionInfo:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    return await _full(call, await versions.describe(call.tx, call.workspace, name, req.version, req.comment))


@routes.delete("/models/{full_name}/versions/{version}", allow=EDIT)
async def delete_native_version(call: Call, req: native_wire.VersionById) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    await versions.delete(call.tx, call.workspace, name, req.version)
    call.afterwards(functools.partial(files.sweep, call.db, call.objects))


@routes.patch("/models/{full_name}/versions/{version}/finalize", allow=EDIT)
async def finalize_native_version(call: Call, req: native_wire.VersionById) -> native_wire.ModelVersionInfo:
    done = await unity.finalize_version(call.tx, call.db, call.workspace, req.full_name, req.version)
    return await _full(call, done)


@routes.patch("/subentity-tags/FUNCTION/{full_name}/{version}", allow=EDIT)
async def update_native_version_tags(call: Call, req: native_wire.UpdateVersionTags) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    for tag in req.changes.add_tags:
        await versions.set_tag(call.tx, call.workspace, name, req.version, tag.key, tag.value)
    for key in req.changes.remove:
        await versions.delete_tag(call.tx, call.workspace, name, req.version, key)


@routes.post("/temporary-model-version-credentials", allow=READ, tx="read")
async def temporary_credentials(call: Call, req: native_wire.TemporaryCredentials) -> unity_wire.Credentials:
    """No cloud credentials leave the server: the files go by URLs that it signs one by one."""
    name = f"{req.catalog_name}.{req.schema_name}.{req.model_name}"
    return await credentials(call, name, str(req.version), write=str(req.operation) in _WRITES)
