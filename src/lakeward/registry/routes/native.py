"""The registry on Unity Catalog's own surface: `/api/2.1/unity-catalog/models`, of mlflow and of the platform's SDK."""

import functools
from collections.abc import Sequence

from lakeward import audit, logged_models
from lakeward.access import MANAGE, Listed
from lakeward.access import READ as READING
from lakeward.registry import exchange, files, models, native_wire, unity, upstream, versions, wire
from lakeward.registry.records import ModelVersion, RegisteredModel, RegisteredModelId
from lakeward.registry.routes.governing import governed
from lakeward.registry.routes.unity import credentials
from lakeward.registry.securable import (
    BY_ID,
    NEW_PLACE,
    ORIGINS,
    REGISTERED_MODEL,
    VERSION,
    browsing,
    loading,
    native_model,
    new_native_model,
    of_uc_model,
    tagging,
    updating,
    writes,
)
from lakeward.runtime.db import Tx
from lakeward.runtime.http import EDIT, READ, Call, Routes

_PREFIX = "/api/2.1/unity-catalog"

routes = Routes("unity catalog models", (_PREFIX,))

_MODEL = of_uc_model("full_name")
_READ = READ.on(_MODEL)
_EDIT = EDIT.on(_MODEL)
_TAG = EDIT.on(_MODEL.needs(tagging))
_MANAGE = EDIT.on(_MODEL.needs(MANAGE))


async def _full(call: Call, found: ModelVersion) -> native_wire.ModelVersionInfo:
    """With the params and metrics of the LoggedModel it was made from, as long as that is there."""
    model = None
    if found.logged_model_id:
        model = await logged_models.find(call.tx, call.workspace, found.logged_model_id)
    shown = native_wire.ModelVersionInfo.of(found, databricks=call.databricks, model=model)
    if not call.databricks:
        place = await exchange.location(
            call.tx, call.objects, call.settings.objects_location, call.workspace, found, here=call.local
        )
        shown.storage_location = place or shown.storage_location
    return shown


async def _browsed(
    call: Call, req: native_wire.GetRegisteredModel | native_wire.ListRegisteredModels, found: Sequence[RegisteredModel]
) -> set[RegisteredModelId]:
    """Those of these models that the caller may see and not read."""
    if not call.confined or not req.include_browse:
        return set()
    names = [str(each.id) for each in found]
    verdicts = await call.access.verdicts(call.actor, call.workspace, BY_ID, names, READING)
    return {each.id for each in found if not verdicts[str(each.id)]}


@routes.post("/models", allow=EDIT.on(new_native_model()), tx="statement")
async def create_native_model(call: Call, req: native_wire.CreateRegisteredModel) -> native_wire.RegisteredModelInfo:
    tags = wire.pairs(req.tags)
    await governed(call, tags)
    made = await unity.create_model(
        call.tx,
        call.workspace,
        call.actor,
        f"{req.catalog_name}.{req.schema_name}.{req.name}",
        description=req.comment,
        deployment_job_id=req.deployment_job_id,
        tags=tags,
        record=call.record(),
    )
    return native_wire.RegisteredModelInfo.of(made)


@routes.get("/models", allow=READ.on(Listed(REGISTERED_MODEL, browsing, within=lambda request: request.catalog_name)))
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
        sight=call.sight,
    )
    hidden = await _browsed(call, req, found)
    shown = [native_wire.RegisteredModelInfo.of(each, browse_only=each.id in hidden) for each in found]
    return native_wire.ListRegisteredModelsResponse(shown, token)


@routes.get("/models/{full_name}", allow=READ.on(_MODEL.needs(browsing)))
async def get_native_model(call: Call, req: native_wire.GetRegisteredModel) -> native_wire.RegisteredModelInfo:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    found = await models.get(call.tx, call.workspace, name)
    hidden = await _browsed(call, req, [found])
    return native_wire.RegisteredModelInfo.of(found, browse_only=found.id in hidden)


@routes.patch("/models/{full_name}", allow=EDIT.on(_MODEL.needs(updating), NEW_PLACE))
async def update_native_model(call: Call, req: native_wire.UpdateRegisteredModel) -> native_wire.RegisteredModelInfo:
    changed = await unity.update_model(
        call.tx,
        call.workspace,
        req.full_name,
        new_name=req.new_name,
        description=req.comment,
        deployment_job_id=req.deployment_job_id,
        owner=req.owner,
    )
    return native_wire.RegisteredModelInfo.of(changed)


@routes.delete("/models/{full_name}", allow=_MANAGE)
async def delete_native_model(call: Call, req: native_wire.ByFullName) -> None:
    await models.delete(call.tx, call.workspace, await unity.spelled(call.tx, call.workspace, req.full_name))
    call.afterwards(functools.partial(files.sweep, call.db, call.objects))


@routes.patch("/securable-tags/FUNCTION/{full_name}", allow=_TAG)
async def update_native_model_tags(call: Call, req: native_wire.UpdateModelTags) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    await governed(call, [*wire.pairs(req.changes.add_tags), *((key, None) for key in req.changes.remove)])
    for tag in req.changes.add_tags:
        await models.set_tag(call.tx, call.workspace, name, tag.key, tag.value)
    for key in req.changes.remove:
        await models.delete_tag(call.tx, call.workspace, name, key)


@routes.get("/models/{full_name}/aliases/{alias}", allow=_READ)
async def get_native_version_by_alias(call: Call, req: native_wire.AliasByName) -> native_wire.ModelVersionInfo:
    return await _full(call, await unity.get_by_alias(call.tx, call.workspace, req.full_name, req.alias))


