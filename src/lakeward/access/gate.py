"""Decides about objects: where their catalogs are bound, and what callers may whose role is not enough.

What was allowed is remembered for a second, so a run that logs a thousand points a second asks once; what was refused
is not, so a grant helps at once. The groups of a caller are part of the question: who leaves one asks anew.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from lakeward.access import store
from lakeward.access.records import EVERYWHERE, Binding, Kind, Way
from lakeward.access.sql import condition
from lakeward.access.unity import READING
from lakeward.kit.errors import InvalidParameter, PermissionDenied
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor, Rule
from lakeward.runtime.sql import Parameters

_REMEMBER_SECONDS: Final = 1.0
_REMEMBER_AT_MOST: Final = 20_000

# (database, workspace) → how catalogs are seen there; those that are not named are its own, and seen as they are.
Bindings = Callable[[Database, int], Awaitable[Mapping[str, Binding]]]


class Sight:
    """What one caller may see of a kind, as a condition for the statement that lists it.

    `right` None: all of it. `hidden` are catalogs of the workspace that are not seen in it.
    """

    def __init__(self, kind: Kind, right: str | None, actor: Actor, workspace: int, hidden: Sequence[str] = ()) -> None:
        self._kind = kind
        self._right = right
        self._principals = actor.principals
        self._workspace = workspace
        self._hidden = list(hidden)

    def condition(self, parameters: Parameters, row: str) -> str:
        """`row` is the alias of the object's row."""
        parts = []
        if self._hidden:
            parts.append(f"lower({row}.catalog_name) <> ALL ({parameters.add(self._hidden)}::text[])")
        if self._right is not None:
            workspace, principals = parameters.add(self._workspace), parameters.add(list(self._principals))
            parts.append(
                condition(
                    self._kind,
                    self._right,
                    row=row,
                    workspace=f"{workspace}::bigint",
                    principals=principals,
                    many=True,
                )
            )
        return f"({' AND '.join(parts)})"


async def seen(
    tx: Tx, select: str, row: str, workspace: int, sight: Sight | None, after: str, limit: int, *,
    key: str = "name", **equal: Any,
) -> list[Any]:  # fmt: skip
    """The rows of a workspace that a caller may see, by the column `key` and after one. `row`: its alias in `select`.

    `equal`: columns that have one value.
    """
    parameters = Parameters()
    where = [f"{row}.workspace_id = {parameters.add(workspace)}"]
    where += [f"{row}.{column} = {parameters.add(value)}" for column, value in equal.items()]
    where.append(f"{row}.{key} > {parameters.add(after)}")
    if sight is not None:
        where.append(sight.condition(parameters, row))
    statement = f"{select} WHERE {' AND '.join(where)} ORDER BY {row}.{key} LIMIT {parameters.add(limit)}"
    found: list[Any] = await tx.fetch(statement, *parameters.values)
    return found


