"""Requests and responses of the artifact APIs, named as upstream."""

from typing import Self

import msgspec

from lakeward.artifacts.records import Part
from lakeward.runtime.http import Int64
from lakeward.runtime.objects import Entry

# compat(mlflow 3.17): the type decides how the client uploads. AWS_PRESIGNED_URL: one PUT, or parts when large.
SIGNED_BY_US = "AWS_PRESIGNED_URL"
CREDENTIAL_TYPES = {"s3": "AWS_PRESIGNED_URL", "gs": "GCP_SIGNED_URL", "az": "AZURE_SAS_URI"}


class SignedUrl(msgspec.Struct, frozen=True):
    """A URL that needs no other credential, the kind clients know it as, and the headers to send along."""

    url: str
    kind: str
    headers: dict[str, str]

    @property
    def header_list(self) -> "list[HttpHeader]":
        return [HttpHeader(name, value) for name, value in self.headers.items()]


class FileInfo(msgspec.Struct, omit_defaults=True):
    path: str
    is_dir: bool
    file_size: int | None = None

    @classmethod
    def of(cls, entry: Entry, parent: str = "") -> Self:
        path = f"{parent}/{entry.name}" if parent else entry.name
        return cls(path, entry.is_directory, None if entry.is_directory else entry.size)


class FileList(msgspec.Struct, omit_defaults=True):
    files: list[FileInfo] = msgspec.field(default_factory=list)


class ListArtifactsResponse(msgspec.Struct, omit_defaults=True):
    root_uri: str
    files: list[FileInfo]
    next_page_token: str | None = None


# ── the mlflow-artifacts proxy ───────────────────────────────────────────────────────────────────────────────────────


class ProxyPath(msgspec.Struct):
    artifact_path: str


class ProxyList(msgspec.Struct):
    path: str = ""


class ProxyUpload(msgspec.Struct):
    """`path` is the file's name on the client's machine, `artifact_path` the directory it goes to."""

    artifact_path: str
    path: str
    num_parts: int = 1


class ProxyPart(msgspec.Struct):
    part_number: int
    etag: str = ""

    def part(self) -> Part:
        return Part(self.part_number, self.etag)


class ProxyComplete(msgspec.Struct):
    artifact_path: str
    path: str
    upload_id: str
    parts: list[ProxyPart]


class ProxyAbort(msgspec.Struct):
    artifact_path: str
    path: str
    upload_id: str


class ProxyCredential(msgspec.Struct):
    url: str
    part_number: int
    headers: dict[str, str] = {}


class ProxyUploadResponse(msgspec.Struct):
    upload_id: str
    credentials: list[ProxyCredential]


class ProxyDownloadUrl(msgspec.Struct):
    url: str
    headers: dict[str, str]
    file_size: int


# ── artifacts of runs and logged models ──────────────────────────────────────────────────────────────────────────────


class ListArtifacts(msgspec.Struct):
    run_id: str = ""
    run_uuid: str = ""
    path: str = ""
    page_token: str = ""


class GetArtifact(msgspec.Struct):
    path: str
    run_id: str = ""
    run_uuid: str = ""


class GetTraceArtifact(msgspec.Struct):
    request_id: str
    path: str = ""


class GetModelArtifact(msgspec.Struct):
    model_id: str
    artifact_file_path: str


class ListModelArtifacts(msgspec.Struct):
    model_id: str
    artifact_directory_path: str = ""
    page_token: str = ""


class PresignedUrl(msgspec.Struct):
    path: str
    run_id: str = ""
    model_id: str = ""
    expiration: Int64 | None = None


class PresignedUploadResponse(msgspec.Struct):
    presigned_url: str
    headers: dict[str, str] = {}


class PresignedDownloadResponse(msgspec.Struct):
    presigned_url: str
    file_size: int
    headers: dict[str, str] = {}


class RunCredentials(msgspec.Struct):
    run_id: str
    path: list[str] = []
    page_token: str = ""


