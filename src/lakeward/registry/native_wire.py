"""Requests and responses of `/api/2.1/unity-catalog/models`, named as upstream: flat bodies, numbers for versions."""

from typing import Self

import msgspec

from lakeward import logged_models
from lakeward.registry import files, unity_wire, upstream, wire
from lakeward.registry.records import ModelVersion, RegisteredModel
from lakeward.runtime.http import Int64


class Alias(msgspec.Struct):
    alias_name: str
    version_num: int


class _Alias(msgspec.Struct):
    alias: str
    version: str


_of_model = msgspec.json.Decoder(list[_Alias])
_of_version = msgspec.json.Decoder(list[str])


class RegisteredModelInfo(msgspec.Struct, omit_defaults=True):
    name: str
    catalog_name: str
    schema_name: str
    full_name: str
    created_at: int
    created_by: str
    updated_at: int
    owner: str
    id: str
    aliases: list[Alias]
    tags: msgspec.Raw
    comment: str = ""
    deployment_job_id: str = ""
    browse_only: bool = False

    @classmethod
    def of(cls, record: RegisteredModel, *, browse_only: bool = False) -> Self:
        catalog, schema, leaf = record.full_name.split(".", 2)
        return cls(
            name=leaf,
            catalog_name=catalog,
            schema_name=schema,
            full_name=record.full_name,
            created_at=record.created_at,
            created_by=record.created_by,
            updated_at=record.updated_at,
            owner=record.owner,
            id=str(record.id),
            aliases=[Alias(each.alias, int(each.version)) for each in _of_model.decode(record.aliases)],
            tags=msgspec.Raw(record.tags.encode()),
            comment=record.description,
            deployment_job_id=record.deployment_job_id,
            browse_only=browse_only,
        )


class ModelVersionInfo(msgspec.Struct, omit_defaults=True):
    model_name: str
    catalog_name: str
    schema_name: str
    version: int
    source: str
    status: str
    storage_location: str
    created_at: int
    created_by: str
    updated_at: int
    aliases: list[Alias]
    tags: msgspec.Raw
    comment: str = ""
    run_id: str = ""
    model_id: str = ""
    model_params: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    model_metrics: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, record: ModelVersion, *, databricks: bool, model: logged_models.LoggedModel | None = None) -> Self:
        """`model` is the LoggedModel it was made from, whose results it shows."""
        catalog, schema, leaf = record.full_name.split(".", 2)
        return cls(
            model_name=leaf,
            catalog_name=catalog,
            schema_name=schema,
            version=record.version,
            source=wire.rendered(record.source, databricks=databricks),
            status=record.status,
            storage_location=files.path(record),
            created_at=record.created_at,
            created_by=record.created_by,
            updated_at=record.updated_at,
            aliases=[Alias(alias, record.version) for alias in _of_version.decode(record.aliases)],
            tags=msgspec.Raw(record.tags.encode()),
            comment=record.description or "",
            run_id=record.run_id,
            model_id=record.logged_model_id,
            model_params=msgspec.UNSET if model is None else unity_wire.named(model.params),
            model_metrics=msgspec.UNSET if model is None else msgspec.Raw(model.metrics.encode()),
        )


class CreateRegisteredModel(msgspec.Struct):
    name: str
    catalog_name: str
    schema_name: str
    comment: str = ""
    tags: list[wire.Tag] = []
    deployment_job_id: str = ""


class ByFullName(msgspec.Struct):
    full_name: str


class GetRegisteredModel(msgspec.Struct):
    full_name: str
    include_browse: bool = False


class UpdateRegisteredModel(msgspec.Struct):
    full_name: str
    new_name: str | None = None
    comment: str | None = None
    deployment_job_id: str | None = None
    owner: str = ""


class ListRegisteredModels(msgspec.Struct):
    catalog_name: str = ""
    schema_name: str = ""
    max_results: Int64 | None = None
    page_token: str | None = None
    include_browse: bool = False


class ListRegisteredModelsResponse(msgspec.Struct, omit_defaults=True):
    registered_models: list[RegisteredModelInfo]
    next_page_token: str | None = None


class SetAlias(msgspec.Struct):
    full_name: str
    alias: str
    version_num: Int64


class AliasByName(msgspec.Struct):
    full_name: str
    alias: str


class CreateModelVersion(msgspec.Struct):
    model_name: str
    catalog_name: str
    schema_name: str
    source: str = ""
    run_id: str = ""
    comment: str = ""
    tags: list[wire.Tag] = []
    model_id: str = ""
    model_version_dependencies: upstream.NativeDependencies | None = None


class VersionById(msgspec.Struct):
    full_name: str
    version: str


class UpdateModelVersion(msgspec.Struct):
    full_name: str
    version: str
    comment: str | None = None


class ListModelVersions(msgspec.Struct):
    full_name: str
    max_results: Int64 | None = None
    page_token: str | None = None


class ListModelVersionsResponse(msgspec.Struct, omit_defaults=True):
    model_versions: list[ModelVersionInfo]
    next_page_token: str | None = None


class AwsCredentials(msgspec.Struct):
    access_key_id: str
    secret_access_key: str
    session_token: str


class Credentials(msgspec.Struct, omit_defaults=True):
    storage_mode: str
    expiration_time: int
    aws_temp_credentials: AwsCredentials | None = None


class TemporaryCredentials(msgspec.Struct):
    catalog_name: str
    schema_name: str
    model_name: str
    version: str | int
    operation: str | int = "READ_MODEL_VERSION"


class TagChanges(msgspec.Struct):
    add_tags: list[wire.Tag] = []
    remove: list[str] = []


class UpdateModelTags(msgspec.Struct):
    full_name: str
    changes: TagChanges


class UpdateVersionTags(msgspec.Struct):
    full_name: str
    version: str
    changes: TagChanges