class Gate:
    """One per process."""

    def __init__(self, db: Database, bindings: Bindings) -> None:
        self._db = db
        self._bindings = bindings
        self._bound: dict[int, tuple[float, Mapping[str, Binding]]] = {}
        self._allowed: dict[tuple[Any, ...], float] = {}

    async def authorize(self, call: Any, rule: Rule, request: Any, *, settled: bool) -> None:
        """Raise PermissionDenied or NotFound unless this caller has the right that each of the rule's objects needs.

        `settled`: the caller's role is enough, for what is the workspace's own.
        """
        if any(each.catalogued for each in rule.objects):
            bound = await self.bindings(call.workspace)
            if bound:
                await self._enter(call, rule, request, bound)
                settled = settled and (not call.foreign or call.caller.is_admin)
        if settled:
            for each in rule.objects if call.hidden else ():
                each.narrow(call)
            return
        call.confined = True
        try:
            asked = [await each.ask(self, call, rule, request) for each in rule.objects]
        except PermissionDenied:
            if call.foreign:  # who was given nothing there does not learn what is there
                for each in rule.objects:
                    for way, name, _ in each.named(call, rule, request):
                        raise way.unknown(name) from None
            raise
        if not any(asked):  # all of them may be left out, and were
            raise rule.refusal(call.caller, call.workspace)

    async def bindings(self, workspace: int) -> Mapping[str, Binding]:
        """Of the catalogs that are not simply the workspace's own. Read once a second."""
        known = self._bound.get(workspace)
        now = time.monotonic()
        if known is None or known[0] < now:
            if len(self._bound) >= _REMEMBER_AT_MOST:
                self._bound.clear()
            known = self._bound[workspace] = now + _REMEMBER_SECONDS, await self._bindings(self._db, workspace)
        return known[1]

    async def seen(self, workspace: int, way: Way, name: str) -> Binding:
        """How the catalog that something of this name lies in is seen from this workspace; in none, it is its own."""
        place = await self._place(way, name)
        found = (await self.bindings(workspace)).get(place[0]) if place is not None else None
        if found is None:
            return Binding(workspace, writable=True)
        if found.home is None:
            raise way.unknown(name)
        return found

    def forget_bindings(self) -> None:
        """What this process changed, it knows at once."""
        self._bound.clear()

    async def _enter(self, call: Any, rule: Rule, request: Any, bound: Mapping[str, Binding]) -> None:
        """Go where the catalogs that a request names are at home: that workspace's rows and grants count there."""
        homes: dict[int, str] = {}
        for each in rule.objects:
            for way, name, right in each.named(call, rule, request):
                place = await self._place(way, name)
                if place is None:
                    continue
                catalog, at_home = place
                seen = bound.get(catalog)
                home = call.workspace if seen is None else seen.home
                if home is None or at_home not in (None, home):
                    raise way.unknown(name)
                if home == EVERYWHERE and right not in READING and not each.about_rights:
                    raise PermissionDenied(
                        f"The catalog {catalog!r} is the server's own: nobody changes what is in it."
                    )
                closed = seen is not None and not seen.writable and home != EVERYWHERE
                if closed and right not in READING and not each.question:
                    raise PermissionDenied(
                        f"The catalog {catalog!r} is bound to this workspace for reading only; {right} on the {way}"
                        f" {name!r} is more than that."
                    )
                homes[home] = catalog
            if scope := each.scope(request):  # a list of one catalog
                seen = bound.get(scope)
                homes[call.workspace if seen is None or seen.home is None else seen.home] = scope
        if len(homes) > 1:
            raise InvalidParameter(
                f"The catalogs {', '.join(map(repr, homes.values()))} are of different workspaces; one request can"
                " name those of one only."
            )
        call.hidden = [name for name, seen in bound.items() if seen.home is None]
        for home in homes:
            call.enter(home)

    async def _place(self, way: Way, name: str) -> tuple[str, int | None] | None:
        """The catalog that something of this name lies in, and the workspace where it must be at home, if the name says
        neither; None for what lies in none, or is nothing.
        """
        parsed = way.parse(name) if way.catalogued else None
        if parsed is None:
            return None
        if way.catalog is not None:
            return way.catalog(parsed), None
        async with self._db.connection() as connection:
            found = await store.locate(connection, way, parsed)
        return None if found is None else (found[1], found[0])

    async def verdicts(
        self, actor: Actor, workspace: int, way: Way, names: Sequence[str], right: str
    ) -> dict[str, bool | None]:
        """Of each name whether the caller has the right there; None for what does not exist."""
        right = way.means.get(right, right)
        now = time.monotonic()
        found: dict[str, bool | None] = {}
        asked: dict[str, str] = {}  # name → as the statement takes it
        for name in names:
            if self._allowed.get((actor.principals, workspace, way, name, right), 0.0) > now:
                found[name] = True
            elif (parsed := way.parse(name)) is None:
                found[name] = None
            else:
                asked[name] = parsed
        if asked:
            async with self._db.connection() as connection:
                decided = await store.decide(connection, way, right, workspace, actor.principals, list(asked.values()))
            found.update(zip(asked, decided, strict=True))
            self._remember(
                (actor.principals, workspace, way, name, right)
                for name, verdict in zip(asked, decided, strict=True)
                if verdict
            )
        return found

    def _remember(self, keys: Any) -> None:
        if len(self._allowed) >= _REMEMBER_AT_MOST:
            self._allowed.clear()
        until = time.monotonic() + _REMEMBER_SECONDS
        for key in keys:
            self._allowed[key] = until

    async def require(
        self, actor: Actor, workspace: int, way: Way, names: Sequence[str], right: str, *, lenient: bool = False
    ) -> None:
        """Raise unless the caller has the right on every one of them. `lenient` lets pass what does not exist."""
        for name, verdict in (await self.verdicts(actor, workspace, way, names, right)).items():
            if verdict is None and not lenient:
                raise way.unknown(name)
            if verdict is False:
                raise refusal(actor, way, name, right)


def refusal(actor: Actor, way: Way, name: str, right: str) -> PermissionDenied:
    return PermissionDenied(
        f"'{actor.name}' does not have {right} on the {way} {name!r}. Whoever manages it can grant that."
    )
