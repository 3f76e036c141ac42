"""What a route says about its objects: `EDIT.on(run("run_id"))`, `READ.on(experiment("experiment_ids").kept())`.

The objects of a rule are looked at only for callers whose role is not enough. A rule without objects refuses those.
`ask` raises unless the caller may; it is False for objects that the request could name and did not.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lakeward.access import unity
from lakeward.access.gate import Gate, Sight, refusal
from lakeward.access.records import EDIT, MANAGE, READ, Kind, Right, Way
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import Role, Rule

_RIGHT_OF_ROLE: Final = {Role.READ: READ, Role.EDIT: EDIT, Role.MANAGE: MANAGE}

Names = Callable[[Any, Any], Iterable[tuple[Way, str]]]  # (call, request) → what is asked about
Asked = tuple[Way, str, str]  # way, name, right


def _right(rule: Rule, given: Right | None, request: Any) -> str:
    if given is not None:
        return given if isinstance(given, str) else given(request)
    assert rule.role is not None
    return _RIGHT_OF_ROLE[rule.role]


class _Plain:
    """What most objects of rules have no part in: lists, and catalogs."""

    @property
    def catalogued(self) -> bool:
        """Whether they may lie in a catalog."""
        return False

    @property
    def about_rights(self) -> bool:
        """Whether the request is about who may do what with them, and changes nothing in them."""
        return False

    @property
    def question(self) -> bool:
        """Whether the request asks who may do what with them, and changes nothing at all."""
        return False

    def named(self, _call: Any, _rule: Rule, _request: Any) -> list[Asked]:
        """What the request asks, of whom the role alone would be enough too."""
        return []

    def scope(self, _request: Any) -> str:
        """The one catalog that a list is of."""
        return ""

    def narrow(self, call: Any) -> None:
        """Leave out of a list what is not seen in the workspace."""


@dataclass(frozen=True)
class Named(_Plain):
    """Objects that fields of the request name: of the first field that says anything, each needs the right.

    A field may be a path, `trace.trace_info.trace_id`; what it leads through may be lists.
    """

    way: Way
    fields: tuple[str, ...]
    right: Right | None = None
    optional: bool = False  # the request need not say
    lenient: bool = False  # what does not exist is left to the handler
    header: str = ""  # instead of fields

    def needs(self, right: Right) -> "Named":
        """Ask for this right instead of the one that the rule's role amounts to."""
        return replace(self, right=right)

    def if_said(self) -> "Named":
        return replace(self, optional=True)

    def if_there(self) -> "Named":
        """Objects that do not exist are passed over, by a handler that looks for itself."""
        return replace(self, lenient=True)

    def read(self) -> "Named":
        """What a request mentions while it changes something else: what exists must be the caller's to read."""
        return replace(self, right=READ, optional=True, lenient=True)

    def kept(self) -> "Kept":
        """For lists: of a list of names those stay that the caller has the right on."""
        return Kept(self.way, self.fields[0], self.right)

    def __str__(self) -> str:
        right = f"{self.right} of " if isinstance(self.right, str) else ""
        return f"{right}{self.way} `{self.header or self.fields[0]}`"

    @property
    def catalogued(self) -> bool:
        return self.way.catalogued

    def named(self, call: Any, rule: Rule, request: Any) -> list[Asked]:
        right = _right(rule, self.right, request)
        return [(self.way, name, right) for name in self._names(call, request)]

    def _names(self, call: Any, request: Any) -> list[str]:
        names = [call.header(self.header) or ""] if self.header else _said(request, self.fields)
        return [name for name in names if name]

    async def ask(self, gate: Gate, call: Any, rule: Rule, request: Any) -> bool:
        names = self._names(call, request)
        if not names:
            if self.optional:
                return False
            raise InvalidParameter(f"Missing value for required parameter '{self.header or self.fields[0]}'.")
        right = _right(rule, self.right, request)
        if self.right == READ and not call.foreign and (call.caller.role_in(call.workspace) or 0) >= Role.READ:
            return True  # more is asked of the other objects of the rule, and these the role lets read
        await gate.require(call.caller, call.workspace, self.way, names, right, lenient=self.lenient)
        return True


