"""Models in Unity Catalog: `databricks-uc`, which is what `databricks` mode registers to, seen over http as well.

The client uploads a version's files either through the Files API or, if it is told so, by URLs the server signs.
"""

import contextlib
import uuid

import mlflow
import numpy as np
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from .conftest import MLFLOW_3
from .expect import EXISTS, INVALID, MISSING, refused

pytestmark = pytest.mark.modes("databricks")

WAYS = {"files": "true", "signed": "false"}


@pytest.fixture
def uc(side) -> MlflowClient:
    mlflow.set_registry_uri("databricks-uc")
    yield MlflowClient(tracking_uri=side.uri, registry_uri="databricks-uc")
    mlflow.set_registry_uri("")


@pytest.fixture
def http(server) -> MlflowClient:
    """The same server as an http client of the classic registry sees it."""
    return MlflowClient(tracking_uri=server.url, registry_uri=server.url)


@pytest.fixture
def name() -> str:
    return f"main.default.model-{uuid.uuid4().hex}"


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """How files go up and down."""
    monkeypatch.setenv("MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC", WAYS[request.param])
    return request.param


@pytest.fixture(scope="module")
def line():
    data = np.arange(12.0).reshape(6, 2)
    estimator = LinearRegression().fit(data, data.sum(axis=1))
    return estimator, data, estimator.predict(data)


def log(line, **kwargs):
    estimator, data, expected = line
    named = {"name": "line"} if MLFLOW_3 else {"artifact_path": "line"}
    return mlflow.sklearn.log_model(
        estimator, **named, pip_requirements=["scikit-learn"], signature=infer_signature(data, expected), **kwargs
    )


