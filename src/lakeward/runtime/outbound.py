"""The only way out of the server: HTTP requests to places that users name.

A place that a user names could be one that only this machine reaches: the metadata of the cloud, a database, another
service. So the address is checked when the connection is made, and that very address is connected to: a name that
means something else a moment later gains nothing. Only public addresses pass, and hosts that the setting
`outbound_hosts` names; addresses where clouds keep their keys never do. Redirects are followed only when asked for, by
the same rule, and take no credentials to another origin. Proxies of the environment are ignored, as they would resolve
names themselves.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import httpcore
import httpx

from lakeward.kit.addresses import is_link_local, is_public
from lakeward.kit.errors import InvalidParameter, Unavailable

Resolve = Callable[[str, int], Awaitable[list[str]]]

MAX_ANSWER: Final = 32 << 20  # bytes
_CONNECT_SECONDS: Final = 10.0
_CONNECTIONS: Final = 100
_METHODS_TO_REPEAT: Final = frozenset({"GET", "HEAD"})


class OutboundRefused(InvalidParameter):
    """The request leads where it must not. Says the host that was named and never what it resolves to."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the machine resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)  # SOCK_STREAM
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, whatever the name means by then."""

    def __init__(self, allowed: Collection[str], resolve: Resolve) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._allowed = frozenset(name.lower() for name in allowed)
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:  # TimeoutError is one
            raise httpcore.ConnectError("the name cannot be resolved") from error
        if not addresses or not all(self._passes(host, each) for each in addresses):
            raise OutboundRefused(
                f"Requests to {host!r} are refused: it is not a public address. If it is right, an operator names it in"
                " the setting outbound_hosts."
            )
        failure: Exception = httpcore.ConnectError("no address answers")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _passes(self, host: str, address: str) -> bool:
        if host.lower() in self._allowed:
            return not is_link_local(address) or host == address
        return is_public(address)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Transport(httpx.AsyncHTTPTransport):
    """httpx offers no way to choose how connections are made, but takes a pool that does."""

    def __init__(self, backend: _Checked, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=20,
            keepalive_expiry=30.0,
            network_backend=backend,
        )


class Outbound:
    """One per process and event loop. `allowed` are host names whose addresses may be private."""

    def __init__(
        self, allowed: Collection[str] = (), *, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        transport = _Transport(_Checked(allowed, resolve), tls or ssl.create_default_context())
        self._client = httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        seconds: float = 30.0,
        max_answer: int = MAX_ANSWER,
        redirects: int = 0,
        whole: bool = True,
    ) -> Answer:
        """The whole answer, whatever its status, within `seconds` and `max_answer` bytes.

        Not `whole`: for who wants to know the status, the first bytes of the answer, compressed or not.
        Raises OutboundRefused for a place that must not be reached, a redirect too many and an answer too large;
        Unavailable if there is no answer.
        """
        async with self.stream(
            method, url, headers=headers, content=content, seconds=seconds, redirects=redirects, encoded=not whole
        ) as answer:
            chunks, size = [], 0
            async for chunk in answer.aiter_raw(64 << 10):
                size += len(chunk)
                if size > max_answer and whole:
                    raise OutboundRefused(f"The answer of {answer.url.host!r} is larger than {max_answer} bytes.")
                chunks.append(chunk)
                if size >= max_answer and not whole:
                    break
            return Answer(answer.status_code, dict(answer.headers), b"".join(chunks))

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        seconds: float = 30.0,
        redirects: int = 0,
        encoded: bool = False,
    ) -> AsyncIterator[httpx.Response]:
        """An answer to be read with `aiter_raw`, bounded by whoever reads it; all of it within `seconds`.

        `encoded`: whoever reads it minds no compression.
        """
        target = _parsed(url)
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    # a compressed answer could be a thousand times as large as what arrives
                    request = self._client.build_request(
                        method, target, headers=sent | {"accept-encoding": "identity"}, content=content,
                        timeout=httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS)),
                    )  # fmt: skip
                    answer = await self._client.send(request, stream=True)
                    try:
                        if not answer.has_redirect_location:
                            if not encoded:
                                _refuse_encoded(answer)
                            yield answer
                            return
                        if redirects == 0 or method not in _METHODS_TO_REPEAT:
                            raise OutboundRefused(f"{target.host!r} leads elsewhere, and redirects are not followed.")
                        target, sent = _redirected(target, answer.headers["location"], sent)
                        redirects -= 1
                    finally:
                        await answer.aclose()
        except (httpx.TransportError, TimeoutError) as error:
            raise Unavailable(f"No answer from {target.host!r}: {_reason(error)}.") from error


def _parsed(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise OutboundRefused(f"This is no URL: {error}.") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise OutboundRefused(
            f"Only http:// and https:// URLs can be called, not {target.scheme or 'one without scheme'!r}."
        )
    if target.userinfo:
        raise OutboundRefused("A URL that is called must not hold a user name or password.")
    return target


def _redirected(source: httpx.URL, location: str, headers: dict[str, str]) -> tuple[httpx.URL, dict[str, str]]:
    """Where a redirect leads, and the headers that may go there: none to another origin."""
    try:
        joined = source.join(location)
    except httpx.InvalidURL as error:
        raise OutboundRefused(f"{source.host!r} leads to what is no URL.") from error
    target = _parsed(str(joined))
    if source.scheme == "https" and target.scheme != "https":
        raise OutboundRefused(f"{source.host!r} leads from https to {target.scheme}.")
    same = (source.scheme, source.host, source.port) == (target.scheme, target.host, target.port)
    return target, headers if same else {}


def _refuse_encoded(answer: httpx.Response) -> None:
    if answer.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise OutboundRefused(f"{answer.url.host!r} answers compressed, which it was not asked for.")


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "it took too long"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is refused ({cause.verify_message.rstrip('.')})"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
