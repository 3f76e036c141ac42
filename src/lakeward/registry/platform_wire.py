"""Requests and responses of the workspace registry's own calls, named as upstream."""

from typing import Self

import msgspec

from lakeward.registry import wire
from lakeward.registry.records import RegisteredModel as ModelRecord


class RegisteredModelDatabricks(wire.RegisteredModel, kw_only=True):
    id: str
    permission_level: str

    @classmethod
    def shown(cls, record: ModelRecord, level: str) -> Self:
        plain = wire.RegisteredModel.of(record, databricks=True)
        return cls(**msgspec.structs.asdict(plain), id=str(record.id), permission_level=level)


class GetRegisteredModelDatabricksResponse(msgspec.Struct):
    registered_model_databricks: RegisteredModelDatabricks


class TransitionStageDatabricks(wire.TransitionStage):
    comment: str = ""


class TransitionStageDatabricksResponse(msgspec.Struct):
    model_version_databricks: wire.ModelVersion
