"""The Files API: files and directories by absolute path, uploads in parts, signed URLs.

Absence is `NOT_FOUND` here, not the `RESOURCE_DOES_NOT_EXIST` of the tracking APIs.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lakeward.access import EDIT as EDITING
from lakeward.access import READ as READING
from lakeward.artifacts import paths, uploads, wire
from lakeward.artifacts.records import Access, Place
from lakeward.artifacts.roots import Resolver, experiment_home, owner_of_file
from lakeward.artifacts.routes.delivery import deliver
from lakeward.artifacts.routes.requests import UrlSigner, body_size, resolver, seconds_until, store
from lakeward.artifacts.securable import of_file
from lakeward.kit import pages
from lakeward.kit.errors import AlreadyExists, Conflict, InvalidParameter, NotFound
from lakeward.runtime.http import EDIT, READ, Call, Reply, Role, Routes, workspace_named

routes = Routes("files", ("/api/2.0/fs",))

_ABSENT = "NOT_FOUND"
_MAX_PAGE = 10_000


@contextmanager
def _dialect() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise NotFound(error.message, code=_ABSENT) from error


async def _resolve(call: Call, segments: paths.Segments, access: Access) -> Place:
    """compat(databricks-sdk 0.156): some calls name the workspace the SDK was configured for, downloads and uploads in
    parts do not. An experiment belongs to one workspace, so its number finds it, if the caller may do the same there.
    """
    try:
        return await resolver(call).files(segments, access)
    except NotFound:
        home = None if workspace_named(call.headers) is not None else await experiment_home(call.db, segments)
        if home is None or not await _may(call, home, segments, access):
            raise
        return await Resolver(call.db, home).files(segments, access)


async def _may(call: Call, home: int, segments: paths.Segments, access: Access) -> bool:
    """Whether the caller may do this in another workspace than the call's."""
    role, owner = call.actor.role_in(home), owner_of_file(segments)
    if role is None or owner is None:
        return False
    if role >= (Role.READ if access is Access.READ else Role.EDIT):
        return True
    way, name = owner
    right = READING if access is Access.READ else EDITING
    verdicts: Mapping[str, bool | None] = await call.access.verdicts(call.actor, home, way, [name], right)
    return bool(verdicts[name])


async def _file(call: Call, path: str, access: Access) -> Place:
    with _dialect():
        place = await _resolve(call, paths.parse(path.removeprefix("/")), access)
    if not place.rest:
        raise InvalidParameter("Invalid path: it names a directory, not a file.")
    return place


async def _directory(call: Call, path: str, access: Access) -> Place:
    with _dialect():
        return await _resolve(call, paths.parse(path.removeprefix("/"), directory=True), access)


@routes.get("/files/{file_path...}", allow=READ.on(of_file("file_path")), tx=None)
async def download(call: Call, req: wire.FilePath) -> Reply:
    return await deliver(call, await _file(call, req.file_path, Access.READ), missing=_ABSENT)


@routes.put("/files/{file_path...}", allow=EDIT.on(of_file("file_path")), tx=None, raw_body=True)
async def upload(call: Call, req: wire.PutFile) -> Reply:
    place = await _file(call, req.file_path, Access.WRITE)
    if req.session_token:
        with _dialect():
            info = await uploads.put_part(
                call.db, call.objects, place, req.session_token, req.part_number, call.stream(), body_size(call)
            )
        return Reply(200, {"etag": f'"{info.etag}"'})
    if not req.overwrite and await call.objects.find(place.key) is not None:  # before the body is read
        raise AlreadyExists(f"The file {place.name!r} exists already.", code="ALREADY_EXISTS")
    await store(call, place, create=not req.overwrite)
    return Reply(204)


@routes.post("/files/{file_path...}", allow=EDIT.on(of_file("file_path")), tx=None)
async def upload_in_parts(call: Call, req: wire.PostFile) -> wire.InitiateUploadResponse | None:
    place = await _file(call, req.file_path, Access.WRITE)
    if req.action == "initiate-upload":
        upload_id = await uploads.begin(call.db, call.objects, place, overwrite=req.overwrite)
        return wire.InitiateUploadResponse(wire.SessionToken(upload_id))
    if req.action == "complete-upload":
        with _dialect():
            parts = [part.part() for part in req.parts]
            await uploads.complete(call.db, call.objects, place, req.session_token, parts)
        return None
    raise InvalidParameter(f"Unknown action {req.action!r}; initiate-upload and complete-upload are known.")


@routes.delete("/files/{file_path...}", allow=EDIT.on(of_file("file_path")), tx=None)
async def delete_file(call: Call, req: wire.DeleteFile) -> Reply:
    place = await _file(call, req.file_path, Access.DELETE)
    if req.action == "abort-upload":
        with _dialect():
            await uploads.abort(call.db, call.objects, place, req.session_token)
        return Reply(200)
    if req.action:
        raise InvalidParameter(f"Unknown action {req.action!r}; abort-upload is known.")
    if not await call.objects.delete(place.key):
        raise NotFound(f"No file at {'/'.join(place.rest)!r}.", code=_ABSENT)
    return Reply(204)


