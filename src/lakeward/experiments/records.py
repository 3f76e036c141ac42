"""The vocabulary of experiments."""

from collections.abc import Mapping
from typing import Final, NewType

import msgspec

ExperimentId = NewType("ExperimentId", int)

DEFAULT_ID: Final = 0  # where clients log that name no experiment
MAX_NAME: Final = 500
MAX_TAG_KEY: Final = 250
MAX_TAG_VALUE: Final = 20_000


class Experiment(msgspec.Struct, frozen=True):
    """An experiment; times are epoch milliseconds. `artifact_location` is set only if a user chose one."""

    id: ExperimentId
    workspace_id: int
    name: str
    artifact_location: str | None
    created_at: int
    updated_at: int
    deleted_at: int | None
    tags: dict[str, str]

    @property
    def deleted(self) -> bool:
        return self.deleted_at is not None


class ArrivingExperiment(msgspec.Struct, frozen=True):
    """An experiment as the other server has it. Times are epoch milliseconds."""

    id: str
    name: str
    created_at: int
    updated_at: int
    tags: Mapping[str, str]
