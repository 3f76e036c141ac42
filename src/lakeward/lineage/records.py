"""The vocabulary of lineage. Enum values are spelled as on the wire; times are epoch milliseconds."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    DATASET = "DATASET"
    RUN = "RUN"
    LOGGED_MODEL = "LOGGED_MODEL"
    MODEL_VERSION = "MODEL_VERSION"
    PROMPT_VERSION = "PROMPT_VERSION"
    TRACE = "TRACE"


class Direction(StrEnum):
    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"


class Node(msgspec.Struct, frozen=True):
    """One end of a link. A data set has name and digest, a version name and version, everything else an id.

    `deleted` is what lies in the trash, or is gone and only known by its name.
    """

    kind: Kind
    id: str = ""
    name: str = ""
    version: int = 0
    digest: str = ""
    experiment_id: int | None = None
    status: str = ""
    at: int = 0
    deleted: bool = False


class Anchor(msgspec.Struct, frozen=True):
    """The object whose links are asked for. `seq` is its number in the database, of a version that of its model.

    `origin` is what it says itself about where it came from: the run and the LoggedModel, and the source of a version.
    """

    node: Node
    seq: int = 0
    full_name: str = ""
    origin_run: str = ""
    origin_model: str = ""
    source: str = ""
    prompts: str | None = None  # the tag in which clients list the prompt versions a run or model uses


class Found(msgspec.Struct, frozen=True):
    """A linked object, and its place in the order of its page."""

    place: int
    node: Node


class Link(msgspec.Struct, frozen=True):
    direction: Direction
    relation: str
    node: Node
