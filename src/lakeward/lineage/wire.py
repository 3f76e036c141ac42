"""Requests and responses of lineage."""

from typing import Literal, Self

import msgspec

from lakeward.lineage.records import Link as LinkRecord
from lakeward.lineage.records import Node
from lakeward.runtime.http import Int64


class GetLineage(msgspec.Struct):
    """A run, LoggedModel or trace by `id`; a version by `name` and `version`; a data set by `name` and `digest`.

    A table, function or external metadata by `name`, which for a path is its URL.
    """

    kind: Literal[
        "DATASET",
        "RUN",
        "LOGGED_MODEL",
        "MODEL_VERSION",
        "PROMPT_VERSION",
        "TRACE",
        "TABLE",
        "FUNCTION",
        "PATH",
        "EXTERNAL_METADATA",
    ]
    id: str = ""
    name: str = ""
    version: str = ""
    digest: str = ""
    direction: Literal["UPSTREAM", "DOWNSTREAM", "BOTH"] = "BOTH"
    max_results: Int64 | None = None
    page_token: str | None = None


class Object(msgspec.Struct, omit_defaults=True):
    kind: str
    id: str = ""
    name: str = ""
    version: str = ""
    digest: str = ""
    experiment_id: str = ""
    status: str = ""
    timestamp: int = 0
    deleted: bool = False

    @classmethod
    def of(cls, node: Node) -> Self:
        return cls(
            kind=node.kind,
            id=node.id,
            name=node.name,
            version=str(node.version) if node.version else "",
            digest=node.digest,
            experiment_id="" if node.experiment_id is None else str(node.experiment_id),
            status=node.status,
            timestamp=node.at,
            deleted=node.deleted,
        )


class Link(msgspec.Struct):
    """`relation` says what the later of the two did: READ, USED, MADE by, REGISTERED from, COPIED from the earlier.

    EXTERNAL is what somebody declared by the external-lineage API.
    """

    direction: str
    relation: str
    object: Object

    @classmethod
    def of(cls, record: LinkRecord) -> Self:
        return cls(record.direction, record.relation, Object.of(record.node))


class GetLineageResponse(msgspec.Struct, omit_defaults=True):
    object: Object
    links: list[Link]
    next_page_token: str | None = None
