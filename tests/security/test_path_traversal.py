"""Path traversal: no name a caller chooses leads out of where its bytes belong.

CVE-2023-30172, 2023-1176, 1177, 2356, 2780, 3765, 6753, 6831, 6909, 6975, 6977; CVE-2024-1483 (`http:///#/../`), 1558,
1560, 1593, 1594, 2928, 3573, 3848 (fragments and parameters). tests/features/artifacts/test_paths.py goes through every
way in; these are the forms that were used.
"""

from pathlib import Path

import pytest

from server import Caller, Server

CANARY = "canary-of-the-file-system"
STEPS = [
    "../" * 12, "..%2f" * 12, "%2e%2e/" * 12, "%252e%252e/" * 12, "..\\" * 12, "..%5c" * 12, "/", "//", "file://",
    "file:", "file:///", "./" * 3 + "../" * 12, "x/../../" * 8, "\u2025/" * 12, "\uff0e\uff0e/" * 12, "..;/" * 12,
    "..\x00/" * 12, "\\\\localhost\\", "?/../" * 8, "#/../" * 8, ";/../" * 8, "C:/", "~/",
]  # fmt: skip


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret.txt"
    path.write_text(CANARY)
    return path


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_reading(client: Caller, run: str, canary: Path, step: str) -> None:
    target = step + str(canary).lstrip("/")
    place = f"{client.get('runs/get', run_id=run)['run']['info']['experiment_id']}/{run}/artifacts"
    answers = [
        client.request("GET", "/get-artifact", params={"run_id": run, "path": target}),
        client.request("GET", "artifacts/list", params={"run_id": run, "path": target}),
        client.request("GET", "/get-artifact", params={"run_id": f"../{run}", "path": target}),
        client.request("GET", "/api/2.0/mlflow-artifacts/artifacts", params={"path": target}),
        client.request("GET", "registered-models/get", params={"name": target}),
    ]
    for base in (f"/api/2.0/mlflow-artifacts/artifacts/{place}/", "/api/2.0/fs/files/", "/assets/", "/ml/"):
        request = f"GET {base}{target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        answers.append(raw(client, request))
    for answer in answers:
        text = answer if isinstance(answer, str) else answer.text
        assert CANARY not in text
        assert "root:x:0" not in text


def raw(client: Caller, request: str) -> str:
    """As it stands: a client of HTTP would tidy the path first."""
    import socket

    host, _, port = client.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(request.replace("\u2025", "%E2%80%A5").encode("utf-8"))
        return b"".join(iter(lambda: sock.recv(65536), b"")).decode("latin-1")


@pytest.fixture(scope="module")
def run(server: Server) -> str:
    return server.local.run()


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_locations_and_sources(client: Caller, run: str, canary: Path, step: str) -> None:
    """A location or a source that the server does not own is a word for the client; the server opens none of them."""
    target = step + str(canary).lstrip("/")
    name = f"m {STEPS.index(step)}"
    client.request("POST", "registered-models/create", json={"name": name})
    for scheme in ("", "http:///#/..", "s3://b/", "mlflow-artifacts:/", "dbfs:/", f"runs:/{run}/", "models:/m/1/"):
        version = {"name": name, "source": scheme + target, "run_id": run}
        answer = client.request("POST", "model-versions/create", json=version)
        assert answer.status_code < 500
        if answer.status_code == 200:
            number = answer.json()["model_version"]["version"]
            found = client.request("GET", "model-versions/get-download-uri", params={"name": name, "version": number})
            assert CANARY not in found.text
        made = client.request(
            "POST", "experiments/create", json={"name": f"{step}{scheme}", "artifact_location": scheme + target}
        )
        if made.status_code == 200:
            inside = client.run(made.json()["experiment_id"])
            for path in ("", "secret.txt", canary.name):
                answer = client.request("GET", "/get-artifact", params={"run_id": inside, "path": path})
                assert CANARY not in answer.text
                listed = client.request("GET", "artifacts/list", params={"run_id": inside, "path": path})
                assert not listed.json().get("files")
