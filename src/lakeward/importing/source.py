"""The server that things come from: MLflow's API over HTTP, read only, some connections at a time.

A source that is away for a moment is waited for, with growing pauses; one that stays away ends the import, which the
next one goes on with. What it says about one thing only is a `SourceError` about that thing.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec

from lakeward.importing.records import Login
from lakeward.importing.wire import Refusal
from lakeward.kit.errors import InvalidParameter, LakewardError, Unauthenticated, Unavailable

T = TypeVar("T")

_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_BROKEN_TRIES: Final = 3  # a 500 may be about this one thing for ever
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 8.0
_CHUNK: Final = 1 << 20
_TIMEOUT: Final = httpx.Timeout(120, connect=10, pool=None)
V2: Final = "/api/2.0/mlflow"
V3: Final = "/api/3.0/mlflow"
AJAX: Final = "/ajax-api/2.0/mlflow"


class SourceError(LakewardError):
    """The source refused one thing, or answered what cannot be read. `status` is 0 for the latter."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class SourceLost(Unavailable):
    """The source does not answer any more."""


class _Busy(Exception):
    """An answer after which to come back."""

    def __init__(self, response: httpx.Response, text: str) -> None:
        super().__init__(text)
        self.status = response.status_code
        after = response.headers.get("retry-after", "")
        self.pause = float(after) if after.isdecimal() else 0.0


class Source:
    """`async with Source(url, login, …) as source`."""

    def __init__(
        self, url: str, login: Login, *, connections: int, patience: float, workspace: str | None = None
    ) -> None:
        self.url, login = _address(url, login)
        self.connections = connections
        self._patience = patience
        headers = {"user-agent": "lakeward-import"}
        if login.token:
            headers["authorization"] = f"Bearer {login.token}"
        if workspace:
            headers["x-mlflow-workspace"] = workspace
        verify: Any = login.verify
        if login.verify and login.certificates:
            import ssl  # noqa: PLC0415 - rarely

            verify = ssl.create_default_context(cafile=login.certificates)
        self._http = httpx.AsyncClient(
            headers=headers,
            auth=httpx.BasicAuth(login.username, login.password) if login.username and not login.token else None,
            verify=verify,
            follow_redirects=True,
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    # ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def get(self, kind: type[T], path: str, /, **params: Any) -> T:
        """The answer as this type. Parameters that are None are left out."""
        given = {key: value for key, value in params.items() if value is not None}
        return _decoded(kind, await self.retrying(lambda: self._ask("GET", path, params=given)), path)

    async def post(self, kind: type[T], path: str, /, **body: Any) -> T:
        given = {key: value for key, value in body.items() if value is not None}
        return _decoded(kind, await self.retrying(lambda: self._ask("POST", path, json=given)), path)

    async def read(self, path: str, /, **params: Any) -> bytes:
        """An answer that is no JSON, as a whole."""
        return await self.retrying(lambda: self._ask("GET", path, params=params))

    async def _ask(self, method: str, path: str, **options: Any) -> bytes:
        response = await self._http.request(method, self.url + path, **options)
        _check(response, response.text if response.status_code >= 300 else "", self.url)
        return response.content

    @asynccontextmanager
    async def stream(self, path: str, params: Mapping[str, str]) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of a file as they come. For use within `retrying`."""
        headers = {"accept-encoding": "identity"}
        async with self._http.stream("GET", self.url + path, params=dict(params), headers=headers) as response:
            if response.status_code >= 300:
                _check(response, (await response.aread()).decode(errors="replace"), self.url)
            yield response.aiter_bytes(_CHUNK)

    async def retrying(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do this, again if the source is away or busy, until the patience with it ends."""
        began = time.monotonic()
        broken = 0
        pause = _FIRST_PAUSE
        while True:
            try:
                return await work()
            except (httpx.TransportError, _Busy) as error:
                broken += isinstance(error, _Busy) and error.status == 500
                if broken >= _BROKEN_TRIES:
                    raise SourceError(f"{self.url} answered with 500: {error}", status=500) from error
                left = self._patience - (time.monotonic() - began)
                if left <= 0:
                    raise SourceLost(
                        f"{self.url} does not answer any more: {_reason(error)}. What came over is kept: run the same"
                        " command again to go on."
                    ) from error
                asked = error.pause if isinstance(error, _Busy) else 0.0
                await asyncio.sleep(min(max(pause * random.uniform(0.5, 1.0), asked), max(left, 0.05)))  # noqa: S311
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def introduce(self) -> str:
        """Make sure that this is a server with MLflow's API and that it lets us in. Its version, or '' if unsaid."""
        try:
            answer = await self._ask("POST", f"{V2}/experiments/search", json={"max_results": 1, "view_type": 3})
        except httpx.TransportError as error:
            raise Unavailable(f"There is no answer from {self.url}: {_reason(error)}.") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise InvalidParameter(f"{self.url} is no address of a server: {error}.") from error
        except _Busy as error:
            raise Unavailable(f"{self.url} answered with {error.status}: {error}") from error
        except SourceError as error:
            raise (_no_entry(self.url, error.message) if error.status == 403 else self._stranger()) from error
        try:
            found = msgspec.json.decode(answer)
        except msgspec.DecodeError as error:
            raise self._stranger() from error
        if not isinstance(found, dict) or not {"experiments", "next_page_token"}.issuperset(found):
            raise self._stranger()
        try:
            said = (await self._ask("GET", "/version")).decode().strip().strip('"')
        except (SourceError, _Busy, httpx.TransportError, UnicodeDecodeError):
            return ""
        return said if len(said) < 40 and said[:1].isdigit() else ""

    def _stranger(self) -> InvalidParameter:
        return InvalidParameter(
            f"{self.url} is not an MLflow tracking server: it does not answer {V2}/experiments/search. Give the URL"
            " that its clients have in MLFLOW_TRACKING_URI, with the path if there is one."
        )


def _address(url: str, login: Login) -> tuple[str, Login]:
    """The URL without credentials and without a slash at its end."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, a bracket too few
        parts, right = urlsplit(""), False
    if not right:
        raise InvalidParameter(f"{url!r} is no address of a server: give a URL like http://old-mlflow:5000.")
    if parts.username:
        login = msgspec.structs.replace(login, username=parts.username, password=parts.password or "", token="")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")), login


def _check(response: httpx.Response, text: str, url: str) -> None:
    status = response.status_code
    if status < 300:
        return
    said = _message(text)
    if status == 401:
        raise _no_entry(url, said)
    if status in _BUSY:
        raise _Busy(response, said)
    raise SourceError(f"{response.request.url.path} of {url} answered with {status}: {said}", status=status)


def _no_entry(url: str, said: str) -> Unauthenticated:
    return Unauthenticated(
        f"{url} wants a login ({said}). Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and"
        " MLFLOW_TRACKING_PASSWORD, of somebody who may read everything there."
    )


def _message(text: str) -> str:
    try:
        said = str(msgspec.json.decode(text, type=Refusal).message)
    except msgspec.DecodeError:
        said = text
    return " ".join(said.split())[:300]


def _reason(error: Exception) -> str:
    return str(error).strip() or type(error).__name__


def _decoded(kind: type[T], answer: bytes, path: str) -> T:
    try:
        try:
            return msgspec.json.decode(answer, type=kind)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:  # some routes write NaN, which JSON has not
            return msgspec.convert(json.loads(answer), kind)
    except (ValueError, msgspec.MsgspecError) as error:
        raise SourceError(f"The answer of {path} cannot be read: {error}.") from error
