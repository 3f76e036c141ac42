"""In whose name things happen: of the caller of the request that is handled, or of the server itself.

Set once per request, when the caller is known, for the task that handles it. It is for logs of what was done, which
would else need one more parameter in every function between a route and a statement; no right is ever read from it.
"""

from contextvars import ContextVar
from typing import Final

SERVER: Final = ""  # scheduled work

_name: ContextVar[str] = ContextVar("acting", default=SERVER)


def act_as(name: str) -> None:
    _name.set(name)


def acting() -> str:
    """The name of the principal, or `SERVER`."""
    return _name.get()
