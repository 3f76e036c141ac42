"""The vocabulary of artifacts: where a file lives, and what may be done there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import msgspec

from lakeward.access import Way
from lakeward.artifacts.paths import Segments
from lakeward.runtime.db import Tx


class Access(Enum):
    """What a caller wants to do. Trash can be read and emptied, but takes nothing new."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"


Locate = Callable[[Tx, int, Mapping[str, str], Access], Awaitable[str]]
Owner = Callable[[Mapping[str, str]], tuple[Way, str]]


@dataclass(frozen=True)
class Root:
    """A kind of place that holds artifacts.

    `files` is its path in the Files API, `proxy` its path behind `mlflow-artifacts:/` (None: not reachable there); a
    part like `{run}` stands for any name. `locate(tx, workspace, names, access)` gives the prefix of its objects, and
    raises NotFound for what is not in the workspace, InvalidParameter for what takes no more. `owner(names)` is whose
    rights decide; whoever holds a signed URL was checked when it was made. `lasting`: a path leads to the same prefix
    for ever, or nowhere, so it may be remembered.
    """

    name: str
    files: Segments
    proxy: Segments | None
    locate: Locate
    owner: Owner
    lasting: bool = True


class Place(msgspec.Struct, frozen=True):
    """A path below a root: `key` names its object (or the directory), `path` is how the Files API spells it."""

    workspace: int
    prefix: str
    root_path: Segments
    rest: Segments

    @property
    def key(self) -> str:
        return "/".join((self.prefix, *self.rest))

    @property
    def path(self) -> str:
        return "/".join((*self.root_path, *self.rest))

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.rest[-1]

    def below(self, rest: Segments) -> "Place":
        return Place(self.workspace, self.prefix, self.root_path, rest)


class Upload(msgspec.Struct, frozen=True):
    """An upload in parts that becomes the object `key`."""

    id: str
    workspace_id: int
    key: str
    overwrite: bool
    completed: bool


class Part(msgspec.Struct, frozen=True):
    """A part as the client reports it when it completes an upload; an empty etag is not compared."""

    number: int
    etag: str = ""
