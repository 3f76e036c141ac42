"""Files of versions: who writes and reads them when, where they are for which client, and when they go."""

import time
from pathlib import Path

import pytest

from server import Callers

UC = "unity-catalog"
INVALID = (400, "INVALID_PARAMETER_VALUE")
CONTENT = b"flavors: {}\n"


@pytest.fixture
def uc_name(registry, client):
    """A model in the catalog."""
    name = f"main.default.{registry.name()}"
    client.post(f"{UC}/registered-models/create", name=name)
    return name


def place(name: str, version: int | str, file: str = "MLmodel") -> str:
    return f"/api/2.0/fs/files/Models/{name.replace('.', '/')}/{version}/{file}"


def begin(client, name: str) -> str:
    """A PENDING version."""
    made = client.post(f"{UC}/model-versions/create", name=name, source="dbfs:/x")["model_version"]
    assert made["status"] == "PENDING_REGISTRATION"
    return made["version"]


def put(client, name: str, version: str, file: str = "MLmodel") -> int:
    return client.request("PUT", place(name, version, file), content=CONTENT).status_code


def uploaded(client, name: str) -> str:
    version = begin(client, name)
    assert put(client, name, version) == 204
    client.post(f"{UC}/model-versions/finalize", name=name, version=version)
    return version


def stored(server) -> set[str]:
    """The files that the registry keeps, by their id."""
    return {row["id"] for row in server.sql("SELECT id FROM model_files")}


