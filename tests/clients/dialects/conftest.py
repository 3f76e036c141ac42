import os
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from clients.dialects.dialects import Dialect, Newest, all_of
from clients.server import Server

# A model without a library: each client's Python runs this text.
DOUBLING = """
import mlflow


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * float(each) for each in (model_input if isinstance(model_input, list) else model_input.iloc[:, 0])]


mlflow.models.set_model(Doubling())
"""


@pytest.fixture(scope="module", autouse=True)
def _settings() -> Iterator[None]:
    """As they were, whatever the dialects set."""
    before, tracking = dict(os.environ), mlflow.get_tracking_uri()
    yield
    os.environ.clear()
    os.environ.update(before)
    mlflow.set_tracking_uri(tracking)
    mlflow.set_registry_uri("")


@pytest.fixture(scope="module")
def dialects(server: Server, _settings: None) -> Iterator[dict[str, Dialect]]:
    newest = Newest("mlflow")
    yield all_of(server, newest)
    newest.close()


@pytest.fixture
def lake() -> Iterator[Newest]:
    """`deltalake` and DuckDB, which are not installed here."""
    beside = Newest()
    yield beside
    beside.close()


@pytest.fixture(scope="module")
def source(server: Server, tmp_path_factory: pytest.TempPathFactory, _settings: None) -> str:
    """A run's artifacts that are a model: it doubles."""
    folder: Path = tmp_path_factory.mktemp("model")
    (folder / "doubling.py").write_text(DOUBLING)
    mlflow.set_tracking_uri(server.url)
    numbers = Schema([ColSpec("double")])
    mlflow.pyfunc.save_model(
        folder / "model", python_model=str(folder / "doubling.py"), pip_requirements=[],
        signature=ModelSignature(inputs=numbers, outputs=numbers),
    )  # fmt: skip
    client = mlflow.MlflowClient(tracking_uri=server.url)
    run = client.create_run(client.create_experiment("dialects")).info.run_id
    client.log_artifacts(run, str(folder / "model"), "model")
    return f"runs:/{run}/model"
