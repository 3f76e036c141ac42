"""Signed URLs of this server: the URL is the right, no other credential is asked for or looked at."""

from lakeward.artifacts import paths, signing, uploads, wire
from lakeward.artifacts.records import Access, Place
from lakeward.artifacts.roots import Resolver
from lakeward.artifacts.routes.delivery import deliver
from lakeward.artifacts.routes.requests import SIGNED, body_size, store
from lakeward.artifacts.signing import Grant
from lakeward.kit.errors import PermissionDenied
from lakeward.runtime.http import SIGNED_URL, Call, Reply, Routes

routes = Routes("signed URLs", (SIGNED,))

# compat(databricks-sdk 0.156): this answer, as S3 words it, makes the client ask for a new URL and go on.
_REFUSED = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'


async def _granted(call: Call, req: wire.Signed, access: Access) -> tuple[Grant, Place]:
    """What the URL allows. Raises PermissionDenied unless it is for this method."""
    grant = signing.verify(req.token, await signing.signing_key(call.db))
    method = call.method
    if grant.method != ("GET" if method == "HEAD" else method):
        raise PermissionDenied(f"This URL is for {grant.method}.")
    return grant, await Resolver(call.db, grant.workspace).files(paths.parse(grant.path), access)


def _refusal(error: PermissionDenied) -> Reply:
    expired = isinstance(error, signing.Expired)
    code, message = ("AccessDenied", "Request has expired") if expired else ("SignatureDoesNotMatch", error.message)
    return Reply(403, {"content-type": "application/xml"}, _REFUSED.format(code=code, message=message).encode())


@routes.get("/{token}", allow=SIGNED_URL, tx=None)
async def get_signed(call: Call, req: wire.Signed) -> Reply:
    try:
        _, place = await _granted(call, req, Access.READ)
    except PermissionDenied as error:
        return _refusal(error)
    return await deliver(call, place)


@routes.put("/{token}", allow=SIGNED_URL, tx=None, raw_body=True)
async def put_signed(call: Call, req: wire.Signed) -> Reply:
    try:
        grant, place = await _granted(call, req, Access.WRITE)
    except PermissionDenied as error:
        return _refusal(error)
    if not grant.upload:
        etag = await store(call, place)
    else:
        info = await uploads.put_part(
            call.db, call.objects, place, grant.upload, grant.part, call.stream(), body_size(call)
        )
        etag = info.etag
    return Reply(200, {"etag": f'"{etag}"'})


@routes.delete("/{token}", allow=SIGNED_URL, tx=None)
async def abort_signed(call: Call, req: wire.Signed) -> Reply:
    """Only uploads can be aborted with a URL; files are never deleted that way."""
    try:
        grant, place = await _granted(call, req, Access.DELETE)
    except PermissionDenied as error:
        return _refusal(error)
    await uploads.abort(call.db, call.objects, place, grant.upload)
    return Reply(200)
