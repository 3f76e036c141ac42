"""Many unmodified clients of several dialects at once, on a server of several processes: one counter, no lost alias."""

import itertools
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import mlflow
import pytest
from databricks.sdk import WorkspaceClient
from mlflow import MlflowClient
from mlflow.models import infer_signature

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]

CLIENTS = 16
FLIPS = 200  # a thousand of them, in one process: tests/features/registry/test_together.py
PAUSE = 0.02  # seconds: all share one interpreter, and the one that flips must come to its turn


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


@pytest.fixture
def clients(side) -> dict[str, Callable[[], MlflowClient]]:
    return {
        "http": lambda: MlflowClient(tracking_uri=side.server.url, registry_uri=side.server.url),
        "databricks-uc": lambda: MlflowClient(tracking_uri="databricks", registry_uri="databricks-uc"),
    }


@pytest.fixture
def folder(tmp_path) -> str:
    """A model that clients of either dialect register."""
    signature = infer_signature([1.0], [1.0])
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=Echo(), pip_requirements=[], signature=signature)
    return str(tmp_path / "model")


@pytest.fixture
def name(clients) -> str:
    made = f"main.default.together-{uuid.uuid4().hex[:12]}"
    clients["http"]().create_registered_model(made)
    return made


def test_sixteen_clients_make_versions_at_once(clients, name, folder):
    start = threading.Barrier(CLIENTS)
    sources = {"http": "s3://bucket/m", "databricks-uc": folder}

    def make(spoken: str) -> list[int]:
        client = clients[spoken]()
        start.wait()
        return [int(client.create_model_version(name, sources[spoken]).version) for _ in range(3)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        made = list(pool.map(make, itertools.islice(itertools.cycle(clients), CLIENTS)))
    assert all(each == sorted(each) for each in made)
    assert sorted(itertools.chain(*made)) == list(range(1, 3 * CLIENTS + 1))
    for client in (each() for each in clients.values()):
        found = client.search_model_versions(f"name='{name}'")
        assert {int(each.version) for each in found} == set(range(1, 3 * CLIENTS + 1))
        assert {each.status for each in found} == {"READY"}


def test_an_alias_that_is_flipped_never_leads_nowhere(clients, name, side):
    http, uc = (each() for each in clients.values())
    w = WorkspaceClient(host=side.server.url, token=side.server.token)
    for _ in range(2):
        http.create_model_version(name, "s3://bucket/m")
    http.set_registered_model_alias(name, "champion", 1)
    done = threading.Event()
    asking = (
        lambda: http.get_model_version_by_alias(name, "champion").version,
        lambda: uc.get_model_version_by_alias(name, "champion").version,
        lambda: w.model_versions.get_by_alias(name, "champion").version,
        lambda: http.get_registered_model(name).aliases["champion"],
    )

    def ask(how: Callable[[], object]) -> list[str]:
        seen = []
        while not done.is_set():
            seen.append(str(how()))
            time.sleep(PAUSE)
        return seen

    with ThreadPoolExecutor(len(asking)) as pool:
        readers = [pool.submit(ask, how) for how in asking]
        try:
            for flip in range(FLIPS):
                (http, uc)[flip % 3 == 0].set_registered_model_alias(name, "champion", str(1 + flip % 2))
        finally:
            done.set()
        answers = [each.result() for each in readers]
    assert all(len(each) > 10 for each in answers)
    assert {version for each in answers for version in each} == {"1", "2"}
    assert int(http.get_model_version_by_alias(name, "champion").version) == 1 + (FLIPS - 1) % 2