# ── signed URLs ──────────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/create-download-url", allow=READ.on(of_file("path")), tx=None)
async def create_download_url(call: Call, req: wire.CreateUrl) -> wire.UrlResponse:
    place = await _file(call, req.path, Access.READ)
    if await call.objects.find(place.key) is None:
        raise NotFound(f"No file at {'/'.join(place.rest)!r}.", code=_ABSENT)
    signed = await UrlSigner(call, seconds_until(req.expire_time)).file("GET", place)
    return wire.UrlResponse(signed.url, signed.header_list)


@routes.post("/create-upload-url", allow=EDIT.on(of_file("path")), tx=None)
async def create_upload_url(call: Call, req: wire.CreateUrl) -> wire.UrlResponse:
    place = await _file(call, req.path, Access.WRITE)
    signed = await UrlSigner(call, seconds_until(req.expire_time)).file("PUT", place)
    return wire.UrlResponse(signed.url, signed.header_list)


@routes.post("/create-upload-part-urls", allow=EDIT.on(of_file("path")), tx=None)
async def create_upload_part_urls(call: Call, req: wire.CreateUploadPartUrls) -> wire.UploadPartUrlsResponse:
    place = await _file(call, req.path, Access.WRITE)
    if req.count < 1:
        raise InvalidParameter("count must be at least 1.")
    last = req.start_part_number + req.count - 1
    uploads.check_number(req.start_part_number)
    with _dialect():
        await uploads.get(call.db, req.session_token, place)
    signer = UrlSigner(call, seconds_until(req.expire_time))
    return wire.UploadPartUrlsResponse(
        [
            wire.UploadPartUrl(await signer.part(place, req.session_token, number), number)
            for number in range(req.start_part_number, min(last, uploads.MAX_PARTS) + 1)
        ]
    )


@routes.post("/create-abort-upload-url", allow=EDIT.on(of_file("path")), tx=None)
async def create_abort_upload_url(call: Call, req: wire.CreateAbortUrl) -> wire.AbortUrlResponse:
    place = await _file(call, req.path, Access.DELETE)
    url = await UrlSigner(call, seconds_until(req.expire_time)).abort(place, req.session_token)
    return wire.AbortUrlResponse(wire.UrlResponse(url))


# ── directories ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _exists(call: Call, place: Place) -> bool:
    """The top of a root is there as soon as its run is; what is below, while it holds something."""
    return not place.rest or await call.objects.level(place.key, limit=1) is not None


@routes.head("/directories/{directory_path...}", allow=READ.on(of_file("directory_path")), tx=None)
async def get_directory_metadata(call: Call, req: wire.DirectoryPath) -> Reply:
    place = await _directory(call, req.directory_path, Access.READ)
    return Reply(200 if await _exists(call, place) else 404)


@routes.get("/directories/{directory_path...}", allow=READ.on(of_file("directory_path")), tx=None)
async def list_directory(call: Call, req: wire.ListDirectory) -> wire.ListDirectoryResponse:
    place = await _directory(call, req.directory_path, Access.READ)
    context = pages.context_of("directory", place.workspace, place.path)
    after = str(*pages.decode(req.page_token, context, [str])) if req.page_token else ""
    size = max(1, min(req.page_size or _MAX_PAGE, _MAX_PAGE))
    level = await call.objects.level(place.key, after=after, limit=size)
    if level is None:
        if place.rest:
            raise NotFound(f"No directory at {'/'.join(place.rest)!r}.", code=_ABSENT)
        return wire.ListDirectoryResponse([])
    token = pages.encode([level.entries[-1].name], context) if level.more and level.entries else None
    parent = "/" + place.path
    return wire.ListDirectoryResponse([wire.DirectoryEntry.of(entry, parent) for entry in level.entries], token)


@routes.put("/directories/{directory_path...}", allow=EDIT.on(of_file("directory_path")), tx=None)
async def create_directory(call: Call, req: wire.DirectoryPath) -> Reply:
    place = await _directory(call, req.directory_path, Access.WRITE)
    if place.rest:
        if await call.objects.find(place.key) is not None:
            raise Conflict(f"{'/'.join(place.rest)!r} is a file.", code="ALREADY_EXISTS")
        await call.objects.make_directory(place.key)
    return Reply(204)


@routes.delete("/directories/{directory_path...}", allow=EDIT.on(of_file("directory_path")), tx=None)
async def delete_directory(call: Call, req: wire.DirectoryPath) -> Reply:
    place = await _directory(call, req.directory_path, Access.DELETE)
    level = await call.objects.level(place.key, limit=2) if place.rest else None
    if level is None:
        raise NotFound(f"No directory at {'/'.join(place.rest)!r} that can be deleted.", code=_ABSENT)
    if level.entries:
        raise Conflict("The directory is not empty. Delete what it holds first.", code="DIRECTORY_NOT_EMPTY")
    await call.objects.remove_directory(place.key)
    return Reply(204)
