"""Pages, their assets, and the frame in which the HTML of artifacts is shown."""

from typing import Final

import msgspec

from lakeward import __version__
from lakeward.kit.errors import EndpointNotFound
from lakeward.runtime.http import PUBLIC, Call, Reply, Routes
from lakeward.web.files import File, built

routes = Routes("web")

# Nothing from elsewhere, no inline script or style, never inside another site's frame.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:;"
    " font-src 'self'; connect-src 'self'; frame-src 'self' blob:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
# What an artifact's HTML may do: draw itself with its own scripts. It has an origin of its own that nothing trusts, and
# reaches no server, this one included.
_FRAME_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:;"
    " style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; worker-src blob:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_FRAME: Final = b"""<!doctype html><meta charset="utf-8"><title>Artifact</title><script>
addEventListener("message", (event) => { if (event.source !== parent) return;
document.open(); document.write(event.data); document.close(); }, { once: true });
parent.postMessage("lakeward-frame-ready", "*");
</script>
"""
_IMMUTABLE: Final = "public, max-age=31536000, immutable"  # the names of assets hold a hash of their bytes
_REVALIDATE: Final = "no-cache"


class PagePath(msgspec.Struct):
    path: str = ""


@routes.get("/", allow=PUBLIC, tx=None)
@routes.get("/ml", allow=PUBLIC, tx=None)
async def home(call: Call) -> Reply:
    """The web interface."""
    return _page(call)


@routes.get("/ml/{path...}", allow=PUBLIC, tx=None)
@routes.get("/explore/data/{path...}", allow=PUBLIC, tx=None)  # where `databricks-uc` says that a model version is
async def page(call: Call, _req: PagePath) -> Reply:
    """Any page of the web interface: which one it is, the browser finds out."""
    return _page(call)


@routes.get("/assets/{path...}", allow=PUBLIC, tx=None)
async def asset(call: Call, req: PagePath) -> Reply:
    """A script or style sheet of the web interface."""
    found = built().get(f"assets/{req.path}")
    if found is None:
        raise EndpointNotFound(f"No file '/assets/{req.path}'. After an upgrade, load the page again.")
    return _reply(call, found, _IMMUTABLE)


@routes.get("/favicon.svg", allow=PUBLIC, tx=None)
async def icon(call: Call) -> Reply:
    """The icon of the browser's tab."""
    found = built().get("favicon.svg")
    if found is None:
        raise EndpointNotFound("The web interface is not built.")
    return _reply(call, found, _REVALIDATE)


@routes.get("/artifact-frame", allow=PUBLIC, tx=None)
async def artifact_frame(_call: Call) -> Reply:
    """An empty page without any rights. The one around it hands it the HTML to show."""
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": _FRAME_POLICY,
        "referrer-policy": "no-referrer",
        "cache-control": _REVALIDATE,
    }
    return Reply(200, headers, _FRAME)


def _page(call: Call) -> Reply:
    index = built().get("index.html")
    if index is None:
        return _unbuilt(call)
    reply = _reply(call, index, _REVALIDATE)
    reply.headers |= {
        "content-security-policy": _POLICY,
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    return reply


def _reply(call: Call, file: File, caching: str) -> Reply:
    headers = {"etag": file.etag, "cache-control": caching, "vary": "accept-encoding"}
    if file.etag in (call.header("if-none-match") or ""):
        return Reply(304, headers)
    encoding, body = file.best(call.header("accept-encoding") or "")
    headers["content-type"] = file.kind
    if encoding:
        headers["content-encoding"] = encoding
    return Reply(200, headers, body)


def _unbuilt(call: Call) -> Reply:
    """For whoever opens the address of a checkout in which nobody ran `make web`."""
    text = (
        f"Lakeward {__version__} is running.\n\n"
        f"    export MLFLOW_TRACKING_URI={call.base_url}\n\n"
        "Its state is at /health, its API at /openapi.json. Its web interface is not built here: `make web` does it.\n"
    )
    return Reply(200, {"content-type": "text/plain; charset=utf-8"}, text.encode())
