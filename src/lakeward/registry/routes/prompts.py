"""Prompts as `databricks-uc` clients know them. Names, keys and aliases stand in the path as they are, slashes too."""

from typing import Never

from lakeward.access import MANAGE, Listed
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.registry import models, prompts, unity, unity_wire, versions, wire
from lakeward.registry.prompts import HIDDEN
from lakeward.registry.routes.governing import governed
from lakeward.registry.securable import REGISTERED_MODEL, VERSION, new_model, of_prompt, tagging
from lakeward.registry.splits import KEY_HEADER
from lakeward.runtime.http import EDIT, READ, Call, Routes

routes = Routes("unity catalog prompts", ("/api/2.0/mlflow/unity-catalog/prompts",))

_PROMPT = of_prompt("name")
_READ = READ.on(_PROMPT)
_EDIT = EDIT.on(_PROMPT)
_OF_A_SCHEMA = Listed(REGISTERED_MODEL, within=lambda request: request.catalog_schema.catalog_name)


def _reserved(key: str) -> Never:
    raise InvalidParameter(f"The tag {key!r} says that this is a prompt and cannot be changed.")


@routes.post("", allow=EDIT.on(new_model()), tx="statement")
async def create_prompt(call: Call, req: unity_wire.CreatePrompt) -> unity_wire.Prompt:
    tags = wire.pairs(req.prompt.tags)
    await governed(call, tags)
    made = await prompts.create(
        call.tx,
        call.workspace,
        call.actor,
        req.name,
        description=req.prompt.description,
        tags=tags,
        record=call.record(),
    )
    return unity_wire.Prompt.of(made)


@routes.post("/search", allow=READ.on(_OF_A_SCHEMA), tx="read")
async def search_prompts(call: Call, req: unity_wire.SearchPrompts) -> unity_wire.SearchPromptsResponse:
    found, token = await prompts.search_prompts(
        call.tx,
        call.workspace,
        catalog=req.catalog_schema.catalog_name,
        schema=req.catalog_schema.schema_name,
        filter_text=req.filter,
        max_results=req.max_results or None,
        page_token=req.page_token,
        sight=call.sight,
    )
    return unity_wire.SearchPromptsResponse([unity_wire.Prompt.of(each) for each in found], token)


@routes.get("/{name}", allow=_READ)
async def get_prompt(call: Call, req: unity_wire.PromptByName) -> unity_wire.Prompt:
    return unity_wire.Prompt.of(await prompts.get(call.tx, call.workspace, req.name))


@routes.patch("/{name}", allow=_EDIT)
async def update_prompt(call: Call, req: unity_wire.UpdatePrompt) -> unity_wire.Prompt:
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    changed = await models.update(
        call.tx, call.workspace, name, description=req.prompt.description, deployment_job_id=None
    )
    return unity_wire.Prompt.of(changed)


@routes.delete("/{name}", allow=EDIT.on(_PROMPT.needs(MANAGE)))
async def delete_prompt(call: Call, req: unity_wire.PromptByName) -> None:
    await models.delete(call.tx, call.workspace, await prompts.spelled(call.tx, call.workspace, req.name))


@routes.post("/{name}/tags", allow=EDIT.on(_PROMPT.needs(tagging)))
async def set_prompt_tag(call: Call, req: wire.SetRegisteredModelTag) -> None:
    if req.key in HIDDEN:
        _reserved(req.key)
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    await governed(call, [(req.key, req.value)])
    await models.set_tag(call.tx, call.workspace, name, req.key, req.value)


@routes.delete("/{name}/tags/{key...}", allow=EDIT.on(_PROMPT.needs(tagging)))
async def delete_prompt_tag(call: Call, req: wire.DeleteRegisteredModelTag) -> None:
    if req.key in HIDDEN:
        _reserved(req.key)
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    await governed(call, [(req.key, None)])
    await models.delete_tag(call.tx, call.workspace, name, req.key)


