"""The seam through which an audit log learns how calls end; what is worth a record, its owner decides."""

from typing import Any, Protocol

import msgspec

from lakeward.runtime.http.call import Call
from lakeward.runtime.http.table import Route


class Outcome(msgspec.Struct, frozen=True):
    """How a call ended. `route` is None if no route was reached, `request` if its body was not read."""

    route: Route | None
    request: Any
    status: int
    error_code: str | None = None


class Witness(Protocol):
    """One per process."""

    def watches(self, route: Route) -> bool:
        """Whether `done` is wanted for calls of this route; asked once a route."""

    def testimony(self, call: Call, outcome: Outcome) -> str | None:
        """What `done` would record of a watched call, for a handler to write along with its work. None if it is no
        record of its own.
        """

    async def done(self, call: Call, outcome: Outcome, tx: Any) -> None:
        """A watched call did its work. `tx` is its open transaction, or None if it has none.

        What this raises fails the call, and with it the transaction: what is not recorded has not happened.
        """

    async def refused(self, call: Call, outcome: Outcome) -> None:
        """A call was denied (401, 403), or a watched one failed; its transaction, if any, is rolled back."""
