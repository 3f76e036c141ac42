"""Requests and responses of the LoggedModels API, named as upstream."""

from typing import Self

import msgspec

from lakeward.experiments import model_artifact_uri
from lakeward.logged_models.records import MODEL_VERSIONS_TAG
from lakeward.logged_models.records import LoggedModel as Record
from lakeward.runtime.http import Int64


class LoggedModelTag(msgspec.Struct):
    key: str
    value: str = ""


class LoggedModelParameter(msgspec.Struct):
    key: str
    value: str = ""


class LoggedModelRegistrationInfo(msgspec.Struct):
    name: str
    version: str


class LoggedModelInfo(msgspec.Struct):
    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: str
    creator_id: int
    model_type: str
    source_run_id: str
    tags: msgspec.Raw
    registrations: list[LoggedModelRegistrationInfo]


class LoggedModelData(msgspec.Struct):
    params: msgspec.Raw
    metrics: msgspec.Raw


class LoggedModel(msgspec.Struct):
    info: LoggedModelInfo
    data: LoggedModelData

    @classmethod
    def of(cls, record: Record, *, databricks: bool) -> Self:
        return cls(
            LoggedModelInfo(
                model_id=record.model_id,
                experiment_id=str(record.experiment_id),
                name=record.name,
                creation_timestamp_ms=record.created_at,
                last_updated_timestamp_ms=record.updated_at,
                artifact_uri=model_artifact_uri(
                    record.home_id, record.location, record.model_id, databricks=databricks
                ),
                status=record.status,
                creator_id=record.creator_id,
                model_type=record.model_type,
                source_run_id=record.source_run_id,
                tags=msgspec.Raw(record.tags.encode()),
                registrations=_registrations(record.tags),
            ),
            LoggedModelData(msgspec.Raw(record.params.encode()), msgspec.Raw(record.metrics.encode())),
        )


class _Version(msgspec.Struct):
    name: str
    version: str | int


_tags = msgspec.json.Decoder(list[LoggedModelTag])
_versions = msgspec.json.Decoder(list[_Version])


def _registrations(tags: str) -> list[LoggedModelRegistrationInfo]:
    """The client keeps them as JSON in a tag; a tag that holds anything else registers nothing."""
    if MODEL_VERSIONS_TAG not in tags:
        return []
    try:
        listed = [tag.value for tag in _tags.decode(tags) if tag.key == MODEL_VERSIONS_TAG]
        found = [version for value in listed for version in _versions.decode(value)]
    except msgspec.DecodeError:
        return []
    unique = dict.fromkeys((each.name, str(each.version)) for each in found)
    return [LoggedModelRegistrationInfo(name, version) for name, version in unique]


class CreateLoggedModel(msgspec.Struct):
    experiment_id: str
    name: str | None = None
    model_type: str = ""
    source_run_id: str = ""
    params: list[LoggedModelParameter] = []
    tags: list[LoggedModelTag] = []


class LoggedModelResponse(msgspec.Struct):
    model: LoggedModel


class GetLoggedModel(msgspec.Struct):
    model_id: str
    allow_deleted: bool = False


class FinalizeLoggedModel(msgspec.Struct):
    model_id: str
    status: str | int


class DeleteLoggedModel(msgspec.Struct):
    model_id: str


class SetLoggedModelTags(msgspec.Struct):
    model_id: str
    tags: list[LoggedModelTag] = []


class DeleteLoggedModelTag(msgspec.Struct):
    model_id: str
    tag_key: str


class LogLoggedModelParams(msgspec.Struct):
    model_id: str
    params: list[LoggedModelParameter] = []


class SearchDataset(msgspec.Struct):
    dataset_name: str = ""
    dataset_digest: str = ""


class SearchOrderBy(msgspec.Struct):
    field_name: str
    ascending: bool = True
    dataset_name: str = ""
    dataset_digest: str = ""


class SearchLoggedModels(msgspec.Struct):
    experiment_ids: list[str] = []
    filter: str | None = None
    datasets: list[SearchDataset] = []
    max_results: Int64 | None = None
    order_by: list[SearchOrderBy] = []
    page_token: str | None = None


class SearchLoggedModelsResponse(msgspec.Struct, omit_defaults=True):
    models: list[LoggedModel]
    next_page_token: str | None = None