@routes.post("/{name}/aliases/{alias}", allow=_EDIT)
async def set_prompt_alias(call: Call, req: unity_wire.SetPromptAlias) -> None:
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    await versions.set_alias(call.tx, call.workspace, name, req.alias, str(req.version))


@routes.delete("/{name}/aliases/{alias}", allow=_EDIT)
async def delete_prompt_alias(call: Call, req: wire.Alias) -> None:
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    await versions.delete_alias(call.tx, call.workspace, name, req.alias)


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/{name}/versions", allow=EDIT.on(_PROMPT.needs(VERSION)))
async def create_prompt_version(call: Call, req: unity_wire.CreatePromptVersion) -> unity_wire.PromptVersion:
    tags = wire.pairs(req.prompt_version.tags)
    await governed(call, tags)
    made = await prompts.create_version(
        call.tx,
        call.db,
        call.workspace,
        call.actor.name,
        req.name,
        template=req.prompt_version.template,
        description=req.prompt_version.description,
        tags=tags,
    )
    return unity_wire.PromptVersion.of(made)


@routes.post("/{name}/versions/search", allow=_READ, tx="read")
async def search_prompt_versions(
    call: Call, req: unity_wire.SearchPromptVersions
) -> unity_wire.SearchPromptVersionsResponse:
    found, token = await prompts.search_versions(
        call.tx, call.workspace, req.name, max_results=req.max_results or None, page_token=req.page_token
    )
    return unity_wire.SearchPromptVersionsResponse([unity_wire.PromptVersion.of(each) for each in found], token)


@routes.get("/{name}/versions/by-alias/{alias}", allow=_READ)
async def get_prompt_version_by_alias(call: Call, req: wire.Alias) -> unity_wire.PromptVersion:
    key = call.header(KEY_HEADER)
    found = await unity.get_by_alias(call.tx, call.workspace, req.name, req.alias, prompt=True, key=key)
    return unity_wire.PromptVersion.of(found)


@routes.get("/{name}/versions/{version}", allow=_READ)
async def get_prompt_version(call: Call, req: unity_wire.PromptVersionById) -> unity_wire.PromptVersion:
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    if not req.version.isdecimal():  # clients ask for an alias here too, and take "not there" for an answer
        raise NotFound(f"Prompt version (name={req.name}, version={req.version}) not found")
    return unity_wire.PromptVersion.of(await versions.get(call.tx, call.workspace, name, req.version))


@routes.patch("/{name}/versions/{version}", allow=EDIT.on(_PROMPT.needs(VERSION)))
async def update_prompt_version(call: Call, req: unity_wire.UpdatePromptVersion) -> unity_wire.PromptVersion:
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    changed = await versions.describe(call.tx, call.workspace, name, req.version, req.prompt_version.description)
    return unity_wire.PromptVersion.of(changed)


@routes.delete("/{name}/versions/{version}", allow=EDIT.on(_PROMPT.needs(MANAGE)))
async def delete_prompt_version(call: Call, req: unity_wire.PromptVersionById) -> None:
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    await versions.delete(call.tx, call.workspace, name, req.version)


@routes.post("/{name}/versions/{version}/tags", allow=EDIT.on(_PROMPT.needs(tagging)))
async def set_prompt_version_tag(call: Call, req: unity_wire.SetPromptVersionTag) -> None:
    if req.key in HIDDEN:
        _reserved(req.key)
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    await governed(call, [(req.key, req.value)])
    await versions.set_tag(call.tx, call.workspace, name, req.version, req.key, req.value)


@routes.delete("/{name}/versions/{version}/tags/{key...}", allow=EDIT.on(_PROMPT.needs(tagging)))
async def delete_prompt_version_tag(call: Call, req: unity_wire.DeletePromptVersionTag) -> None:
    if req.key in HIDDEN:
        _reserved(req.key)
    name = await prompts.spelled(call.tx, call.workspace, req.name)
    await governed(call, [(req.key, None)])
    await versions.delete_tag(call.tx, call.workspace, name, req.version, req.key)
