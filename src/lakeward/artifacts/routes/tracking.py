"""Artifacts of runs and LoggedModels by id: listings, files for the web UI, credentials, uploads in parts."""

from collections.abc import Sequence

from lakeward import experiments, tracing
from lakeward import tracking as runs
from lakeward.artifacts import paths, signing, uploads, wire
from lakeward.artifacts.records import Access, Place
from lakeward.artifacts.roots import get_model
from lakeward.artifacts.routes.delivery import deliver
from lakeward.artifacts.routes.requests import UrlSigner, model_top, run_top, store, trace_top
from lakeward.artifacts.securable import of_owner
from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.logged_models import of_logged_model
from lakeward.runtime.http import EDIT, MLFLOW_2_0, READ, Call, Reply, Routes
from lakeward.tracing import of_trace
from lakeward.tracking import of_run

routes = Routes("artifacts", MLFLOW_2_0)
ui = Routes("artifacts", ("/ajax-api/2.0/mlflow",))
traced = Routes("artifacts", ("/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow"))
plain = Routes("artifacts")

_RUN = of_run("run_id", "run_uuid")
_MODEL = of_logged_model("model_id")

_PAGE = 10_000
_MAX_PATHS = 2_000  # of one request for credentials: what the client sends at most
_MAX_UI_UPLOAD = 10 << 20


async def _run(call: Call, run_id: str, access: Access) -> tuple[Place, str]:
    """The top of a run's artifacts, and the URI this caller knows it by."""
    if not run_id:
        raise InvalidParameter("Missing value for required parameter 'run_id'.")
    async with call.db.connection() as connection:
        run = await runs.get_run(connection, call.workspace, run_id)
    uri = experiments.run_artifact_uri(run.home_id, run.location, run.run_id, databricks=call.databricks)
    return await run_top(call, run.home_id, run.run_id, access), uri


async def _model(call: Call, model_id: str, access: Access) -> tuple[Place, str]:
    async with call.db.connection() as connection:
        model = await get_model(connection, call.workspace, model_id)
    uri = experiments.model_artifact_uri(model.experiment_id, model.location, model_id, databricks=call.databricks)
    return await model_top(call, model.experiment_id, model_id, access), uri


async def _owner(call: Call, run_id: str, access: Access) -> Place:
    """compat(mlflow 3.17): a large file of a LoggedModel is announced with the model's id as the run's."""
    top, _ = await (_model if run_id.startswith("m-") else _run)(call, run_id, access)
    return top


def _below(top: Place, path: str) -> Place:
    return top.below(paths.parse(path))


# ── listings and files ───────────────────────────────────────────────────────────────────────────────────────────────


async def _list(call: Call, top: Place, root_uri: str, path: str, token: str) -> wire.ListArtifactsResponse:
    """One directory level; a file, or nothing, holds nothing."""
    place = top.below(paths.parse(path, directory=True))
    context = pages.context_of("artifacts", place.workspace, place.path)
    after = str(*pages.decode(token, context, [str])) if token else ""
    level = await call.objects.level(place.key, after=after, limit=_PAGE)
    if level is None:
        return wire.ListArtifactsResponse(root_uri, [])
    parent = "/".join(place.rest)
    following = pages.encode([level.entries[-1].name], context) if level.more and level.entries else None
    return wire.ListArtifactsResponse(root_uri, [wire.FileInfo.of(each, parent) for each in level.entries], following)


@routes.get("/artifacts/list", allow=READ.on(_RUN), tx=None)
async def list_artifacts(call: Call, req: wire.ListArtifacts) -> wire.ListArtifactsResponse:
    top, uri = await _run(call, req.run_id or req.run_uuid, Access.READ)
    return await _list(call, top, uri, req.path, req.page_token)


@routes.get("/logged-models/{model_id}/artifacts/directories", allow=READ.on(_MODEL), tx=None)
async def list_logged_model_artifacts(call: Call, req: wire.ListModelArtifacts) -> wire.ListArtifactsResponse:
    top, uri = await _model(call, req.model_id, Access.READ)
    return await _list(call, top, uri, req.artifact_directory_path, req.page_token)


@plain.get("/get-artifact", allow=READ.on(_RUN), tx=None)
@ui.get("/get-artifact", allow=READ.on(_RUN), tx=None)
async def get_artifact(call: Call, req: wire.GetArtifact) -> Reply:
    top, _ = await _run(call, req.run_id or req.run_uuid, Access.READ)
    return await deliver(call, _below(top, req.path))


