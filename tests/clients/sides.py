"""The two ways a client speaks to the server: plain `http`, and `databricks` through the SDK's settings."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import mlflow
from mlflow import MlflowClient
from mlflow.tracking import fluent
from mlflow.tracking._tracking_service import utils as tracking_utils

from .server import Server

MODES = ("http", "databricks")

# A refused request must fail the test by its error, not by the client's patience; nothing may leave the machine.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_DATABRICKS_ENDPOINT_HTTP_RETRY_TIMEOUT": "20",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "DATABRICKS_CONFIG_FILE": os.devnull,
    "GIT_PYTHON_REFRESH": "quiet",
}


def forget() -> None:
    """A client process has one side for life and remembers its experiment and the way to files; ours changes sides."""
    tracking_utils._artifact_repos_cache.clear()
    fluent._active_experiment_id = None


@dataclass(frozen=True)
class Side:
    mode: str
    server: Server

    @property
    def uri(self) -> str:
        return "databricks" if self.mode == "databricks" else self.server.url

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=self.uri)

    def name(self, stem: str = "x") -> str:
        """A new experiment name; the platform wants an absolute workspace path."""
        return f"/Shared/{stem}-{uuid.uuid4().hex}" if self.mode == "databricks" else f"{stem}-{uuid.uuid4().hex}"

    def experiment(self, stem: str = "x") -> str:
        return self.client.create_experiment(self.name(stem))

    def run(self, experiment_id: str | None = None, **kwargs) -> str:
        return self.client.create_run(experiment_id or self.experiment(), **kwargs).info.run_id

    def environment(self) -> dict[str, str | None]:
        ours: dict[str, str | None] = dict.fromkeys(k for k in os.environ if k.startswith(("MLFLOW_", "DATABRICKS_")))
        ours |= QUIET
        if self.mode == "databricks":
            ours |= {"DATABRICKS_HOST": self.server.url, "DATABRICKS_TOKEN": self.server.token}
        return ours

    @contextlib.contextmanager
    def entered(self) -> Iterator["Side"]:
        """The process settings of this side, put back afterwards: sides can be nested."""
        before, uri_before = dict(os.environ), mlflow.get_tracking_uri()
        for key, value in self.environment().items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
        mlflow.set_tracking_uri(self.uri)
        forget()
        try:
            yield self
        finally:
            forget()
            mlflow.set_tracking_uri(uri_before)
            os.environ.clear()
            os.environ.update(before)
