"""The vocabulary of an import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

import msgspec

from lakeward.experiments import ExperimentId

# What is compared, in the order of the table.
KINDS: Final = (
    "experiments", "runs", "params", "tags", "metric histories", "points", "data sets", "model inputs and outputs",
    "artifacts", "logged models", "logged model artifacts", "registered models", "model versions", "model files",
    "aliases", "prompts", "prompt versions", "traces", "spans", "assessments", "trace attachments", "traces of runs",
    "traces of prompts",
)  # fmt: skip
MAX_SHOWN: Final = 100  # differences that are told one by one


class Login(msgspec.Struct, frozen=True):
    """How the source lets its clients in. All empty: anybody comes in."""

    token: str = ""
    username: str = ""
    password: str = ""
    verify: bool = True
    certificates: str = ""  # a file of certificates to trust


class Wanted(msgspec.Struct, frozen=True):
    """What to bring. No names: all experiments, the registry and the prompts."""

    experiments: tuple[str, ...] = ()
    again: bool = False  # look at everything, also what came over before

    @property
    def everything(self) -> bool:
        return not self.experiments


class Place(NamedTuple):
    """Where an experiment of the source is here. A merged one keeps the name and state it had."""

    experiment_id: ExperimentId
    merged: bool


class File(NamedTuple):
    """A file of the source: its path below its root, and its size if the source says it."""

    path: str
    size: int | None


class Kept(NamedTuple):
    """A file that came over, as the source sent it."""

    size: int
    sha256: bytes


class Progress(Protocol):
    """Who is told how far it is."""

    def stage(self, name: str) -> None: ...
    def count(self, kind: str, number: int = 1) -> None: ...
    def say(self, text: str) -> None: ...


@dataclass
class Report:
    """What an import found and did."""

    source: str
    version: str
    brought: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    compared: "Mapping[str, Compared]" = field(default_factory=dict)

    @property
    def identical(self) -> bool:
        return not self.problems and all(each.different == 0 for each in self.compared.values())


class Compared(msgspec.Struct):
    """One kind of things on both sides: how many, a checksum over all of them, and how many are not alike."""

    there: int = 0
    here: int = 0
    there_checksum: str = ""
    here_checksum: str = ""
    different: int = 0
    differences: Sequence[str] = ()
