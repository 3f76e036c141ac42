"""The vocabulary of access: kinds of objects, the privileges that are granted on them, the rights these make.

A privilege is a word that somebody was given: `CAN_EDIT`, `EXECUTE`. A right is what an operation asks for: `READ`,
`EDIT`. A kind says which privileges, held where, make which right; all that decides reads it from there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from lakeward.kit.errors import NotFound

OWN: Final = "OWN"  # the privilege of an object's one owner
EVERYWHERE: Final = 0  # where catalogs of the server itself are at home: no workspace, and seen in each

READ: Final = "READ"
EDIT: Final = "EDIT"
MANAGE: Final = "MANAGE"

# Level → privileges: held by who has one of these at one of the levels, by himself or through a group.
Held = Mapping[str, Sequence[str]]
# One of the alternatives is enough; an alternative needs all its parts.
Formula = tuple[tuple[Held, ...], ...]
# A right, or what says which one it is for a request.
Right = str | Callable[[Any], str]


@dataclass(frozen=True)
class Level:
    """Where privileges on an object may be held: on itself, or on something it lies in.

    `kind` is the kind of that, `name` how its grants call it: SQL over the object's row `{o}`.
    """

    kind: str
    name: str


@dataclass(frozen=True)
class Acl:
    """How the permissions API knows a kind: `/api/2.0/permissions/{path}/{id}`.

    `grades` are its permission levels with what they allow, from the least to the most; `of_role` is the one that a
    role in the workspace amounts to.
    """

    path: str
    object_type: str
    grades: Mapping[str, str]
    of_role: Mapping[str, str]

    @property
    def most(self) -> str:
        return list(self.grades)[-1]


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of object. Its `levels` begin with the object itself; `rights` has the formula of each right.

    `words` are other names of rights: a privilege that makes just this one.
    """

    name: str
    levels: tuple[Level, ...]
    rights: Mapping[str, Formula]
    acl: Acl | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name.replace("_", " ")


@dataclass(frozen=True, eq=False)
class Way:
    """How requests name objects of a kind: by an id, by a name, by something in them.

    `rows` selects the object's row for `n.name` in workspace `$2`, with the columns that the kind's levels use. `parse`
    gives a name as the statement takes it, None for what names nothing; `unknown` is the error for that. Of what may
    lie in a catalog either the name says in which, or `located` selects `workspace_id` and `catalog_name` for `$1`.
    """

    kind: Kind
    label: str
    rows: str
    unknown: Callable[[str], NotFound]
    parse: Callable[[str], str | None] = str
    means: Mapping[str, str] = field(default_factory=dict)  # rights that are others for who comes this way
    catalog: Callable[[str], str] | None = None  # of a name as the statement takes it: the catalog it lies in
    located: str = ""

    def __str__(self) -> str:
        return self.label

    @property
    def catalogued(self) -> bool:
        return self.catalog is not None or bool(self.located)


def number(text: str) -> str | None:
    """A `parse` for ids that are numbers."""
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def from_(grades: Mapping[str, str], least: str) -> tuple[str, ...]:
    """The owner's privilege, this grade and all above it."""
    names = list(grades)
    return (OWN, *names[names.index(least) :])


class Principal(msgspec.Struct, frozen=True):
    """Who may be given something; `kind` is USER, GROUP or SERVICE_PRINCIPAL."""

    id: int
    kind: str
    name: str
    display_name: str


class Grant(msgspec.Struct, frozen=True):
    """What somebody holds on an object, or on what it lies in."""

    principal: Principal
    kind: str
    object: str
    privilege: str


class Binding(msgspec.Struct, frozen=True):
    """How a catalog is seen in a workspace, where that is not its home or not all of it.

    `home` is the workspace whose grants count on it, None where it is not seen at all.
    """

    home: int | None
    writable: bool


class Given(msgspec.Struct, frozen=True):
    """A permission level that somebody is to have; `kind` is the principal's."""

    kind: str
    name: str
    level: str


class Entry(msgspec.Struct, frozen=True):
    """A permission level that somebody has; `inherited_from` is '' for one that was given on the object."""

    principal: Principal
    level: str
    inherited_from: str
