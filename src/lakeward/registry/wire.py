"""Requests and responses of the classic registry API, named as upstream."""

from typing import Self

import msgspec

from lakeward import experiments
from lakeward.registry.records import ModelVersion as VersionRecord
from lakeward.registry.records import RegisteredModel as ModelRecord
from lakeward.runtime.http import Int64


class Tag(msgspec.Struct):
    key: str
    value: str = ""


def pairs(tags: list[Tag]) -> list[tuple[str, str]]:
    return [(tag.key, tag.value) for tag in tags]


def rendered(uri: str, *, databricks: bool) -> str:
    """A URI as this caller follows it. It is kept in the spelling of http mode."""
    if not databricks:
        return uri
    place = experiments.parse_artifact_uri(uri)
    return uri if place is None else place.databricks_uri


class ModelVersion(msgspec.Struct):
    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    user_id: str
    current_stage: str
    source: str
    run_id: str
    run_link: str
    status: str
    tags: msgspec.Raw
    aliases: msgspec.Raw
    description: str | msgspec.UnsetType = msgspec.UNSET
    status_message: str | msgspec.UnsetType = msgspec.UNSET
    model_id: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, record: VersionRecord, *, databricks: bool) -> Self:
        return cls(
            name=record.name,
            version=str(record.version),
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.updated_at,
            user_id=record.created_by,
            current_stage=record.stage,
            source=rendered(record.source, databricks=databricks),
            run_id=record.run_id,
            run_link=record.run_link,
            status=record.status,
            tags=msgspec.Raw(record.tags.encode()),
            aliases=msgspec.Raw(record.aliases.encode()),
            description=msgspec.UNSET if record.description is None else record.description,
            status_message=record.status_message or msgspec.UNSET,
            model_id=record.logged_model_id or msgspec.UNSET,
        )


class RegisteredModel(msgspec.Struct):
    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    user_id: str
    description: str
    latest_versions: list[ModelVersion]
    tags: msgspec.Raw
    aliases: msgspec.Raw
    deployment_job_id: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, record: ModelRecord, *, databricks: bool) -> Self:
        return cls(
            name=record.name,
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.updated_at,
            user_id=record.created_by,
            description=record.description,
            latest_versions=[ModelVersion.of(each, databricks=databricks) for each in record.latest],
            tags=msgspec.Raw(record.tags.encode()),
            aliases=msgspec.Raw(record.aliases.encode()),
            deployment_job_id=record.deployment_job_id or msgspec.UNSET,
        )


# ── registered models ────────────────────────────────────────────────────────────────────────────────────────────────


class CreateRegisteredModel(msgspec.Struct):
    name: str
    tags: list[Tag] = []
    description: str = ""
    deployment_job_id: str = ""


class RegisteredModelResponse(msgspec.Struct):
    registered_model: RegisteredModel


class RegisteredModelByName(msgspec.Struct):
    name: str


class RenameRegisteredModel(msgspec.Struct):
    name: str
    new_name: str


class UpdateRegisteredModel(msgspec.Struct):
    name: str
    description: str | None = None
    deployment_job_id: str | None = None


class Search(msgspec.Struct):
    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class SearchRegisteredModelsResponse(msgspec.Struct, omit_defaults=True):
    registered_models: list[RegisteredModel]
    next_page_token: str | None = None


class GetLatestVersions(msgspec.Struct):
    name: str
    stages: list[str] = []


class ModelVersionsResponse(msgspec.Struct):
    model_versions: list[ModelVersion]


class SetRegisteredModelTag(msgspec.Struct):
    name: str
    key: str
    value: str = ""


class DeleteRegisteredModelTag(msgspec.Struct):
    name: str
    key: str


class SetAlias(msgspec.Struct):
    name: str
    alias: str
    version: str | int


class Alias(msgspec.Struct):
    name: str
    alias: str


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class CreateModelVersion(msgspec.Struct):
    name: str
    source: str
    run_id: str | None = None
    tags: list[Tag] = []
    run_link: str = ""
    description: str = ""
    model_id: str | None = None


class ModelVersionResponse(msgspec.Struct):
    model_version: ModelVersion


class VersionById(msgspec.Struct):
    name: str
    version: str | int


class UpdateModelVersion(msgspec.Struct):
    name: str
    version: str | int
    description: str | None = None


class TransitionStage(msgspec.Struct):
    name: str
    version: str | int
    stage: str
    archive_existing_versions: bool = False


class DownloadUri(msgspec.Struct):
    artifact_uri: str


class SearchModelVersionsResponse(msgspec.Struct, omit_defaults=True):
    model_versions: list[ModelVersion]
    next_page_token: str | None = None


class SetModelVersionTag(msgspec.Struct):
    name: str
    version: str | int
    key: str
    value: str = ""


class DeleteModelVersionTag(msgspec.Struct):
    name: str
    version: str | int
    key: str
