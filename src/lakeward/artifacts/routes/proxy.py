"""The `mlflow-artifacts` proxy: files by path, listings, uploads in parts, signed URLs for downloads."""

from lakeward.artifacts import paths, signing, uploads, wire
from lakeward.artifacts.records import Access, Place
from lakeward.artifacts.routes.delivery import deliver
from lakeward.artifacts.routes.requests import UrlSigner, resolver, store
from lakeward.artifacts.securable import of_proxied
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.http import EDIT, READ, Call, Reply, Routes

routes = Routes("artifacts", ("/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"))

_READ = READ.on(of_proxied("artifact_path"))
_EDIT = EDIT.on(of_proxied("artifact_path"))


async def _file(call: Call, path: str, access: Access) -> Place:
    place = await resolver(call).proxied(paths.parse(path), access)
    if not place.rest:
        raise InvalidParameter("Invalid path: it names a directory, not a file.")
    return place


async def _target(call: Call, directory: str, local_file: str, access: Access) -> Place:
    """compat(mlflow 3.17): the client sends the directory in the URL and its own local path in the body."""
    name = local_file.replace("\\", "/").rpartition("/")[2]
    return await _file(call, f"{directory.removesuffix('/')}/{name}", access)


@routes.get("/artifacts/{artifact_path...}", allow=_READ, tx=None)
async def download_artifact(call: Call, req: wire.ProxyPath) -> Reply:
    return await deliver(call, await _file(call, req.artifact_path, Access.READ))


@routes.put("/artifacts/{artifact_path...}", allow=_EDIT, tx=None, raw_body=True)
async def upload_artifact(call: Call, req: wire.ProxyPath) -> None:
    await store(call, await _file(call, req.artifact_path, Access.WRITE))


@routes.delete("/artifacts/{artifact_path...}", allow=_EDIT, tx=None)
async def delete_artifact(call: Call, req: wire.ProxyPath) -> None:
    """A file, or a directory with all it holds. What is not there is no failure."""
    place = await resolver(call).proxied(paths.parse(req.artifact_path, directory=True), Access.DELETE)
    if not place.rest or not await call.objects.delete(place.key):
        await call.objects.delete_prefix(place.key)


@routes.get("/artifacts", allow=READ.on(of_proxied("path")), tx=None)
async def list_artifacts(call: Call, req: wire.ProxyList) -> wire.FileList:
    """The client has no way to ask for a second page, so this is all of it."""
    place = await resolver(call).proxied(paths.parse(req.path, directory=True), Access.READ)
    level = await call.objects.level(place.key)
    return wire.FileList([wire.FileInfo.of(entry) for entry in level.entries] if level else [])


@routes.post("/mpu/create/{artifact_path...}", allow=_EDIT, tx=None)
async def create_multipart_upload(call: Call, req: wire.ProxyUpload) -> wire.ProxyUploadResponse:
    uploads.check_number(req.num_parts)
    place = await _target(call, req.artifact_path, req.path, Access.WRITE)
    upload_id = await uploads.begin(call.db, call.objects, place)
    signer = UrlSigner(call, signing.MAX_SECONDS)
    return wire.ProxyUploadResponse(
        upload_id,
        [
            wire.ProxyCredential(await signer.part(place, upload_id, number), number)
            for number in range(1, req.num_parts + 1)
        ],
    )


@routes.post("/mpu/complete/{artifact_path...}", allow=_EDIT, tx=None)
async def complete_multipart_upload(call: Call, req: wire.ProxyComplete) -> None:
    place = await _target(call, req.artifact_path, req.path, Access.WRITE)
    await uploads.complete(call.db, call.objects, place, req.upload_id, [part.part() for part in req.parts])


@routes.post("/mpu/abort/{artifact_path...}", allow=_EDIT, tx=None)
async def abort_multipart_upload(call: Call, req: wire.ProxyAbort) -> None:
    place = await _target(call, req.artifact_path, req.path, Access.DELETE)
    await uploads.abort(call.db, call.objects, place, req.upload_id)


@routes.get("/presigned/{artifact_path...}", allow=_READ, tx=None)
async def get_presigned_download_url(call: Call, req: wire.ProxyPath) -> wire.ProxyDownloadUrl:
    place = await _file(call, req.artifact_path, Access.READ)
    info = await call.objects.find(place.key)
    if info is None:
        raise NotFound(f"No file at {'/'.join(place.rest)!r}.")
    signed = await UrlSigner(call).file("GET", place)
    return wire.ProxyDownloadUrl(signed.url, signed.headers, info.size)
