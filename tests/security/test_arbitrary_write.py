"""Arbitrary writes: no upload, name or archive puts a byte where it does not belong.

CVE-2023-6018, 2023-6976, CVE-2024-0520 (names of data sets), CVE-2025-11201 (models), 2025-15031 (archives).
"""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from server import Caller, Server

MARK = b"written-by-an-attacker"
NAMES = [
    "../../../pwned", "/pwned", "..%2f..%2fpwned", "%2e%2e/%2e%2e/pwned", "a/../../../pwned", "..\\..\\pwned",
    "x\x00/../pwned", "....//....//pwned", "./../pwned", "a/./../../pwned",
]  # fmt: skip


def snapshot(directory: Path) -> set[Path]:
    return {path for path in directory.rglob("*") if "objects" not in path.relative_to(directory).parts[:1]}


def outside(server: Server) -> set[Path]:
    """What is there beside the object store, in the data directory and around it."""
    data = server.settings.data
    return snapshot(data) | {path for path in data.parent.iterdir() if "pwned" in path.name}


@pytest.fixture(scope="module")
def place(server: Server) -> str:
    run = server.local.run()
    return f"{server.local.get('runs/get', run_id=run)['run']['info']['experiment_id']}/{run}/artifacts"


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_uploads(server: Server, client: Caller, place: str, name: str) -> None:
    before = outside(server)
    run = place.split("/")[1]
    in_path = name.replace("\x00", "%00")
    client.request("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/{in_path}", content=MARK)
    client.request("PUT", f"/api/2.0/fs/files/{in_path}", content=MARK)
    client.request("POST", "/ajax-api/2.0/mlflow/upload-artifact", params={"run_uuid": run, "path": name}, content=MARK)
    signed = client.request("POST", "artifacts/presigned-upload-url", json={"run_id": run, "path": name})
    if signed.status_code == 200:
        client.request("PUT", signed.json()["presigned_url"].removeprefix(client.url), content=MARK)
    assert outside(server) == before
    stored = [
        path for path in (server.settings.data / "objects").rglob("*") if path.is_file() and path.read_bytes() == MARK
    ]
    home = server.settings.data / "objects" / "artifacts"
    assert all(place.split("/")[1] in path.parts and path.is_relative_to(home) for path in stored)


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_names_of_data_sets_and_models_are_words(server: Server, client: Caller, place: str, name: str) -> None:
    before = outside(server)
    run = place.split("/")[1]
    dataset = {"name": name, "digest": name, "source_type": "local", "source": name, "schema": name, "profile": name}
    client.request("POST", "runs/log-inputs", json={"run_id": run, "datasets": [{"dataset": dataset}]})
    client.request("POST", "registered-models/create", json={"name": name})
    client.request("POST", "model-versions/create", json={"name": name, "source": f"s3://b/{name}"})
    client.request("POST", "experiments/create", json={"name": name})
    assert outside(server) == before


def test_archives_are_kept_and_never_opened(server: Server, client: Caller, place: str) -> None:
    """Absolute names, steps upwards, links: the server has no code that unpacks."""
    tar, zipped = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        for name in NAMES[:2]:
            member = tarfile.TarInfo(name)
            member.size = len(MARK)
            archive.addfile(member, io.BytesIO(MARK))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("../../pwned", MARK)
    before = outside(server)
    for name, packed in (("m.tar.gz", tar.getvalue()), ("m.zip", zipped.getvalue())):
        path = f"/api/2.0/mlflow-artifacts/artifacts/{place}/{name}"
        assert client.request("PUT", path, content=packed).status_code == 200
        assert client.request("GET", path).content == packed
        listed = client.request("GET", "artifacts/list", params={"run_id": place.split("/")[1], "path": name}).text
        assert "pwned" not in listed
    assert outside(server) == before


def test_no_code_of_the_server_unpacks() -> None:
    import grimp

    graph = grimp.build_graph("lakeward", include_external_packages=True, cache_dir=None)
    assert {"tarfile", "zipfile", "shutil.unpack_archive", "py7zr"} & set(graph.modules) == set()
