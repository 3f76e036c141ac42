"""Requests and responses of Unity Catalog's model registry, named as upstream."""

from datetime import UTC, datetime
from typing import Self

import msgspec

from lakeward import logged_models
from lakeward.registry import prompts, upstream, wire
from lakeward.registry.records import ModelVersion as VersionRecord
from lakeward.registry.records import RegisteredModel as ModelRecord
from lakeward.runtime.http import Int64

DEFAULT_STORAGE = "DEFAULT_STORAGE"  # files go through this server, by URLs it signs
_aliases = msgspec.json.Decoder(list[str])


class VersionAlias(msgspec.Struct):
    alias: str
    version: str


class ModelVersion(msgspec.Struct, omit_defaults=True):
    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    user_id: str
    source: str
    status: str
    storage_location: str
    aliases: list[VersionAlias]
    tags: msgspec.Raw
    description: str = ""
    run_id: str = ""
    status_message: str = ""
    model_id: str = ""
    run_tracking_server_id: str = ""
    model_params: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    model_metrics: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(
        cls, record: VersionRecord, place: str, *, databricks: bool, model: logged_models.LoggedModel | None = None
    ) -> Self:
        """`place` is where its files are; `model` the LoggedModel it was made from, whose results it shows."""
        version = str(record.version)
        return cls(
            name=record.full_name,
            version=version,
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.updated_at,
            user_id=record.created_by,
            source=wire.rendered(record.source, databricks=databricks),
            status=record.status,
            storage_location=place,
            aliases=[VersionAlias(alias, version) for alias in _aliases.decode(record.aliases)],
            tags=msgspec.Raw(record.tags.encode()),
            description=record.description or "",
            run_id=record.run_id,
            status_message=record.status_message,
            model_id=record.logged_model_id,
            model_params=msgspec.UNSET if model is None else named(model.params),
            model_metrics=msgspec.UNSET if model is None else msgspec.Raw(model.metrics.encode()),
        )


class _Param(msgspec.Struct):
    key: str
    value: str


class ModelParam(msgspec.Struct):
    name: str
    value: str


_params = msgspec.json.Decoder(list[_Param])


def named(params: str) -> msgspec.Raw:
    """Params of a LoggedModel have keys, those of a version names."""
    return msgspec.Raw(msgspec.json.encode([ModelParam(each.key, each.value) for each in _params.decode(params)]))


class RegisteredModel(msgspec.Struct, omit_defaults=True):
    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    user_id: str
    aliases: msgspec.Raw
    tags: msgspec.Raw
    description: str = ""
    deployment_job_id: str = ""

    @classmethod
    def of(cls, record: ModelRecord) -> Self:
        return cls(
            name=record.full_name,
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.updated_at,
            user_id=record.created_by,
            aliases=msgspec.Raw(record.aliases.encode()),
            tags=msgspec.Raw(record.tags.encode()),
            description=record.description,
            deployment_job_id=record.deployment_job_id,
        )


class RegisteredModelResponse(msgspec.Struct):
    registered_model: RegisteredModel


class UpdateRegisteredModel(msgspec.Struct):
    name: str
    new_name: str | None = None
    description: str | None = None
    deployment_job_id: str | None = None


class SearchRegisteredModels(msgspec.Struct):
    max_results: Int64 | None = None
    page_token: str | None = None


class SearchRegisteredModelsResponse(msgspec.Struct, omit_defaults=True):
    registered_models: list[RegisteredModel]
    next_page_token: str | None = None


class CreateModelVersion(msgspec.Struct):
    """`feature_deps` stands in the model's files too and is not kept beside them."""

    name: str
    source: str = ""
    run_id: str = ""
    description: str = ""
    tags: list[wire.Tag] = []
    model_id: str = ""
    model_version_dependencies: list[upstream.Dependency] = []


class ModelVersionResponse(msgspec.Struct):
    model_version: ModelVersion


class SearchModelVersions(msgspec.Struct):
    filter: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class SearchModelVersionsResponse(msgspec.Struct, omit_defaults=True):
    model_versions: list[ModelVersion]
    next_page_token: str | None = None


class TemporaryCredentials(msgspec.Struct):
    name: str
    version: str | int
    operation: str | int = "MODEL_VERSION_OPERATION_READ"


