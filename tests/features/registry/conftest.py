"""One server for the package: its tests only add, each under names of its own."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from server import Caller, Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(serving: Callable[..., AbstractContextManager[Server]]) -> Iterator[Server]:
    with serving() as started:
        yield started


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


@dataclass(frozen=True)
class Registry:
    """The registry as an http client handles it."""

    client: Caller

    def name(self, stem: str = "m") -> str:
        return f"{stem}-{next(_numbers)}"

    def create(self, name: str | None = None, *, tags: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        made = self.client.post(
            "registered-models/create",
            name=name or self.name(),
            tags=tag_list(tags or {}),
            **fields,
        )
        return made["registered_model"]

    def model(self, **fields: Any) -> str:
        """The name of a new model."""
        return self.create(**fields)["name"]

    def get(self, name: str) -> dict[str, Any]:
        return self.client.get("registered-models/get", name=name)["registered_model"]

    def add(self, name: str, *, tags: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        """A new version."""
        fields = {"source": "s3://bucket/model"} | fields
        made = self.client.post("model-versions/create", name=name, tags=tag_list(tags or {}), **fields)
        return made["model_version"]

    def version(self, name: str, version: int | str) -> dict[str, Any]:
        return self.client.get("model-versions/get", name=name, version=str(version))["model_version"]

    def alias(self, name: str, alias: str, version: int | str) -> None:
        assert self.client.post("registered-models/alias", name=name, alias=alias, version=str(version)) == {}

    def by_alias(self, name: str, alias: str) -> str:
        return self.client.get("registered-models/alias", name=name, alias=alias)["model_version"]["version"]

    def delete(self, what: str, **fields: Any) -> None:
        assert self.client.call("DELETE", what, json=fields) == {}

    def tags(self, name: str, version: int | None = None) -> dict[str, str]:
        found = self.get(name) if version is None else self.version(name, version)
        return {tag["key"]: tag["value"] for tag in found["tags"]}

    def names(self, **fields: Any) -> list[str]:
        return [each["name"] for each in self._pages("registered-models/search", "registered_models", fields)]

    def versions(self, **fields: Any) -> list[tuple[str, int]]:
        found = self._pages("model-versions/search", "model_versions", fields)
        return [(each["name"], int(each["version"])) for each in found]

    def _pages(self, path: str, kind: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """All found, page by page; no page is larger than asked for and none but the last is smaller."""
        found, token = [], None
        while True:
            page = self.client.get(path, **fields, **({"page_token": token} if token else {}))
            found += page[kind]
            token = page.get("next_page_token")
            if "max_results" in fields:
                size = len(page[kind])
                assert size == fields["max_results"] or (not token and size < fields["max_results"])
            if not token:
                return found


@pytest.fixture(scope="session")
def registry_for_all(server: Server) -> Registry:
    return Registry(server.local)


@pytest.fixture
def registry(registry_for_all: Registry) -> Registry:
    return registry_for_all
