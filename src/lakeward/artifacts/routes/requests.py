"""What the handlers of this package share: from a request to places, bodies and signed URLs."""

import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from lakeward.artifacts import signing, wire
from lakeward.artifacts.records import Access, Place
from lakeward.artifacts.roots import MODELS, RUNS, TRACES, Resolver
from lakeward.artifacts.routes import traced
from lakeward.artifacts.signing import Grant
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import Call

SIGNED = "/api/2.0/lakeward/signed"


def resolver(call: Call) -> Resolver:
    return Resolver(call.db, call.workspace)


async def run_top(call: Call, experiment_id: Any, run_id: str, access: Access) -> Place:
    return await resolver(call).top(RUNS, {"experiment": str(experiment_id), "run": run_id}, access)


async def model_top(call: Call, experiment_id: Any, model_id: str, access: Access) -> Place:
    return await resolver(call).top(MODELS, {"experiment": str(experiment_id), "model": model_id}, access)


async def trace_top(call: Call, experiment_id: Any, trace_id: str, access: Access) -> Place:
    return await resolver(call).top(TRACES, {"experiment": str(experiment_id), "trace": trace_id}, access)


def body_size(call: Call) -> int | None:
    declared = call.header("content-length")
    return int(declared.lstrip("0")[:19] or "0") if declared is not None and declared.isdigit() else None


async def store(call: Call, place: Place, *, create: bool = False) -> str:
    """The request's body becomes the object. Returns its etag."""
    if not place.rest:
        raise InvalidParameter("Invalid path: it names a directory, not a file.")
    if traced.holds_spans(place):
        return await traced.take(call, place)
    chunks: AsyncIterator[bytes] = call.stream()
    info = await call.objects.put(place.key, chunks, size=body_size(call), create=create)
    etag: str = info.etag
    return etag


def seconds_until(moment: str) -> int:
    """The life time that an RFC 3339 `expire_time` asks for, within what is allowed."""
    if not moment:
        return signing.bounded(None)
    try:
        expires = datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidParameter(f"expire_time {moment!r} is not an RFC 3339 time.") from error
    return signing.bounded(int(expires - time.time()))


class UrlSigner:
    """Makes signed URLs for one request."""

    def __init__(self, call: Call, seconds: int | None = None) -> None:
        self._call = call
        self._seconds = signing.bounded(seconds)
        self._expires = int(time.time()) + self._seconds

    async def file(self, method: str, place: Place) -> wire.SignedUrl:
        """A URL for one GET or PUT of this file: the object store's own where it has one, else this server's."""
        # spans pass through this server, which reads them
        direct = (
            None if traced.holds_spans(place) else await self._call.objects.presign(method, place.key, self._seconds)
        )
        if direct is not None:
            return wire.SignedUrl(direct.url, wire.CREDENTIAL_TYPES[direct.scheme], dict(direct.headers))
        url = await self._own(Grant(method, place.workspace, place.path, self._expires))
        return wire.SignedUrl(url, wire.SIGNED_BY_US, {})

    async def part(self, place: Place, upload_id: str, number: int) -> str:
        return await self._own(Grant("PUT", place.workspace, place.path, self._expires, upload_id, number))

    async def abort(self, place: Place, upload_id: str) -> str:
        return await self._own(Grant("DELETE", place.workspace, place.path, self._expires, upload_id))

    async def _own(self, grant: Grant) -> str:
        key = await signing.signing_key(self._call.db)
        return f"{self._call.base_url}{SIGNED}/{signing.sign(grant, key)}"