@routes.put("/models/{full_name}/aliases/{alias}", allow=_EDIT)
async def set_native_alias(call: Call, req: native_wire.SetAlias) -> native_wire.Alias:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    await versions.set_alias(call.tx, call.workspace, name, req.alias, str(req.version_num))
    return native_wire.Alias(req.alias, req.version_num)


@routes.delete("/models/{full_name}/aliases/{alias}", allow=_EDIT)
async def delete_native_alias(call: Call, req: native_wire.AliasByName) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    await versions.delete_alias(call.tx, call.workspace, name, req.alias)


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/models/versions", allow=EDIT.on(native_model(VERSION), ORIGINS))
async def create_native_version(call: Call, req: native_wire.CreateModelVersion) -> native_wire.ModelVersionInfo:
    tags = wire.pairs(req.tags)
    await governed(call, tags)
    made = await unity.create_version(
        call.tx,
        call.workspace,
        call.actor.name,
        f"{req.catalog_name}.{req.schema_name}.{req.model_name}",
        source=req.source,
        run_id=req.run_id,
        model_id=req.model_id,
        description=req.comment,
        tags=tags,
    )
    read = upstream.of_header(call.header(upstream.HEADER))
    await upstream.keep(call.tx, made, read, upstream.of_native_dependencies(req.model_version_dependencies))
    shown = await _full(call, made)
    if not call.databricks:  # a client of open-source Unity Catalog: it goes to storage locations itself
        settings = call.settings
        place = await exchange.opened(call.objects, settings.objects_location, settings.data, made, here=call.local)
        shown.storage_location = place or shown.storage_location
    return shown


@routes.get("/models/{full_name}/versions", allow=_READ)
async def list_native_versions(call: Call, req: native_wire.ListModelVersions) -> native_wire.ListModelVersionsResponse:
    found, token = await unity.list_versions(
        call.tx, call.workspace, req.full_name, max_results=req.max_results or None, page_token=req.page_token
    )
    shown = [native_wire.ModelVersionInfo.of(each, databricks=call.databricks) for each in found]
    return native_wire.ListModelVersionsResponse(shown, token)


@routes.get("/models/{full_name}/versions/{version}", allow=_READ)
async def get_native_version(call: Call, req: native_wire.VersionById) -> native_wire.ModelVersionInfo:
    return await _full(call, await unity.get_version(call.tx, call.workspace, req.full_name, req.version))


@routes.patch("/models/{full_name}/versions/{version}", allow=EDIT.on(_MODEL.needs(VERSION)))
async def update_native_version(call: Call, req: native_wire.UpdateModelVersion) -> native_wire.ModelVersionInfo:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    return await _full(call, await versions.describe(call.tx, call.workspace, name, req.version, req.comment))


@routes.delete("/models/{full_name}/versions/{version}", allow=_MANAGE)
async def delete_native_version(call: Call, req: native_wire.VersionById) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    await versions.delete(call.tx, call.workspace, name, req.version)
    call.afterwards(functools.partial(files.sweep, call.db, call.objects))


@routes.patch("/models/{full_name}/versions/{version}/finalize", allow=EDIT.on(_MODEL.needs(VERSION)), tx=None)
async def finalize_native_version(call: Call, req: native_wire.VersionById) -> native_wire.ModelVersionInfo:
    async with call.db.connection() as connection:
        pending = await unity.get_version(connection, call.workspace, req.full_name, req.version)
    await exchange.take(call.objects, call.settings.data, call.workspace, pending)

    async def finalize(tx: Tx) -> native_wire.ModelVersionInfo:
        call.tx = tx
        version = await unity.finalize_version(tx, call.db, call.workspace, req.full_name, req.version)
        if (record := call.record()) is not None:
            await audit.add(tx, record)
        return await _full(call, version)

    return await call.db.run(finalize, transaction=True)


@routes.patch("/subentity-tags/FUNCTION/{full_name}/{version}", allow=_TAG)
async def update_native_version_tags(call: Call, req: native_wire.UpdateVersionTags) -> None:
    name = await unity.spelled(call.tx, call.workspace, req.full_name)
    await governed(call, [*wire.pairs(req.changes.add_tags), *((key, None) for key in req.changes.remove)])
    for tag in req.changes.add_tags:
        await versions.set_tag(call.tx, call.workspace, name, req.version, tag.key, tag.value)
    for key in req.changes.remove:
        await versions.delete_tag(call.tx, call.workspace, name, req.version, key)


@routes.post("/temporary-model-version-credentials", allow=READ.on(native_model(loading)), tx=None)
async def temporary_credentials(call: Call, req: native_wire.TemporaryCredentials) -> native_wire.Credentials:
    """The platform's clients get no keys of a cloud: their files go by URLs that the server signs one by one."""
    name, write = f"{req.catalog_name}.{req.schema_name}.{req.model_name}", writes(req)
    async with call.db.connection() as call.tx:  # and none while the cloud is asked
        given = await credentials(call, name, str(req.version), write=write)
        found = await unity.get_version(call.tx, call.workspace, name, str(req.version))
        prefix = None if call.databricks else await exchange.prefix(call.tx, call.workspace, found, write=write)
    loan = await call.objects.lend(prefix, write=write) if prefix else None
    if loan is None:
        return native_wire.Credentials(given.storage_mode, given.expiration_time)
    keys = native_wire.AwsCredentials(loan.access_key_id, loan.secret_access_key, loan.session_token)
    return native_wire.Credentials(given.storage_mode, loan.expires_at, keys)