def wait_for(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_files_are_written_while_a_version_is_pending_and_read_when_it_is_ready(client, uc_name):
    version = begin(client, uc_name)
    assert put(client, uc_name, version) == 204
    assert put(client, uc_name, version, "data/model.pkl") == 204
    refused = client.refused("GET", place(uc_name, version))
    assert (refused.status, refused.code) == INVALID
    client.post(f"{UC}/model-versions/finalize", name=uc_name, version=version)
    assert client.request("GET", place(uc_name, version)).content == CONTENT
    assert client.request("GET", place(uc_name.upper(), version)).content == CONTENT
    listed = client.call("GET", place(uc_name, version, "").replace("/files/", "/directories/"))
    assert [each["name"] for each in listed["contents"]] == ["MLmodel", "data"]
    for method, path in (("PUT", place(uc_name, version)), ("DELETE", place(uc_name, version))):
        refused = client.refused(method, path)
        assert (refused.status, refused.code) == INVALID
    assert client.request("GET", place(uc_name, version)).content == CONTENT


def test_a_signed_url_ends_with_the_upload(client, server, uc_name):
    version = begin(client, uc_name)
    signed = client.call("POST", "/api/2.0/fs/create-upload-url", json={"path": place(uc_name, version)[17:]})
    outside = server.caller(x_forwarded_for="203.0.113.7")
    assert outside.request("PUT", signed["url"].removeprefix(server.url), content=CONTENT).status_code < 300
    client.post(f"{UC}/model-versions/finalize", name=uc_name, version=version)
    late = outside.request("PUT", signed["url"].removeprefix(server.url), content=b"late")
    assert 400 <= late.status_code < 500
    assert client.request("GET", place(uc_name, version)).content == CONTENT


def test_http_clients_read_them_through_the_proxy(client, registry, uc_name):
    version = uploaded(client, uc_name)
    root = f"models/{uc_name.replace('.', '/')}/{version}"
    params = {"name": uc_name, "version": version}
    assert client.get("model-versions/get-download-uri", **params) == {"artifact_uri": f"mlflow-artifacts:/{root}"}
    proxy = "/api/2.0/mlflow-artifacts/artifacts"
    assert client.request("GET", f"{proxy}/{root}/MLmodel").content == CONTENT
    assert [each["path"] for each in client.call("GET", proxy, params={"path": root})["files"]] == ["MLmodel"]
    platform = {"x-databricks-org-id": "1"}
    found = client.call("GET", "model-versions/get-download-uri", params=params, headers=platform)
    assert found["artifact_uri"] == f"/Models/{uc_name.replace('.', '/')}/{version}"


def test_they_stay_as_long_as_a_version_or_copy_needs_them(client, registry, server, uc_name):
    before = stored(server)
    version = uploaded(client, uc_name)
    (files,) = stored(server) - before
    copy = registry.model()
    registry.add(copy, source=f"models:/{uc_name}/{version}")
    client.call("DELETE", f"{UC}/model-versions/delete", json={"name": uc_name, "version": version})
    assert client.refused("GET", place(uc_name, version)).code == "NOT_FOUND"
    root = f"models/main/default/{copy}/1"
    assert client.get("model-versions/get-download-uri", name=copy, version=1)["artifact_uri"].endswith(root)
    assert client.request("GET", f"/api/2.0/mlflow-artifacts/artifacts/{root}/MLmodel").content == CONTENT
    objects = server.settings.objects_location
    assert files in stored(server)
    registry.delete("registered-models/delete", name=copy)
    wait_for(lambda: files not in stored(server))
    assert not any(files in str(each) for each in Path(objects).rglob("*"))


def test_a_renamed_model_takes_them_along(client, registry, uc_name):
    version = uploaded(client, uc_name)
    new = f"{uc_name}-new"
    client.call("PATCH", f"{UC}/registered-models/update", json={"name": uc_name, "new_name": new.rpartition(".")[2]})
    assert client.request("GET", place(new, version)).content == CONTENT
    assert client.refused("GET", place(uc_name, version)).code == "NOT_FOUND"


def test_a_name_that_comes_again_is_another_model_at_once(client, uc_name):
    version = uploaded(client, uc_name)
    assert client.request("GET", place(uc_name, version)).content == CONTENT
    client.call("DELETE", f"{UC}/registered-models/delete", json={"name": uc_name})
    client.post(f"{UC}/registered-models/create", name=uc_name)
    again = begin(client, uc_name)
    assert again == version
    client.request("PUT", place(uc_name, again), content=b"new")
    client.post(f"{UC}/model-versions/finalize", name=uc_name, version=again)
    assert client.request("GET", place(uc_name, again)).content == b"new"


def test_files_of_a_run_are_read_through_the_catalog(client, registry):
    experiment = client.experiment()
    run = client.run(experiment)
    artifacts = f"{experiment}/{run}/artifacts/model"
    client.request("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{artifacts}/MLmodel", content=CONTENT)
    name = registry.model()
    for source in (f"mlflow-artifacts:/{artifacts}", f"runs:/{run}/model"):
        version = registry.add(name, source=source)["version"]
        assert client.request("GET", place(f"main.default.{name}", version)).content == CONTENT
        refused = client.refused("PUT", place(f"main.default.{name}", version))
        assert (refused.status, refused.code) == INVALID
    elsewhere = registry.add(name, source="s3://bucket/model")["version"]
    refused = client.refused("GET", place(f"main.default.{name}", elsewhere))
    assert (refused.status, refused.code) == (404, "NOT_FOUND")
    assert "s3://bucket/model" in refused.message


@pytest.mark.parametrize("version", ["0", "x", "1.0", "99999999999", "%2e%2e"])
def test_versions_that_are_not(client, uc_name, version):
    uploaded(client, uc_name)
    assert client.refused("GET", place(uc_name, version)).status in (400, 404)


def test_who_may_not(client, server, uc_name):
    version, pending = uploaded(client, uc_name), begin(client, uc_name)
    callers = Callers(server)
    write = {"name": uc_name, "version": pending, "operation": "MODEL_VERSION_OPERATION_READ_WRITE"}
    credentials = f"{UC}/model-versions/generate-temporary-credentials"
    assert callers.reader.request("GET", place(uc_name, version)).content == CONTENT
    assert callers.reader.post(credentials, name=uc_name, version=version)
    assert callers.editor.post(credentials, **write)
    for operation in (write, {**write, "operation": 2}):
        assert callers.reader.refused("POST", credentials, operation).status == 403
    assert callers.reader.refused("PUT", place(uc_name, pending)).status == 403
    for who in (callers.nobody, callers.memberless):
        assert who.refused("GET", place(uc_name, version)).status in (401, 403)
    assert callers.stranger.refused("GET", place(uc_name, version)).status == 404
    assert callers.stranger.refused("PUT", place(uc_name, pending)).status == 404
    assert callers.stranger.refused("POST", credentials, write).status == 404


def test_what_is_not_ready_is_not_copied(client, registry, uc_name):
    pending = begin(client, uc_name)
    body = {"name": registry.model(), "source": f"models:/{uc_name}/{pending}"}
    refused = client.refused("POST", "model-versions/create", body)
    assert (refused.status, refused.code) == INVALID
