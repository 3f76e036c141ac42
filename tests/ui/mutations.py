"""Every change that the pages can ask for: by the function of `web/src/api` that sends it.

`{}` is a part of a path; after the path come words that the body has to have, where several changes share an address.
The suite fails if a function is missing here (`test_delivery`), or if no test made a page send one of these
(`conftest`).
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Request

API: Final = Path(__file__).parents[2] / "web" / "src" / "api"
_MLFLOW = "/api/2.0/mlflow"
_TRACES = "/api/3.0/mlflow/traces"
_SCIM = "/api/2.0/preview/scim/v2"
_UC = "/api/2.1/unity-catalog"
_OWN = "/api/2.0/lakeward"
_MODELS = f"{_MLFLOW}/registered-models"
_VERSIONS = f"{_MLFLOW}/model-versions"
_TAGS = f"{_UC}/entity-tag-assignments"

MUTATIONS: Final = {
    "createExperiment": f"POST {_MLFLOW}/experiments/create",
    "renameExperiment": f"POST {_MLFLOW}/experiments/update",
    "deleteExperiment": f"POST {_MLFLOW}/experiments/delete",
    "restoreExperiment": f"POST {_MLFLOW}/experiments/restore",
    "setExperimentTag": f"POST {_MLFLOW}/experiments/set-experiment-tag",
    "deleteExperimentTag": f"POST {_MLFLOW}/experiments/delete-experiment-tag",
    "renameRun": f"POST {_MLFLOW}/runs/update",
    "setRunTag": f"POST {_MLFLOW}/runs/set-tag",
    "deleteRunTag": f"POST {_MLFLOW}/runs/delete-tag",
    "deleteRuns": f"POST {_MLFLOW}/runs/delete",
    "restoreRuns": f"POST {_MLFLOW}/runs/restore",
    "moveRuns": f"POST {_OWN}/runs/move",
    "deleteModel": f"DELETE {_MLFLOW}/logged-models/{{}}",
    "setModelTag": f"PATCH {_MLFLOW}/logged-models/{{}}/tags",
    "deleteModelTag": f"DELETE {_MLFLOW}/logged-models/{{}}/tags/{{}}",
    "createRegistered": f"POST {_MODELS}/create",
    "describeRegistered": f"PATCH {_MODELS}/update",
    "renameRegistered": f"POST {_MODELS}/rename",
    "deleteRegistered": f"DELETE {_MODELS}/delete",
    "setRegisteredTag": f"POST {_MODELS}/set-tag",
    "deleteRegisteredTag": f"DELETE {_MODELS}/delete-tag",
    "setAlias": f"POST {_MODELS}/alias",
    "deleteAlias": f"DELETE {_MODELS}/alias",
    "describeVersion": f"PATCH {_VERSIONS}/update",
    "deleteVersion": f"DELETE {_VERSIONS}/delete",
    "setVersionTag": f"POST {_VERSIONS}/set-tag",
    "deleteVersionTag": f"DELETE {_VERSIONS}/delete-tag",
    "moveToStage": f"POST {_VERSIONS}/transition-stage",
    "createPromptVersion": f"POST {_VERSIONS}/create",
    "giveRegistered": f"PATCH {_OWN}/registry/entry owner",
    "deleteTraces": f"POST {_TRACES}/delete-traces",
    "setTraceTag": f"PATCH {_TRACES}/{{}}/tags",
    "deleteTraceTag": f"DELETE {_TRACES}/{{}}/tags",
    "addAssessment": f"POST {_TRACES}/{{}}/assessments",
    "changeAssessment": f"PATCH {_TRACES}/{{}}/assessments/{{}}",
    "deleteAssessment": f"DELETE {_TRACES}/{{}}/assessments/{{}}",
    "saveView": f"PUT {_OWN}/experiments/{{}}/views/{{}}/{{}}",
    "saveView shared": f"PUT {_OWN}/experiments/{{}}/shared-views/{{}}/{{}}",
    "deleteView": f"DELETE {_OWN}/experiments/{{}}/views/{{}}/{{}}",
    "deleteView shared": f"DELETE {_OWN}/experiments/{{}}/shared-views/{{}}/{{}}",
    "createCatalog": f"POST {_UC}/catalogs",
    "createSchema": f"POST {_UC}/schemas",
    "createVolume": f"POST {_UC}/volumes",
    "describe catalog": f"PATCH {_UC}/catalogs/{{}} comment",
    "describe schema": f"PATCH {_UC}/schemas/{{}} comment",
    "describe table": f"PATCH {_UC}/tables/{{}} comment",
    "describe volume": f"PATCH {_UC}/volumes/{{}} comment",
    "describe function": f"PATCH {_UC}/functions/{{}} comment",
    "giveTo": f"PATCH {_UC}/schemas/{{}} owner",
    "remove catalog": f"DELETE {_UC}/catalogs/{{}}",
    "remove schema": f"DELETE {_UC}/schemas/{{}}",
    "remove table": f"DELETE {_UC}/tables/{{}}",
    "remove volume": f"DELETE {_UC}/volumes/{{}}",
    "remove function": f"DELETE {_UC}/functions/{{}}",
    "setTag": f"POST {_TAGS}",
    "setTag anew": f"PATCH {_TAGS}/{{}}/{{}}/tags/{{}}",
    "deleteTag": f"DELETE {_TAGS}/{{}}/{{}}/tags/{{}}",
    "uploadFile": "PUT /api/2.0/fs/files/Volumes/{}/{}/{}/{}/{}",
    "deleteFile": "DELETE /api/2.0/fs/files/Volumes/{}/{}/{}/{}/{}",
    "changePrivileges": f"PATCH {_UC}/permissions/{{}}/{{}} add",
    "changePrivileges away": f"PATCH {_UC}/permissions/{{}}/{{}} remove",
    "giveAccess": "PATCH /api/2.0/permissions/{}/{}",
    "setAccess": "PUT /api/2.0/permissions/{}/{}",
    "signIn": f"POST {_OWN}/sign-in",
    "signOut": f"POST {_OWN}/sign-out",
    "changePassword": f"PUT {_OWN}/password",
    "setPassword": f"PUT {_OWN}/users/{{}}/password",
    "createToken": "POST /api/2.0/token/create",
    "revokeToken": "POST /api/2.0/token/delete",
    "createPrincipal user": f"POST {_SCIM}/Users",
    "createPrincipal group": f"POST {_SCIM}/Groups",
    "createPrincipal service": f"POST {_SCIM}/ServicePrincipals",
    "deletePrincipal user": f"DELETE {_SCIM}/Users/{{}}",
    "deletePrincipal group": f"DELETE {_SCIM}/Groups/{{}}",
    "deletePrincipal service": f"DELETE {_SCIM}/ServicePrincipals/{{}}",
    "setActive user": f"PATCH {_SCIM}/Users/{{}} active",
    "setActive service": f"PATCH {_SCIM}/ServicePrincipals/{{}} active",
    "addMember": f"PATCH {_SCIM}/Groups/{{}} add",
    "removeMember": f"PATCH {_SCIM}/Groups/{{}} remove",
    "createScope": "POST /api/2.0/secrets/scopes/create",
    "deleteScope": "POST /api/2.0/secrets/scopes/delete",
    "putSecret": "POST /api/2.0/secrets/put",
    "deleteSecret": "POST /api/2.0/secrets/delete",
    "putAcl": "POST /api/2.0/secrets/acls/put",
    "deleteAcl": "POST /api/2.0/secrets/acls/delete",
    "createWebhook": f"POST {_OWN}/webhooks",
    "updateWebhook": f"PATCH {_OWN}/webhooks/{{}}",
    "deleteWebhook": f"DELETE {_OWN}/webhooks/{{}}",
    "testWebhook": f"POST {_OWN}/webhooks/{{}}/test",
    "sendAgain": f"POST {_OWN}/webhooks/{{}}/deliveries/{{}}/send-again",
}

# They send what the server reads, by a method that has a body.
READS: Final = {
    "searchExperiments", "searchRuns", "runGroups", "metricExtremes", "flush", "modelList", "modelsOfRun",
    "searchTraces", "sessionList", "traceMetrics", "explain",
}  # fmt: skip
_HELPERS: Final = {"patch"}  # of functions that are listed

_FUNCTION = re.compile(r"^(?:export )?(?:async )?(?:function|const) (\w+)", re.MULTILINE)
_NEXT = re.compile(r"^(?:export|async|const|function|interface|type|import|let|/)", re.MULTILINE)
_SENDS = re.compile(r"\b(?:post|change|patch|sendFile)\b\s*[<(]|\bsend\(\"(?:POST|PUT|PATCH|DELETE)\"")


def in_source() -> set[str]:
    """The functions of the pages' client that change something."""
    found = set()
    for path in API.glob("*.ts"):
        text = path.read_text("utf-8") if path.name != "client.ts" else ""
        for function in _FUNCTION.finditer(text):
            following = _NEXT.search(text, function.end())
            if _SENDS.search(text[function.start() : following.start() if following else len(text)]):
                found.add(function[1])
    return found - READS - _HELPERS


def told(request: Request) -> str:
    """A request as patterns see it."""
    said = request.headers.get("content-type", "").startswith("application/json")
    body = (request.post_data or "")[:2_000].replace("\n", " ") if said else ""
    return f"{request.method} {urlsplit(request.url).path} {body}"


def _pattern(written: str) -> re.Pattern[str]:
    address, *words = written.split(" ")[1:]
    path = re.escape(address).replace(r"\{\}", r"[^/\s]+")
    body = "".join(rf"(?=.*{re.escape(word)})" for word in words)
    return re.compile(rf"{written.split(' ', maxsplit=1)[0]} {path} {body}")


def unmade(requests: set[str]) -> list[str]:
    """The changes that none of these requests, `METHOD path body`, is."""
    return [name for name, written in MUTATIONS.items() if not any(map(_pattern(written).match, requests))]