@ui.get("/logged-models/{model_id}/artifacts/files", allow=READ.on(_MODEL), tx=None)
async def get_logged_model_artifact(call: Call, req: wire.GetModelArtifact) -> Reply:
    top, _ = await _model(call, req.model_id, Access.READ)
    return await deliver(call, _below(top, req.artifact_file_path))


@ui.post(
    "/upload-artifact", allow=EDIT.on(of_run("run_uuid", "run_id")), tx=None, raw_body=True, max_body=_MAX_UI_UPLOAD
)
async def upload_artifact(call: Call, req: wire.GetArtifact) -> None:
    """What the web UI writes (a table of an evaluation, say): small files only."""
    top, _ = await _run(call, req.run_uuid or req.run_id, Access.WRITE)
    await store(call, _below(top, req.path))


# ── signed URLs ──────────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/artifacts/presigned-upload-url", allow=EDIT.on(of_run("run_id").if_said(), _MODEL.if_said()), tx=None)
async def create_presigned_upload_url(call: Call, req: wire.PresignedUrl) -> wire.PresignedUploadResponse:
    if bool(req.run_id) == bool(req.model_id):
        raise InvalidParameter("Exactly one of run_id and model_id must be given.")
    find = _run if req.run_id else _model
    top, _ = await find(call, req.run_id or req.model_id, Access.WRITE)
    signed = await UrlSigner(call, req.expiration).file("PUT", _below(top, req.path))
    return wire.PresignedUploadResponse(signed.url, signed.headers)


@routes.post("/artifacts/presigned-download-url", allow=READ.on(of_run("run_id")), tx=None)
async def create_presigned_download_url(call: Call, req: wire.PresignedUrl) -> wire.PresignedDownloadResponse:
    top, _ = await _run(call, req.run_id, Access.READ)
    place = _below(top, req.path)
    info = await call.objects.find(place.key)
    if info is None:
        raise NotFound(f"No file at {req.path!r}.")
    signed = await UrlSigner(call, req.expiration).file("GET", place)
    return wire.PresignedDownloadResponse(signed.url, info.size, signed.headers)


async def _credentials(
    call: Call, top: Place, method: str, run_id: str, requested: Sequence[str]
) -> list[wire.CredentialInfo]:
    """One signed URL per path. A file that does not exist gets one too: using it answers 404."""
    if len(requested) > _MAX_PATHS:
        raise InvalidParameter(f"At most {_MAX_PATHS} paths per request; these are {len(requested)}.")
    signer = UrlSigner(call, signing.MAX_SECONDS)
    found = []
    for path in requested:
        signed = await signer.file(method, _below(top, path))
        # Azure's client makes its own requests from the URL; the header is for a plain PUT.
        headers = [] if signed.kind == "AZURE_SAS_URI" else signed.header_list
        found.append(wire.CredentialInfo(run_id, path, signed.url, signed.kind, headers))
    return found


@routes.post("/artifacts/credentials-for-read", allow=READ.on(of_run("run_id")), tx=None)
async def credentials_for_read(call: Call, req: wire.RunCredentials) -> wire.RunCredentialsResponse:
    top, _ = await _run(call, req.run_id, Access.READ)
    return wire.RunCredentialsResponse(await _credentials(call, top, "GET", req.run_id, req.path))


@routes.post("/artifacts/credentials-for-write", allow=EDIT.on(of_run("run_id")), tx=None)
async def credentials_for_write(call: Call, req: wire.RunCredentials) -> wire.RunCredentialsResponse:
    top, _ = await _run(call, req.run_id, Access.WRITE)
    return wire.RunCredentialsResponse(await _credentials(call, top, "PUT", req.run_id, req.path))


@routes.post("/logged-models/{model_id}/artifacts/credentials-for-download", allow=READ.on(_MODEL), tx=None)
async def credentials_for_model_download(call: Call, req: wire.ModelCredentials) -> wire.ModelCredentialsResponse:
    top, _ = await _model(call, req.model_id, Access.READ)
    found = await _credentials(call, top, "GET", "", req.paths)
    return wire.ModelCredentialsResponse([wire.ModelCredential(req.model_id, info) for info in found])


