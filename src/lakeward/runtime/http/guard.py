"""Host and Origin checks: no web page may use a browser to reach a server that trusts its own machine.

A page on the internet can make a browser send requests to 127.0.0.1, directly (the Origin header betrays it) or under
a name of its own that it points there (the Host header does). Both are refused before anything else happens.
"""

import functools
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from lakeward.kit.errors import InvalidParameter, PermissionDenied
from lakeward.kit.hosts import is_loopback

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})  # what browsers and clients on this machine say
_FORWARDED = frozenset(
    {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-server",
     b"x-real-ip", b"x-client-ip", b"true-client-ip", b"cf-connecting-ip"}
)  # fmt: skip
# Said twice, a proxy in front and this server could each believe another one.
_ONCE = (b"host", b"origin", b"authorization", b"x-mlflow-workspace", b"x-databricks-org-id", b"content-encoding")


@functools.lru_cache(maxsize=1024)
def host_name(authority: str) -> str:
    """The host of `host:port`, lower case, without IPv6 brackets."""
    if "@" in authority:
        return ""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""


class Guard:
    """Knows the names under which this server may be called."""

    def __init__(self, bind_host: str, allowed_hosts: Collection[str]) -> None:
        self.any_host = "*" in allowed_hosts
        self.names = _LOOPBACK | {name.lower() for name in allowed_hosts} | {bind_host.lower()}
        self.loopback_bind = is_loopback(bind_host)
        if not self.loopback_bind and not allowed_hosts:
            self.any_host = True  # every caller needs a token here, and a browser sends none by itself

    def check(self, headers: dict[bytes, bytes]) -> None:
        host = headers.get(b"host", b"").decode("latin-1")
        if not self.any_host and host_name(host) not in self.names:
            raise PermissionDenied(
                f"This server is not called {host!r}. Add the name to `allowed_hosts` if that is right.",
            )
        origin = headers.get(b"origin")
        if origin is not None and _authority(origin.decode("latin-1")) != host.lower():
            raise PermissionDenied("Requests from other web sites are refused.")
        # A link may lead here; an image, a script or a form of another site may not, and these have no Origin.
        if headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-mode") != b"navigate":
            raise PermissionDenied("Requests from other web sites are refused.")

    def is_local(self, client: tuple[str, int] | None, headers: dict[bytes, bytes]) -> bool:
        """Whether the caller sits on this machine and came directly: not through a proxy, nor by a public name."""
        if not self.loopback_bind or not headers.keys().isdisjoint(_FORWARDED):
            return False
        if not is_loopback(host_name(headers.get(b"host", b"").decode("latin-1"))):
            return False  # an allowed host name is how others get here, by a proxy that may not say so
        return client is None or is_loopback(client[0])


def headers_of(pairs: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers by name. Of repeated ones the last counts, except where that could be a trick."""
    headers = dict(pairs)
    if len(headers) != len(pairs):
        names = [name for name, _ in pairs]
        for name in _ONCE:
            if names.count(name) > 1:
                raise InvalidParameter(f"The header {name.decode()!r} must stand once.")
    return headers


def _authority(origin: str) -> str | None:
    """Host and port of an Origin header; None for `null` and for what is no URL."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
