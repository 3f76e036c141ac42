"""The vocabulary of lineage. Enum values are spelled as on the wire; times are epoch milliseconds."""

import uuid
from enum import StrEnum
from typing import Final

import msgspec

MAX_NAME: Final = 255
MAX_URL: Final = 2_000
MAX_COLUMNS: Final = 10_000


class Kind(StrEnum):
    DATASET = "DATASET"
    RUN = "RUN"
    LOGGED_MODEL = "LOGGED_MODEL"
    MODEL_VERSION = "MODEL_VERSION"
    PROMPT_VERSION = "PROMPT_VERSION"
    TRACE = "TRACE"
    TABLE = "TABLE"
    FUNCTION = "FUNCTION"
    PATH = "PATH"
    EXTERNAL_METADATA = "EXTERNAL_METADATA"


class Direction(StrEnum):
    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"


class Node(msgspec.Struct, frozen=True):
    """One end of a link. A data set has name and digest, a version name and version, what the catalog holds and what
    is elsewhere a name, everything else an id.

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


class Metadata(msgspec.Struct, frozen=True):
    """Something in a system elsewhere. `columns` and `properties` are JSON, as an answer carries them."""

    id: uuid.UUID
    workspace_id: int
    name: str
    system_type: str
    entity_type: str
    url: str
    description: str
    columns: str
    properties: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    owner: str


class End(msgspec.Struct, frozen=True):
    """One end of a relationship: `key` is an id, or the URL of a path; `version` is a model's, 0 for all others.

    `name` is what it is called now.
    """

    kind: Kind
    key: str
    name: str
    version: int = 0


class Relationship(msgspec.Struct, frozen=True):
    """`columns` and `properties` are JSON, as an answer carries them."""

    id: uuid.UUID
    source: End
    target: End
    columns: str
    properties: str
    updated_at: int


class Related(msgspec.Struct, frozen=True):
    """A relationship as a list has it, with the other end; what is in a system elsewhere says in which."""

    seq: int
    relationship: Relationship
    other: End
    system_type: str
    entity_type: str


class Link(msgspec.Struct, frozen=True):
    direction: Direction
    relation: str
    node: Node
