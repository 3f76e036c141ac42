"""One server for the package: its tests only add, each in experiments of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from server import Caller, Server


@pytest.fixture(scope="session")
def server(serving: Callable[..., AbstractContextManager[Server]]) -> Iterator[Server]:
    with serving() as started:
        yield started


@dataclass(frozen=True)
class Models:
    """LoggedModels as a client handles them."""

    client: Caller

    def create(self, experiment_id: str, **fields: Any) -> dict[str, Any]:
        for field in ("params", "tags"):
            if isinstance(fields.get(field), dict):
                fields[field] = [{"key": key, "value": value} for key, value in fields[field].items()]
        return self.client.post("logged-models", experiment_id=experiment_id, **fields)["model"]

    def id(self, experiment_id: str, **fields: Any) -> str:
        return self.create(experiment_id, **fields)["info"]["model_id"]

    def get(self, model_id: str, **params: Any) -> dict[str, Any]:
        return self.client.get(f"logged-models/{model_id}", **params)["model"]

    def patch(self, model_id: str, what: str = "", **fields: Any) -> Any:
        return self.client.call("PATCH", f"logged-models/{model_id}{what}", json=fields)

    def delete(self, model_id: str) -> None:
        assert self.client.call("DELETE", f"logged-models/{model_id}", json={"model_id": model_id}) == {}

    def params(self, model_id: str) -> dict[str, str]:
        return {each["key"]: each["value"] for each in self.get(model_id)["data"]["params"]}

    def tags(self, model_id: str) -> dict[str, str]:
        return {each["key"]: each["value"] for each in self.get(model_id)["info"]["tags"]}

    def search(self, *experiment_ids: str, **fields: Any) -> list[str]:
        """Ids of all models found, page by page; no page is larger than asked for and none but the last is smaller."""
        found, token, size = [], None, fields.get("max_results", 100)
        while True:
            more = {"page_token": token} if token else {}
            page = self.client.post("logged-models/search", experiment_ids=experiment_ids, **fields, **more)
            found += [model["info"]["model_id"] for model in page["models"]]
            token = page.get("next_page_token")
            assert len(page["models"]) == size or (not token and len(page["models"]) < size)
            if not token:
                return found

    def measure(self, run_id: str, model_id: str, key: str, value: Any, **more: Any) -> None:
        """Log a metric of a model. `on=("name", "digest")` is the data set; `at=(timestamp, step)`."""
        ts, step = more.pop("at", (1, 0))
        name, digest = more.pop("on", ("", ""))
        self.client.post(
            "runs/log-metric", run_id=run_id, model_id=model_id, key=key, value=value, timestamp=ts, step=step,
            dataset_name=name, dataset_digest=digest, **more,
        )  # fmt: skip

    def metrics(self, model_id: str) -> list[dict[str, Any]]:
        return self.get(model_id)["data"]["metrics"]


@pytest.fixture
def models(client: Caller) -> Models:
    return Models(client)


@pytest.fixture
def experiment(client: Caller) -> str:
    return client.experiment()