class Credentials(msgspec.Struct):
    storage_mode: str
    expiration_time: int


class CredentialsResponse(msgspec.Struct):
    credentials: Credentials


class ArtifactRepository(msgspec.Struct):
    is_databricks_sdk_models_artifact_repository_enabled: bool


class EmitLineage(msgspec.Struct):
    name: str
    version: str | int


# ── prompts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def moment(milliseconds: int) -> str:
    """RFC 3339, as protobuf JSON spells a Timestamp."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


class Prompt(msgspec.Struct, omit_defaults=True):
    name: str
    creation_timestamp: str
    last_updated_timestamp: str
    aliases: msgspec.Raw
    tags: list[prompts.Tag]
    description: str = ""

    @classmethod
    def of(cls, record: ModelRecord) -> Self:
        return cls(
            name=record.full_name,
            creation_timestamp=moment(record.created_at),
            last_updated_timestamp=moment(record.updated_at),
            aliases=msgspec.Raw(record.aliases.encode()),
            tags=prompts.shown_of(record),
            description=record.description,
        )


class PromptVersion(msgspec.Struct, omit_defaults=True):
    name: str
    version: str
    creation_timestamp: str
    last_updated_timestamp: str
    template: str
    aliases: list[VersionAlias]
    tags: list[prompts.Tag]
    description: str = ""

    @classmethod
    def of(cls, record: VersionRecord) -> Self:
        template, tags = prompts.template_of(record)
        version = str(record.version)
        return cls(
            name=record.full_name,
            version=version,
            creation_timestamp=moment(record.created_at),
            last_updated_timestamp=moment(record.updated_at),
            template=template,
            aliases=[VersionAlias(alias, version) for alias in _aliases.decode(record.aliases)],
            tags=tags,
            description=record.description or "",
        )


class NewPrompt(msgspec.Struct):
    description: str = ""
    tags: list[wire.Tag] = []


class CreatePrompt(msgspec.Struct):
    name: str
    prompt: NewPrompt = msgspec.field(default_factory=NewPrompt)


class PromptChange(msgspec.Struct):
    description: str | None = None


class UpdatePrompt(msgspec.Struct):
    name: str
    prompt: PromptChange = msgspec.field(default_factory=PromptChange)


class PromptByName(msgspec.Struct):
    name: str


class CatalogSchema(msgspec.Struct):
    catalog_name: str
    schema_name: str


class SearchPrompts(msgspec.Struct):
    catalog_schema: CatalogSchema
    filter: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class SearchPromptsResponse(msgspec.Struct, omit_defaults=True):
    prompts: list[Prompt]
    next_page_token: str | None = None


class NewPromptVersion(msgspec.Struct):
    template: str = ""
    description: str = ""
    tags: list[wire.Tag] = []


class CreatePromptVersion(msgspec.Struct):
    name: str
    prompt_version: NewPromptVersion


class PromptVersionById(msgspec.Struct):
    name: str
    version: str


class UpdatePromptVersion(msgspec.Struct):
    name: str
    version: str
    prompt_version: PromptChange = msgspec.field(default_factory=PromptChange)


class SearchPromptVersions(msgspec.Struct):
    name: str
    max_results: Int64 | None = None
    page_token: str | None = None


class SearchPromptVersionsResponse(msgspec.Struct, omit_defaults=True):
    prompt_versions: list[PromptVersion]
    next_page_token: str | None = None


class SetPromptAlias(msgspec.Struct):
    name: str
    alias: str
    version: str | int


class SetPromptVersionTag(msgspec.Struct):
    name: str
    version: str
    key: str
    value: str = ""


class DeletePromptVersionTag(msgspec.Struct):
    name: str
    version: str
    key: str


class PromptVersionLinkEntry(msgspec.Struct):
    name: str
    version: str


class LinkPromptVersionsToModels(msgspec.Struct):
    prompt_versions: list[PromptVersionLinkEntry] = []
    model_ids: list[str] = []


class LinkPromptsToTraces(msgspec.Struct):
    prompt_versions: list[PromptVersionLinkEntry] = []
    trace_ids: list[str] = []


class LinkPromptVersionsToRuns(msgspec.Struct):
    prompt_versions: list[PromptVersionLinkEntry] = []
    run_ids: list[str] = []
