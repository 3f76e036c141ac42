"""What may import what, beyond what import-linter holds."""

import ast
from pathlib import Path

import grimp
import pytest

SOURCE = Path(__file__).parents[2] / "src" / "lakeward"
FEATURES = {
    "importing", "registry", "access", "artifacts", "tracking", "tracing", "logged_models", "experiments", "secrets",
    "identity", "audit", "catalog", "retention",
}  # fmt: skip
COMPOSITION = {"lakeward.app", "lakeward.cli"}
# The server never runs what a caller made (docs/architecture.md): nothing that unpickles, and no mlflow.
FORBIDDEN = {"mlflow", "pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
PYTHON = sorted(SOURCE.rglob("*.py"))


def modules() -> grimp.ImportGraph:
    return grimp.build_graph("lakeward", include_external_packages=True, cache_dir=None)


def test_features_are_entered_by_the_front_door() -> None:
    graph = modules()
    reached = [
        (importer, module)
        for module in graph.modules
        if module.count(".") > 1 and module.split(".")[1] in FEATURES
        for importer in graph.find_modules_that_directly_import(module)
        if importer.split(".")[1] != module.split(".")[1] and importer not in COMPOSITION
    ]
    assert reached == []


def test_nothing_that_unpickles_is_imported() -> None:
    graph = modules()
    assert FORBIDDEN & {module.partition(".")[0] for module in graph.modules} == set()


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_evaluated_text(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert calls & {"eval", "exec", "compile", "__import__"} == set()


def test_only_routes_know_http() -> None:
    """Below the routes a feature sees the numbers and rules of the wire at most, never a call or a reply."""
    known = {"Call", "Reply", "Routes", "Application"}
    wrong = []
    for path in PYTHON:
        place = path.relative_to(SOURCE)
        if place.parts[0] not in FEATURES or "routes" in {place.stem, *place.parts[:-1]}:
            continue
        if place.as_posix() == "audit/recording.py":  # the witness: what it writes down are calls
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lakeward.runtime.http"):
                wrong += [(place.as_posix(), name.name) for name in node.names if name.name in known]
    assert wrong == []


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_files_stay_readable(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 450


# Who may open connections, and to what. Places that users name are reached through runtime/outbound.py alone.
NETWORK = {
    "httpx": {"runtime/outbound.py", "importing/source.py"},  # the latter to the server an administrator names
    "httpcore": {"runtime/outbound.py"},
    "http.client": {"runtime/listen.py"},  # to the own port, to learn who has it
    "socket": {  # to listen
        "runtime/listen.py", "runtime/http/accepting.py", "runtime/supervisor.py", "app.py", "cli/login.py",
    },
    "urllib.request": {"cli/login.py"},  # on the user's machine, to the server that he names
    "ssl": {"runtime/outbound.py", "importing/source.py"},
    "obstore": {"runtime/objects/cloud.py"},  # the object store that the operator named
}  # fmt: skip
CLIENTS = {
    "aiohttp", "anthropic", "boto3", "botocore", "ftplib", "grpc", "http.client", "imaplib", "niquests", "openai",
    "paramiko", "poplib", "requests", "smtplib", "socket", "ssl", "telnetlib", "urllib.request", "urllib3",
    "websockets", "xmlrpc", *NETWORK,
}  # fmt: skip


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_the_only_way_out(path: Path) -> None:
    place = path.relative_to(SOURCE).as_posix()
    imported = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            imported |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    imported.discard("urllib.request.url2pathname")
    if place == "runtime/objects/store.py":
        imported.discard("urllib.request")  # for the path of a file:// URL
    used = {client for client in CLIENTS for name in imported if name == client or name.startswith(f"{client}.")}
    assert {client for client in used if place not in NETWORK.get(client, set())} == set()
