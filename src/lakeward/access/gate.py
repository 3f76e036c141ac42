"""Decides about objects for callers whose role in the workspace is not enough.

What was allowed is remembered for a second, so a run that logs a thousand points a second asks once; what was refused
is not, so a grant helps at once. The groups of a caller are part of the question: who leaves one asks anew.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from lakeward.access import store
from lakeward.access.records import Kind, Way
from lakeward.access.sql import condition
from lakeward.kit.errors import PermissionDenied
from lakeward.runtime.db import Database
from lakeward.runtime.http import Actor, Rule
from lakeward.runtime.sql import Parameters

_REMEMBER_SECONDS: Final = 1.0
_REMEMBER_AT_MOST: Final = 20_000


class Sight:
    """What one caller may see of a kind, as a condition for the statement that lists it."""

    def __init__(self, kind: Kind, right: str, actor: Actor, workspace: int) -> None:
        self._kind = kind
        self._right = right
        self._principals = actor.principals
        self._workspace = workspace

    def condition(self, parameters: Parameters, row: str) -> str:
        """`row` is the alias of the object's row."""
        workspace, principals = parameters.add(self._workspace), parameters.add(list(self._principals))
        return condition(
            self._kind, self._right, row=row, workspace=f"{workspace}::bigint", principals=principals, many=True
        )


class Gate:
    """One per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._allowed: dict[tuple[Any, ...], float] = {}

    async def authorize(self, call: Any, rule: Rule, request: Any) -> None:
        """Raise PermissionDenied or NotFound unless this caller has the right that each of the rule's objects needs."""
        call.confined = True
        asked = [await each.ask(self, call, rule, request) for each in rule.objects]
        if not any(asked):  # all of them may be left out, and were
            raise rule.refusal(call.caller, call.workspace)

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
