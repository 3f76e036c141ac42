"""Fixtures of the client suites: one server per session, one experiment per test, each test in each mode."""

import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator

import mlflow
import pytest
from mlflow import MlflowClient

from .server import Server, running
from .sides import MODES, QUIET, Side

os.environ.update(QUIET)
warnings.filterwarnings("ignore", category=FutureWarning, module="mlflow")

MLFLOW_3 = int(mlflow.__version__.split(".")[0]) >= 3
REFERENCE = os.environ.get("LAKEWARD_TEST_REFERENCE") == "1"

# What is not collected, and why; `pytest_report_header` prints it, so that nothing is left out silently.
LEFT_OUT: dict[str, str] = {}
if not MLFLOW_3:
    LEFT_OUT["v3"] = f"LoggedModels and the calls around them do not exist in mlflow {mlflow.__version__}"
if any(importlib.util.find_spec(name) is None for name in ("torch", "xgboost", "onnx", "transformers")):
    LEFT_OUT["flavours"] = "the model libraries are not installed here (requirements/clients-flavours.txt)"
if any(importlib.util.find_spec(name) is None for name in ("anthropic", "litellm", "langgraph", "pydantic_ai")):
    LEFT_OUT["libraries"] = "the agent libraries are not installed here (requirements/clients-libraries.txt)"
if importlib.util.find_spec("unitycatalog") is None:
    LEFT_OUT["dialects"] = "the open-source Unity Catalog client is not installed (requirements/clients-mlflow222.txt)"
collect_ignore = list(LEFT_OUT)


def pytest_report_header() -> list[str]:
    lines = [f"mlflow {mlflow.__version__} against {os.environ.get('LAKEWARD_TEST_URL', 'a server of our own')}"]
    return lines + [f"not collected: tests/clients/{folder}: {why}" for folder, why in LEFT_OUT.items()]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "beyond: the server promises more here than MLflow's own server does")
    config.addinivalue_line("markers", "modes(*names): run in these modes only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if REFERENCE:
        beyond = [item for item in items if item.get_closest_marker("beyond")]
        config.hook.pytest_deselected(items=beyond)
        items[:] = [item for item in items if not item.get_closest_marker("beyond")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "mode" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("modes")
        modes = marker.args if marker else MODES
        if REFERENCE:
            modes = [mode for mode in modes if mode == "http"]
        metafunc.parametrize("mode", modes, indirect=True, scope="function")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def side(mode: str, server: Server, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Side]:
    """The client's way to the server in this mode; the working directory is empty, as stray files would be found."""
    monkeypatch.chdir(tmp_path)
    with Side(mode, server).entered() as entered:
        yield entered
        while mlflow.active_run() is not None:
            mlflow.end_run()


@pytest.fixture
def client(side: Side) -> MlflowClient:
    return side.client


@pytest.fixture
def experiment(side: Side) -> str:
    """The id of an experiment of this test alone."""
    return side.experiment()


@pytest.fixture
def run(side: Side, experiment: str) -> str:
    """The id of a running run in this test's experiment."""
    return side.run(experiment)


@pytest.fixture
def other_side(side: Side, server: Server) -> Callable[[], Side]:
    """The same server seen in the other mode: `with other_side().entered() as other`."""
    return lambda: Side(MODES[1 - MODES.index(side.mode)], server)