@contextlib.contextmanager
def as_http_client(url: str):
    """The process as an http client for a while."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])


def test_registered_models(uc, http, name):
    made = uc.create_registered_model(name, tags={"team": "a"}, description="flowers")
    assert (made.name, made.description, made.tags) == (name, "flowers", {"team": "a"})
    with refused(EXISTS):
        uc.create_registered_model(name)
    with refused(EXISTS):
        uc.create_registered_model(name.upper())
    assert uc.get_registered_model(name.upper()).name == name
    assert uc.update_registered_model(name, "trees").description == "trees"
    uc.set_registered_model_tag(name, "n", "1")
    uc.delete_registered_model_tag(name, "team")
    assert http.get_registered_model(name).tags == uc.get_registered_model(name).tags == {"n": "1"}
    assert name in [each.name for each in uc.search_registered_models(max_results=1000)]
    uc.rename_registered_model(name, f"{name}x")
    assert uc.get_registered_model(f"{name}x").tags == {"n": "1"}
    with refused(MISSING):
        uc.get_registered_model(name)
    uc.delete_registered_model(f"{name}x")
    with refused(MISSING):
        http.get_registered_model(f"{name}x")


@pytest.mark.parametrize("wrong", ["model", "a.b", "a.b.c.d", "a..c", "a.b.c d", "a.b.c/d"])
def test_names_that_may_not_be(uc, wrong):
    with pytest.raises(MlflowException, match=r"all three levels|Invalid name"):
        uc.create_registered_model(wrong)


def test_a_model_is_registered_and_loaded(way, uc, http, side, server, experiment, line, name):
    data, expected = line[1:]
    with mlflow.start_run(experiment_id=experiment) as run:
        info = log(line, registered_model_name=name)
    made = uc.get_model_version(name, "1")
    assert (made.name, int(made.version), made.status, made.run_id) == (name, 1, "READY", run.info.run_id)
    again = mlflow.register_model(f"runs:/{run.info.run_id}/line", name, tags={"k": "v"})
    assert (int(again.version), again.status) == (2, "READY")
    uc.set_registered_model_alias(name, "champion", "2")
    assert int(uc.get_model_version_by_alias(name, "champion").version) == 2
    for uri in (f"models:/{name}/1", f"models:/{name}@champion"):
        assert np.array_equal(mlflow.sklearn.load_model(uri).predict(data), expected)
        assert np.allclose(mlflow.pyfunc.load_model(uri).predict(data), expected, rtol=1e-12)
    # the same object over http
    found = http.get_model_version_by_alias(name, "champion")
    assert (int(found.version), found.tags, found.run_id) == (2, {"k": "v"}, run.info.run_id)
    if MLFLOW_3:
        assert (uc.get_model_version(name, "2").model_id, found.source) == (info.model_id, f"models:/{info.model_id}")
        registrations = server.get(f"/api/2.0/mlflow/logged-models/{info.model_id}").json()["model"]["info"]
        assert {each["version"] for each in registrations["registrations"]} == {"1", "2"}
    assert {int(each.version) for each in uc.search_model_versions(f"name='{name}'")} == {1, 2}
    uc.set_model_version_tag(name, "1", "a", "b")
    uc.update_model_version(name, "1", "words")
    assert (http.get_model_version(name, "1").tags, http.get_model_version(name, "1").description) == (
        {"a": "b"}, "words",
    )  # fmt: skip
    uc.delete_model_version_tag(name, "1", "a")
    uc.delete_registered_model_alias(name, "champion")
    with refused(MISSING):
        uc.get_model_version_by_alias(name, "champion")


def test_what_is_uploaded_to_the_registry_is_its_own(uc, http, server, experiment, line, name):
    """It outlives the run; http clients load it; copies share its files; nobody writes to it any more."""
    _, data, expected = line
    with mlflow.start_run(experiment_id=experiment) as run:
        info = log(line, registered_model_name=name)
    copied = uc.copy_model_version(f"models:/{name}/1", f"{name}-copy")
    assert copied.status == "READY"
    mlflow.MlflowClient().delete_run(run.info.run_id)
    named = {"run_ids": [run.info.run_id]}
    if MLFLOW_3:
        mlflow.MlflowClient().delete_logged_model(info.model_id)
        named["model_ids"] = [info.model_id]
    assert server.post("/api/2.0/lakeward/purge", named).ok
    assert np.array_equal(mlflow.sklearn.load_model(f"models:/{name}/1").predict(data), expected)
    http.create_registered_model(f"plain {name}")
    http.create_model_version(f"plain {name}", f"models:/{name}/1")
    uc.delete_registered_model(name)
    with as_http_client(server.url):
        for uri in (f"models:/{name}-copy/1", f"models:/plain {name}/1"):
            assert np.array_equal(mlflow.sklearn.load_model(uri).predict(data), expected)
    place = f"/api/2.0/fs/files/Models/{name.replace('.', '/')}-copy/1/MLmodel"
    written = requests.put(server.url + place, params={"overwrite": "true"}, data=b"x", timeout=30)
    assert (written.status_code, written.json()["error_code"]) == (400, INVALID)


def test_a_version_is_pending_until_it_is_finalized(uc, http, server, name):
    uc.create_registered_model(name)
    api = "/api/2.0/mlflow/unity-catalog/model-versions"
    made = server.post(f"{api}/create", {"name": name, "source": "dbfs:/x"}).json()["model_version"]
    assert (made["version"], made["status"]) == ("1", "PENDING_REGISTRATION")
    by_id = {"name": name, "version": "1"}
    file = f"/api/2.0/fs/files/Models/{name.replace('.', '/')}/1/MLmodel"
    assert server.get(f"{api}/get-download-uri", **by_id).json()["error_code"] == INVALID
    assert server.post(f"{api}/generate-temporary-credentials", by_id).json()["error_code"] == INVALID
    assert http.get_model_version(name, "1").status == "PENDING_REGISTRATION"
    with refused(INVALID, "PENDING"):
        http.get_model_version_download_uri(name, "1")
    write = by_id | {"operation": "MODEL_VERSION_OPERATION_READ_WRITE"}
    credentials = server.post(f"{api}/generate-temporary-credentials", write).json()["credentials"]
    assert credentials["storage_mode"] == "DEFAULT_STORAGE"
    assert requests.put(server.url + file, data=b"flavors: {}", timeout=30).status_code == 204
    assert server.get(file).status_code == 400
    for _ in range(2):
        finalized = server.post(f"{api}/finalize", by_id).json()["model_version"]
        assert finalized["status"] == "READY"
    assert server.get(file).text == "flavors: {}"
    assert server.post(f"{api}/generate-temporary-credentials", write).json()["error_code"] == INVALID


def test_http_models_are_seen_in_the_catalog(uc, http, experiment, line, side):
    """What an http client registered without its own files is read through the catalog too."""
    _, data, expected = line
    short = f"Short-{uuid.uuid4().hex}"
    with mlflow.start_run(experiment_id=experiment) as run:
        info = log(line)
    http.create_registered_model(short, tags={"k": "v"})
    source = f"models:/{info.model_id}" if MLFLOW_3 else f"{run.info.artifact_uri}/line"
    http.create_model_version(short, source, run.info.run_id)
    full = f"main.default.{short}"
    assert uc.get_registered_model(full.lower()).tags == {"k": "v"}
    uc.set_registered_model_alias(full, "champion", "1")
    assert int(http.get_model_version_by_alias(short, "champion").version) == 1
    assert np.array_equal(mlflow.sklearn.load_model(f"models:/{full}@champion").predict(data), expected)
    uc.delete_registered_model(full.upper())
    with refused(MISSING):
        http.get_registered_model(short)