class ModelCredentials(msgspec.Struct):
    model_id: str
    paths: list[str] = []
    page_token: str = ""


class HttpHeader(msgspec.Struct):
    name: str
    value: str


class CredentialInfo(msgspec.Struct):
    run_id: str
    path: str
    signed_uri: str
    type: str
    headers: list[HttpHeader] = []


class RunCredentialsResponse(msgspec.Struct):
    credential_infos: list[CredentialInfo]


class TraceCredentials(msgspec.Struct):
    request_id: str
    path: str = ""


class TraceCredentialsResponse(msgspec.Struct):
    credential_info: CredentialInfo


class ModelCredential(msgspec.Struct):
    model_id: str
    credential_info: CredentialInfo


class ModelCredentialsResponse(msgspec.Struct):
    credentials: list[ModelCredential]


class CreateMultipartUpload(msgspec.Struct):
    run_id: str
    path: str
    num_parts: Int64


class CreateMultipartUploadResponse(msgspec.Struct):
    upload_id: str
    upload_credential_infos: list[CredentialInfo]
    abort_credential_info: CredentialInfo


class CompleteMultipartUpload(msgspec.Struct):
    run_id: str
    path: str
    upload_id: str
    part_etags: list[ProxyPart]


class GetPresignedUploadPartUrl(msgspec.Struct):
    run_id: str
    path: str
    upload_id: str
    part_number: Int64


class PresignedUploadPartUrlResponse(msgspec.Struct):
    upload_credential_info: CredentialInfo


# ── the Files API ────────────────────────────────────────────────────────────────────────────────────────────────────


class FilePath(msgspec.Struct):
    file_path: str


class PutFile(msgspec.Struct):
    """With a session token, the body is a part of an upload."""

    file_path: str
    overwrite: bool = True
    session_token: str = ""
    part_number: int = 0


class PostFile(msgspec.Struct):
    file_path: str
    action: str
    overwrite: bool = True
    session_token: str = ""
    parts: list[ProxyPart] = []


class DeleteFile(msgspec.Struct):
    """`action=abort-upload` ends an upload; without one, the file is deleted."""

    file_path: str
    action: str = ""
    session_token: str = ""


class SessionToken(msgspec.Struct):
    session_token: str


class InitiateUploadResponse(msgspec.Struct):
    multipart_upload: SessionToken


class DirectoryPath(msgspec.Struct):
    directory_path: str


class ListDirectory(msgspec.Struct):
    directory_path: str
    page_size: Int64 = 1000
    page_token: str = ""


class DirectoryEntry(msgspec.Struct, omit_defaults=True):
    path: str
    name: str
    is_directory: bool
    file_size: int | None = None
    last_modified: int | None = None

    @classmethod
    def of(cls, entry: Entry, parent: str) -> Self:
        path = f"{parent}/{entry.name}"
        if entry.is_directory:
            return cls(path, entry.name, is_directory=True)
        return cls(path, entry.name, False, entry.size, int(entry.modified * 1000))


class ListDirectoryResponse(msgspec.Struct, omit_defaults=True):
    contents: list[DirectoryEntry]
    next_page_token: str | None = None


class CreateUrl(msgspec.Struct):
    """`expire_time` is RFC 3339."""

    path: str
    expire_time: str = ""


class UrlResponse(msgspec.Struct):
    url: str
    headers: list[HttpHeader] = []


class CreateUploadPartUrls(msgspec.Struct):
    path: str
    session_token: str
    start_part_number: Int64 = 1
    count: Int64 = 1
    expire_time: str = ""


class UploadPartUrl(msgspec.Struct):
    url: str
    part_number: int
    headers: list[HttpHeader] = []


class UploadPartUrlsResponse(msgspec.Struct):
    upload_part_urls: list[UploadPartUrl]


class CreateAbortUrl(msgspec.Struct):
    path: str
    session_token: str
    expire_time: str = ""


class AbortUrlResponse(msgspec.Struct):
    abort_upload_url: UrlResponse


# ── signed URLs ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Signed(msgspec.Struct):
    token: str
