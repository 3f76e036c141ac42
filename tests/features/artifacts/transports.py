"""Every way in and out for artifact bytes, as functions of (caller, owner, path); plain HTTP like the clients send."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from server import Answer, Caller

PROXY = "/api/2.0/mlflow-artifacts/"
FILES = "/api/2.0/fs/files"
DIRECTORIES = "/api/2.0/fs/directories"


_anybody = httpx.Client(verify=False, trust_env=False)


@dataclass(frozen=True)
class Owner:
    """What artifacts belong to: a run or a LoggedModel, with its paths in the two namespaces."""

    kind: str
    experiment: str
    id: str

    @classmethod
    def new_run(cls, caller: Caller, experiment: str | None = None) -> "Owner":
        experiment = experiment or caller.experiment()
        return cls("run", experiment, caller.run(experiment))

    @classmethod
    def new_model(cls, caller: Caller, experiment: str | None = None) -> "Owner":
        experiment = experiment or caller.experiment()
        made = caller.post("logged-models", experiment_id=experiment, name="m")
        return cls("model", experiment, made["model"]["info"]["model_id"])

    @property
    def proxy(self) -> str:
        middle = "" if self.kind == "run" else "models/"
        return f"{self.experiment}/{middle}{self.id}/artifacts"

    @property
    def files(self) -> str:
        kind = "Runs" if self.kind == "run" else "LoggedModels"
        return f"/WorkspaceInternal/Mlflow/Artifacts/{self.experiment}/{kind}/{self.id}/artifacts"


def send(caller: Caller, method: str, target: str, content: bytes | None = None, **headers: str) -> httpx.Response:
    """A request whose target is sent as it is: nothing normalises dots or encodes again."""
    response = caller.request(method, "/", content=content, headers=headers, extensions={"target": target.encode()})
    if response.status_code >= 300 and response.status_code != 304:
        raise Answer(response)
    return response


def post(caller: Caller, endpoint: str, /, **fields: Any) -> Any:
    return caller.call("POST", endpoint, json=fields)


def get(caller: Caller, endpoint: str, /, **fields: Any) -> Any:
    return caller.call("GET", endpoint, params=fields)


def plain(method: str, url: str, content: bytes | None = None, headers: Any = ()) -> httpx.Response:
    """Without any credential, as a holder of a signed URL."""
    response = _anybody.request(method, url, content=content, headers=dict(headers))
    if response.status_code >= 300:
        raise Answer(response)
    return response


def encoded(path: str) -> str:
    return quote(path, safe="/")


def halves(content: bytes) -> list[bytes]:
    middle = (len(content) + 1) // 2
    return [part for part in (content[:middle], content[middle:]) if part] or [b""]


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def proxy_put(caller: Caller, owner: Owner, path: str, content: bytes) -> None:
    send(caller, "PUT", f"{PROXY}artifacts/{owner.proxy}/{encoded(path)}", content)


def proxy_parts(caller: Caller, owner: Owner, path: str, content: bytes) -> None:
    directory, _, name = path.rpartition("/")
    where = f"{owner.proxy}/{encoded(directory)}" if directory else owner.proxy
    parts = halves(content)

    def call(step: str, body: dict[str, Any]) -> Any:
        return caller.call("POST", "/", json=body, extensions={"target": f"{PROXY}mpu/{step}/{where}".encode()})

    begun = call("create", {"path": f"../somewhere/{name}", "num_parts": len(parts)})
    done = []
    for credential, part in zip(begun["credentials"], parts, strict=True):
        answer = plain("PUT", credential["url"], part, credential["headers"])
        done.append({"part_number": credential["part_number"], "etag": answer.headers["etag"], "url": None})
    call("complete", {"path": f"../somewhere/{name}", "upload_id": begun["upload_id"], "parts": done[::-1]})


def files_put(caller: Caller, owner: Owner, path: str, content: bytes) -> None:
    answer = send(caller, "PUT", f"{FILES}{owner.files}/{encoded(path)}?overwrite=true", content)
    assert answer.status_code == 204


def files_parts(caller: Caller, owner: Owner, path: str, content: bytes) -> None:
    target = f"{FILES}{owner.files}/{encoded(path)}"
    full = f"{owner.files}/{path}"
    begun = send(caller, "POST", target + "?action=initiate-upload&overwrite=true").json()
    token = begun["multipart_upload"]["session_token"]
    parts = halves(content)
    asked = {"path": full, "session_token": token, "start_part_number": 1, "count": len(parts)}
    urls = caller.call("POST", "/api/2.0/fs/create-upload-part-urls", json=asked)["upload_part_urls"]
    done = []
    for url, part in zip(urls, parts, strict=True):
        answer = plain("PUT", url["url"], part, [(header["name"], header["value"]) for header in url["headers"]])
        done.append({"part_number": url["part_number"], "etag": answer.headers["etag"]})
    caller.call(
        "POST",
        "/",
        json={"parts": done},
        extensions={"target": f"{target}?action=complete-upload&upload_type=multipart&session_token={token}".encode()},
    )


def files_url_put(caller: Caller, owner: Owner, path: str, content: bytes) -> None:
    signed = caller.call("POST", "/api/2.0/fs/create-upload-url", params={"path": f"{owner.files}/{path}"})
    plain("PUT", signed["url"], content, [(header["name"], header["value"]) for header in signed["headers"]])


def credential_put(caller: Caller, owner: Owner, path: str, content: bytes) -> None:
    if owner.kind == "run":
        (info,) = post(caller, "artifacts/credentials-for-write", run_id=owner.id, path=[path])["credential_infos"]
    else:
        made = post(caller, f"logged-models/{owner.id}/artifacts/credentials-for-upload", paths=[path])
        info = made["credentials"][0]["credential_info"]
    plain("PUT", info["signed_uri"], content, [(header["name"], header["value"]) for header in info["headers"]])


def credential_parts(caller: Caller, owner: Owner, path: str, content: bytes) -> None:
    parts = halves(content)
    begun = post(caller, "artifacts/create-multipart-upload", run_id=owner.id, path=path, num_parts=len(parts))
    etags = []
    for number, (info, part) in enumerate(zip(begun["upload_credential_infos"], parts, strict=True), 1):
        answer = plain("PUT", info["signed_uri"], part)
        etags.append({"part_number": number, "etag": answer.headers["etag"]})
    post(caller, "artifacts/complete-multipart-upload",
        run_id=owner.id, path=path, upload_id=begun["upload_id"], part_etags=etags,
    )  # fmt: skip


def presigned_put(caller: Caller, owner: Owner, path: str, content: bytes) -> None:
    field = {"run_id": owner.id} if owner.kind == "run" else {"model_id": owner.id}
    signed = post(caller, "artifacts/presigned-upload-url", path=path, **field)
    plain("PUT", signed["presigned_url"], content, signed["headers"].items())


Writer = Callable[[Caller, Owner, str, bytes], None]
WRITERS: dict[str, Writer] = {
    "proxy": proxy_put,
    "proxy in parts": proxy_parts,
    "files": files_put,
    "files in parts": files_parts,
    "files url": files_url_put,
    "credentials": credential_put,
    "credentials in parts": credential_parts,
    "presigned": presigned_put,
}

# ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def proxy_get(caller: Caller, owner: Owner, path: str) -> bytes:
    return send(caller, "GET", f"{PROXY}artifacts/{owner.proxy}/{encoded(path)}").content


def proxy_presigned_get(caller: Caller, owner: Owner, path: str) -> bytes:
    signed = send(caller, "GET", f"{PROXY}presigned/{owner.proxy}/{encoded(path)}").json()
    content = plain("GET", signed["url"], None, signed["headers"].items()).content
    assert len(content) == signed["file_size"]
    return content


def files_get(caller: Caller, owner: Owner, path: str) -> bytes:
    return send(caller, "GET", f"{FILES}{owner.files}/{encoded(path)}").content


def files_url_get(caller: Caller, owner: Owner, path: str) -> bytes:
    signed = caller.call("POST", "/api/2.0/fs/create-download-url", params={"path": f"{owner.files}/{path}"})
    return plain("GET", signed["url"]).content


def credential_get(caller: Caller, owner: Owner, path: str) -> bytes:
    if owner.kind == "run":
        (info,) = post(caller, "artifacts/credentials-for-read", run_id=owner.id, path=[path])["credential_infos"]
    else:
        made = post(caller, f"logged-models/{owner.id}/artifacts/credentials-for-download", paths=[path])
        info = made["credentials"][0]["credential_info"]
    return plain("GET", info["signed_uri"]).content


def ui_get(caller: Caller, owner: Owner, path: str) -> bytes:
    if owner.kind == "run":
        where, params = "/get-artifact", {"run_uuid": owner.id, "path": path}
    else:
        where = f"/ajax-api/2.0/mlflow/logged-models/{owner.id}/artifacts/files"
        params = {"artifact_file_path": path}
    response = caller.request("GET", where, params=params)
    if response.status_code != 200:
        raise Answer(response)
    return response.content


def presigned_get(caller: Caller, owner: Owner, path: str) -> bytes:
    if owner.kind == "model":  # the API knows runs only
        return ui_get(caller, owner, path)
    signed = post(caller, "artifacts/presigned-download-url", run_id=owner.id, path=path)
    content = plain("GET", signed["presigned_url"], None, signed["headers"].items()).content
    assert len(content) == signed["file_size"]
    return content


Reader = Callable[[Caller, Owner, str], bytes]
READERS: dict[str, Reader] = {
    "proxy": proxy_get,
    "proxy presigned": proxy_presigned_get,
    "files": files_get,
    "files url": files_url_get,
    "credentials": credential_get,
    "presigned": presigned_get,
    "ui": ui_get,
}

# ── listings: {name: size, or None for a directory} ──────────────────────────────────────────────────────────────────


def proxy_list(caller: Caller, owner: Owner, path: str = "") -> dict[str, int | None]:
    found = caller.call("GET", f"{PROXY}artifacts", params={"path": f"{owner.proxy}/{path}" if path else owner.proxy})
    return {file["path"]: None if file["is_dir"] else file["file_size"] for file in found.get("files", [])}


def api_list(caller: Caller, owner: Owner, path: str = "") -> dict[str, int | None]:
    found, token = {}, ""
    while True:
        if owner.kind == "run":
            page = get(caller, "artifacts/list", run_id=owner.id, path=path, page_token=token)
        else:
            page = get(
                caller,
                f"logged-models/{owner.id}/artifacts/directories",
                artifact_directory_path=path,
                page_token=token,
            )
        for file in page["files"]:
            parent, _, name = file["path"].rpartition("/")
            assert parent == path
            found[name] = None if file["is_dir"] else file["file_size"]
        token = page.get("next_page_token", "")
        if not token:
            return found


def files_list(caller: Caller, owner: Owner, path: str = "", page_size: int = 1000) -> dict[str, int | None]:
    found, token = {}, ""
    target = f"{DIRECTORIES}{owner.files}/{encoded(path)}" if path else DIRECTORIES + owner.files
    while True:
        query = f"?page_size={page_size}" + (f"&page_token={token}" if token else "")
        page = send(caller, "GET", target + query).json()
        for entry in page["contents"]:
            assert entry["path"] == f"{owner.files}/{path}/{entry['name']}".replace("//", "/")
            found[entry["name"]] = None if entry["is_directory"] else entry["file_size"]
        token = page.get("next_page_token", "")
        if not token:
            return found


LISTERS = {"proxy": proxy_list, "api": api_list, "files": files_list}