@routes.post("/logged-models/{model_id}/artifacts/credentials-for-upload", allow=EDIT.on(_MODEL), tx=None)
async def credentials_for_model_upload(call: Call, req: wire.ModelCredentials) -> wire.ModelCredentialsResponse:
    top, _ = await _model(call, req.model_id, Access.WRITE)
    found = await _credentials(call, top, "PUT", "", req.paths)
    return wire.ModelCredentialsResponse([wire.ModelCredential(req.model_id, info) for info in found])


async def _trace_credential(call: Call, req: wire.TraceCredentials, method: str) -> wire.TraceCredentialsResponse:
    """compat(mlflow 3.17): in `databricks` mode the spans of a trace are one file, and so is each attachment."""
    access = Access.READ if method == "GET" else Access.WRITE
    async with call.db.connection() as connection:
        home = await tracing.find_home(connection, call.workspace, req.request_id)
    top = await trace_top(call, home.experiment_id, req.request_id, access)
    signed = await UrlSigner(call, signing.MAX_SECONDS).file(method, _below(top, req.path or "traces.json"))
    return wire.TraceCredentialsResponse(wire.CredentialInfo("", req.path, signed.url, signed.kind, signed.header_list))


@traced.get("/get-trace-artifact", allow=READ.on(of_trace("request_id")), tx=None)
async def get_trace_artifact(call: Call, req: wire.GetTraceArtifact) -> Reply:
    """What a page shows of a trace: one of its attachments, or the file of its spans."""
    async with call.db.connection() as connection:
        home = await tracing.find_home(connection, call.workspace, req.request_id)
    top = await trace_top(call, home.experiment_id, req.request_id, Access.READ)
    return await deliver(call, _below(top, f"attachments/{req.path}" if req.path else "traces.json"))


@routes.get("/traces/{request_id}/credentials-for-data-upload", allow=EDIT.on(of_trace("request_id")), tx=None)
async def credentials_for_trace_upload(call: Call, req: wire.TraceCredentials) -> wire.TraceCredentialsResponse:
    return await _trace_credential(call, req, "PUT")


@routes.get("/traces/{request_id}/credentials-for-data-download", allow=READ.on(of_trace("request_id")), tx=None)
async def credentials_for_trace_download(call: Call, req: wire.TraceCredentials) -> wire.TraceCredentialsResponse:
    return await _trace_credential(call, req, "GET")


# ── uploads in parts ─────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/artifacts/create-multipart-upload", allow=EDIT.on(of_owner("run_id")), tx=None)
async def create_multipart_upload(call: Call, req: wire.CreateMultipartUpload) -> wire.CreateMultipartUploadResponse:
    uploads.check_number(req.num_parts)
    place = _below(await _owner(call, req.run_id, Access.WRITE), req.path)
    upload_id = await uploads.begin(call.db, call.objects, place)
    signer = UrlSigner(call, signing.MAX_SECONDS)

    def credential(url: str) -> wire.CredentialInfo:
        return wire.CredentialInfo(req.run_id, req.path, url, wire.SIGNED_BY_US)

    return wire.CreateMultipartUploadResponse(
        upload_id,
        [credential(await signer.part(place, upload_id, number)) for number in range(1, req.num_parts + 1)],
        credential(await signer.abort(place, upload_id)),
    )


@routes.post("/artifacts/complete-multipart-upload", allow=EDIT.on(of_owner("run_id")), tx=None)
async def complete_multipart_upload(call: Call, req: wire.CompleteMultipartUpload) -> None:
    place = _below(await _owner(call, req.run_id, Access.WRITE), req.path)
    await uploads.complete(call.db, call.objects, place, req.upload_id, [part.part() for part in req.part_etags])


@routes.get("/artifacts/get-presigned-upload-part-url", allow=EDIT.on(of_owner("run_id")), tx=None)
async def get_presigned_upload_part_url(
    call: Call, req: wire.GetPresignedUploadPartUrl
) -> wire.PresignedUploadPartUrlResponse:
    uploads.check_number(req.part_number)
    place = _below(await _owner(call, req.run_id, Access.WRITE), req.path)
    await uploads.get(call.db, req.upload_id, place)
    url = await UrlSigner(call, signing.MAX_SECONDS).part(place, req.upload_id, req.part_number)
    return wire.PresignedUploadPartUrlResponse(wire.CredentialInfo(req.run_id, req.path, url, wire.SIGNED_BY_US))
