"""Object stores of each kind, and an event loop to use them in."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lakeward.runtime.objects import ObjectStore
from s3 import S3, s3_server

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def local(tmp_path: Path) -> Iterator[ObjectStore]:
    store = ObjectStore.open(str(tmp_path / "objects"))
    yield store
    store.close()


@pytest.fixture(params=["local", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "local":
        store = ObjectStore.open((tmp_path / "objects").as_uri())
    else:
        s3 = request.getfixturevalue("s3")
        store = ObjectStore.open(s3.url(), s3.options)
    yield store
    store.close()
