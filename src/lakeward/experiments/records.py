"""The vocabulary of experiments."""

from collections.abc import Mapping
from typing import Final, NewType

import msgspec

ExperimentId = NewType("ExperimentId", int)

DEFAULT_ID: Final = 0  # where clients log that name no experiment
MAX_NAME: Final = 500
MAX_TAG_KEY: Final = 250
MAX_TAG_VALUE: Final = 20_000
MAX_VIEW_NAME: Final = 200
MAX_VIEW_STATE: Final = 60_000  # characters: the names of a thousand columns
MAX_VIEWS: Final = 200  # of one table and owner


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


class ViewKey(msgspec.Struct, frozen=True):
    """Which saved view. `owner` None: it is shared."""

    experiment_id: int
    table: str
    owner: int | None
    name: str


class SavedView(msgspec.Struct, frozen=True):
    """What a table of an experiment shows and how, by the parameters of the page's address."""

    table: str
    name: str
    shared: bool
    state: dict[str, str]
    changed_by: str
    updated_at: int  # epoch milliseconds
