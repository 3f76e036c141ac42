"""Every dialect at once: one counter, aliases that always lead somewhere, files only of versions that are READY."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import Caller, Server

UC = "unity-catalog"
NATIVE = "/api/2.1/unity-catalog"
CONTENT = b"model"


@pytest.fixture
def full(client: Caller, registry) -> str:
    name = f"main.default.{registry.name('all')}"
    client.post(f"{UC}/registered-models/create", name=name)
    return name


def leaf(full: str) -> dict[str, str]:
    return dict(zip(("catalog_name", "schema_name", "model_name"), full.split("."), strict=True))


CREATE = {
    "http": lambda c, n: c.post("model-versions/create", name=n, source="s3://b/m")["model_version"]["version"],
    "databricks-uc": lambda c, n: c.post(f"{UC}/model-versions/create", name=n, source="s3://b/m")["model_version"][
        "version"
    ],
    "native": lambda c, n: c.call("POST", f"{NATIVE}/models/versions", json=leaf(n) | {"source": "s3://b/m"})[
        "version"
    ],
}
BY_ALIAS = {
    "http": lambda c, n: c.get("registered-models/alias", name=n, alias="champion")["model_version"]["version"],
    "databricks-uc": lambda c, n: c.get(f"{UC}/registered-models/alias", name=n, alias="champion")["model_version"][
        "version"
    ],
    "native": lambda c, n: c.get(f"{NATIVE}/models/{n}/aliases/champion")["version"],
}


def test_sixteen_clients_of_every_dialect_make_versions_at_once(server: Server, full):
    start = threading.Barrier(16)

    def create(caller: Caller, how) -> list[int]:
        start.wait()
        return [int(how(caller, full)) for _ in range(8)]

    callers = [server.caller() for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(create, callers, itertools.islice(itertools.cycle(CREATE.values()), 16)))
    assert all(each == sorted(each) for each in made)
    assert sorted(itertools.chain(*made)) == list(range(1, 129))


def test_an_alias_flipped_a_thousand_times_leads_somewhere_in_every_dialect(server: Server, registry, full):
    """Meanwhile versions are made of the same model: the load."""
    for _ in range(2):
        registry.add(full)
    registry.alias(full, "champion", 1)
    done = threading.Event()

    def read(caller: Caller, how) -> tuple[int, set[str]]:
        seen, count = set(), 0
        while not done.is_set():
            seen.add(str(how(caller, full)))
            count += 1
        return count, seen

    def load(caller: Caller) -> None:
        while not done.is_set():
            caller.post("model-versions/create", name=full, source="s3://b/m")

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, server.caller(), how) for how in BY_ALIAS.values()]
        loading = pool.submit(load, server.caller())
        try:
            for flip in range(1000):
                registry.alias(full, "champion", 1 + flip % 2)
        finally:
            done.set()
        loading.result()
        counts, seen = zip(*(each.result() for each in readers), strict=True)
    assert set.union(*seen) == {"1", "2"}
    assert min(counts) > 50


def place(full: str, version: str, what: str = "files") -> str:
    return f"/api/2.0/fs/{what}/Models/{full.replace('.', '/')}/{version}/MLmodel"


def reads(full: str, version: str) -> list[tuple[str, str, dict]]:
    """Every way to the files of a version: (method, path, options)."""
    named = {"name": full, "version": version}
    proxy = f"/api/2.0/mlflow-artifacts/artifacts/models/{full.replace('.', '/')}/{version}/MLmodel"
    return [
        ("GET", "model-versions/get-download-uri", {"params": named}),
        ("GET", f"{UC}/model-versions/get-download-uri", {"params": named}),
        ("POST", f"{UC}/model-versions/generate-temporary-credentials", {"json": named}),
        ("POST", f"{NATIVE}/temporary-model-version-credentials", {"json": leaf(full) | {"version": int(version)}}),
        ("GET", place(full, version), {}),
        ("GET", proxy, {}),
        ("POST", "/api/2.0/fs/create-download-url", {"json": {"path": place(full, version)[17:]}}),
        ("POST", "model-versions/create", {"json": {"name": full, "source": f"models:/{full}/{version}"}}),
    ]


def writes(full: str, version: str) -> list[tuple[str, str, dict]]:
    named = {"name": full, "version": version, "operation": "MODEL_VERSION_OPERATION_READ_WRITE"}
    other = leaf(full) | {"version": int(version), "operation": "READ_WRITE_MODEL_VERSION"}
    return [
        ("PUT", place(full, version), {"content": CONTENT}),
        ("POST", "/api/2.0/fs/create-upload-url", {"json": {"path": place(full, version)[17:]}}),
        ("POST", f"{UC}/model-versions/generate-temporary-credentials", {"json": named}),
        ("POST", f"{NATIVE}/temporary-model-version-credentials", {"json": other}),
    ]


@pytest.mark.parametrize("finalize", ["databricks-uc", "native"])
def test_pending_is_written_and_ready_is_read_in_every_dialect(client: Caller, full, finalize):
    version = str(CREATE[finalize](client, full))
    for method, path, options in reads(full, version):
        assert client.refused(method, path, **options).status == 400, path
    for method, path, options in writes(full, version):
        assert client.request(method, path, **options).status_code < 300, path
    if finalize == "native":
        client.call("PATCH", f"{NATIVE}/models/{full}/versions/{version}/finalize", json={})
    else:
        client.post(f"{UC}/model-versions/finalize", name=full, version=version)
    for method, path, options in reads(full, version):
        assert client.request(method, path, **options).status_code < 300, path
    for method, path, options in writes(full, version):
        assert client.refused(method, path, **options).status == 400, path
    statuses = [
        client.get("model-versions/get", name=full, version=version)["model_version"]["status"],
        client.get(f"{UC}/model-versions/get", name=full, version=version)["model_version"]["status"],
        client.get(f"{NATIVE}/models/{full}/versions/{version}")["status"],
    ]
    assert statuses == ["READY"] * 3
