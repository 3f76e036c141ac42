"""What a handler gets: who calls, in which workspace, the transaction, the raw request where it needs it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from lakeward.kit.errors import TooLarge, Unavailable
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http.access import Actor
from lakeward.runtime.http.address import Address, client_address, networks, spelled, spelled_peer
from lakeward.runtime.http.exchange import ClientGone, Exchange


def workspace_named(headers: Mapping[bytes, bytes]) -> str | int | None:
    """The name or number of the workspace a call asks for. MLflow sends the first header, the platform SDK a number.

    Discovery tells no number, so clients send one only if it was chosen: none means another workspace than it says.
    """
    name = headers.get(b"x-mlflow-workspace", b"").decode("latin-1").strip()
    if name:
        return name
    number = (headers.get(b"x-databricks-org-id") or headers.get(b"x-databricks-workspace-id") or b"").decode("latin-1")
    if not number:
        return None
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else number


class Call:
    """One request. `tx` is open only while the handler runs and only if the route asked for it."""

    __slots__ = (
        "_exchange", "_origin", "_sight", "access", "after", "caller", "came_to", "confined", "db", "headers", "hidden",
        "limit", "local", "method", "objects", "params", "provider", "recorded", "request", "request_id", "settings",
        "table", "telemetry", "testify", "tx", "unseen", "workspace",
    )  # fmt: skip

    def __init__(self, exchange: Exchange, request_id: str) -> None:
        self._exchange = exchange
        self.method = exchange.method
        self.headers: dict[bytes, bytes] = {}
        self.request_id = request_id
        self.params: dict[str, str] = {}  # of the path
        self.request: Any = None  # the decoded struct, once it is
        self.caller: Actor | None = None  # None on PUBLIC routes and signed URLs
        self.workspace = 0
        self.came_to = 0  # the workspace that was called, where `workspace` is another: the home of what was named
        self.hidden: Sequence[str] = ()  # catalogs of the workspace that are not seen in it
        self._origin: str | None = None
        self.local = False  # from this machine, directly
        self.db: Database
        self.tx: Tx = None
        self.objects: Any = None
        self.settings: Any = None
        self.telemetry: Any = None
        self.table: Sequence[Any] = ()
        self.limit: int | None = None
        self.access: Any = None
        self.provider: Any = None  # the OpenID provider people sign in with, if there is one
        self.confined = False  # the caller's role is not enough: rights on the objects that were named are
        # What the audit log will say of a call, if it will. It is given the call, because a call that held itself would
        # be garbage only a collection finds, and these cost as much as a tenth of all work.
        self.testify: Callable[[Call], str | None] | None = None
        self.recorded: str | None = None  # what of it was written along
        self.unseen = False  # a list has not asked yet what its caller may see
        self._sight: Any = None
        self.after: list[Callable[[], Awaitable[None]]] = []

    @property
    def actor(self) -> Actor:
        """The caller. Routes that are PUBLIC or carry a signed URL have none."""
        if self.caller is None:
            raise AssertionError("a route without a signed-in caller asked who it is")
        return self.caller

    @property
    def sight(self) -> Any:
        """What this caller may see of the kind that the route lists (`access.Sight`); None for all of it."""
        self.unseen = False
        return self._sight

    def see_only(self, sight: Any) -> None:
        """Narrow the list that this call asks for. It fails if its handler does not look."""
        self._sight = sight
        self.unseen = True

    @property
    def foreign(self) -> bool:
        """Whether what was named is at home in another workspace than the one that was called."""
        return self.came_to != 0

    def enter(self, home: int) -> None:
        """Go on in the workspace where what was named is at home."""
        if home != self.workspace:
            self.came_to, self.workspace, self.hidden = self.workspace, home, ()

    def record(self) -> str | None:
        """What the audit log is to say if this call succeeds, for a statement that does its work to write as well
        (`audit.RECORD`); whoever asks must. None if nothing, or not yet.
        """
        if self.recorded is None and self.testify is not None:
            self.recorded = self.testify(self)
        return self.recorded

    def afterwards(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` once the answer is on its way; its failure is logged and harms nobody."""
        self.after.append(job)

    def header(self, name: str) -> str | None:
        value = self.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    @property
    def databricks(self) -> bool:
        """Whether the client speaks the platform's dialect; decides how artifact URIs are spelled.

        The platform SDK names itself, also when MLflow in `databricks` mode calls by way of it; MLflow adds the
        number of the workspace if one was chosen.
        """
        return b"x-databricks-org-id" in self.headers or b"databricks-sdk" in self.headers.get(b"user-agent", b"")

    @property
    def address(self) -> Address | None:
        """Where the call comes from, by the word of trusted proxies."""
        return client_address(self._exchange.client, self.headers, networks(self.settings.trusted_proxies))

    @property
    def origin(self) -> str:
        """The address as text; '' for a socket without one."""
        if self._origin is None:
            peer = self._exchange.client
            if b"x-forwarded-for" in self.headers:
                self._origin = spelled(self.address)
            else:
                self._origin = spelled_peer(peer[0]) if peer else ""
        return self._origin

    @property
    def base_url(self) -> str:
        """Scheme and authority as the client wrote them, without a trailing slash.

        A proxy that ends TLS says so; whoever forges that misleads nobody but himself.
        """
        host = self.header("host") or "localhost"
        scheme = (self.header("x-forwarded-proto") or "").partition(",")[0].strip().lower()
        return f"{scheme if scheme in ('http', 'https') else 'http'}://{host}"

    async def body(self, counted: Callable[[int], None] | None = None) -> bytes | bytearray:
        """The raw body in one piece. `counted` is told of each part before it is kept, and may refuse it."""
        first, more = await self._piece(0)
        if counted is not None:
            counted(len(first))
        if not more:  # as most come
            return first
        whole = bytearray(first)  # grows in place: pieces to be joined would be there twice
        async for chunk in self.stream(len(first)):
            if counted is not None:
                counted(len(chunk))
            whole += chunk
        return whole

    async def stream(self, size: int = 0) -> AsyncIterator[bytes]:
        """The raw body as it arrives, after the first `size` bytes; nothing more is read from the socket while the
        handler is busy.
        """
        more = True
        while more:
            chunk, more = await self._piece(size)
            if chunk:
                size += len(chunk)
                yield chunk

    async def _piece(self, before: int) -> tuple[bytes, bool]:
        """What has arrived since, and whether there is more to come; `before` is the size of what came already."""
        try:
            chunk, more = await self._exchange.piece()
        except ClientGone:
            raise Unavailable("The client went away before the body was complete.") from None
        if self.limit is not None and before + len(chunk) > self.limit:
            raise TooLarge(f"The request body is larger than {self.limit} bytes.")
        return chunk, more