@dataclass(frozen=True)
class Kept(_Plain):
    """A list of names in the request, of which those stay that the caller has the right on."""

    way: Way
    field: str
    right: Right | None = None

    def __str__(self) -> str:
        return f"those of {self.way} `{self.field}`"

    async def ask(self, gate: Gate, call: Any, rule: Rule, request: Any) -> bool:
        """PermissionDenied if there are some, and the caller may see none of them: an empty list would be a lie."""
        field, _, rest = self.field.partition(".")
        elements: Sequence[Any] = getattr(request, field) or []
        named = [(element, _text(_follow([element], rest.split(".") if rest else []))) for element in elements]
        right = _right(rule, self.right, request)
        names = list(dict.fromkeys(name for _, name in named))
        verdicts = await gate.verdicts(call.caller, call.workspace, self.way, names, right)
        allowed = [element for element, name in named if verdicts[name]]
        refused = [name for name in names if verdicts[name] is False]
        if refused and not allowed:
            raise refusal(call.caller, self.way, refused[0], right)
        setattr(request, field, allowed if refused else list(elements))
        return True


@dataclass(frozen=True)
class Listed(_Plain):
    """A list without names in its request: its handler narrows it by `call.sight`, or the call fails."""

    kind: Kind
    right: Right | None = None
    within: Callable[[Any], str] | None = None  # the catalog that a request limits the list to, or ""

    def __str__(self) -> str:
        return f"each {self.kind}"

    @property
    def catalogued(self) -> bool:
        return any(level.kind == "catalog" for level in self.kind.levels)

    def scope(self, request: Any) -> str:
        return unity.catalog_of(self.within(request)) if self.within is not None else ""

    def narrow(self, call: Any) -> None:
        if self.catalogued:
            call.see_only(Sight(self.kind, None, call.caller, call.workspace, call.hidden))

    async def ask(self, _gate: Gate, call: Any, rule: Rule, request: Any) -> bool:
        right = _right(rule, self.right, request)
        call.see_only(Sight(self.kind, right, call.caller, call.workspace, call.hidden))
        return True


@dataclass(frozen=True)
class Found(_Plain):
    """Objects that a function finds in the call and its request, for what is no plain field."""

    names: Names
    shown: str
    right: Right | None = None
    lenient: bool = False
    of_rights: bool = False
    of_question: bool = False
    in_catalogs: bool = True  # for all one knows before

    def __str__(self) -> str:
        return self.shown

    @property
    def about_rights(self) -> bool:
        return self.of_rights

    @property
    def question(self) -> bool:
        return self.of_question

    @property
    def catalogued(self) -> bool:
        return self.in_catalogs

    def named(self, call: Any, rule: Rule, request: Any) -> list[Asked]:
        right = _right(rule, self.right, request)
        return [(way, name, right) for way, name in self.names(call, request)]

    async def ask(self, gate: Gate, call: Any, rule: Rule, request: Any) -> bool:
        right = _right(rule, self.right, request)
        for way, name in self.names(call, request):
            await gate.require(call.caller, call.workspace, way, [name], right, lenient=self.lenient)
        return True


def named(way: Way) -> Callable[..., Named]:
    """The word that rules use for objects found so; its arguments are the fields that name them."""

    def of(*fields: str, header: str = "") -> Named:
        return Named(way, fields, header=header)

    return of


def _said(request: Any, fields: Sequence[str]) -> list[str]:
    """The names in the first of these fields that says anything. A plain word costs a microsecond."""
    for field in fields:
        value = getattr(request, field) if "." not in field else _follow([request], field.split("."))
        if isinstance(value, str):
            found = [value] if value else []
        else:
            listed = value if isinstance(value, list) else [value]
            found = list(dict.fromkeys(str(each) for each in listed if each not in (None, "")))
        if found:
            return found
    return []


def _follow(values: list[Any], path: Sequence[str]) -> list[Any]:
    """What stands at the end of the path, from each of the values."""
    for part in path:
        reached = [getattr(value, part) for value in values if value is not None]
        values = [each for value in reached for each in (value if isinstance(value, list) else [value])]
    return values


def _text(values: list[Any]) -> str:
    return str(values[0]) if values and values[0] is not None else ""
