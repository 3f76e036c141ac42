"""The examples share one Python that has the libraries imported; each still runs in a process of its own."""

from collections.abc import Iterator

import pytest

from . import pages
from .warm_python import warm_python


@pytest.fixture(scope="session", autouse=True)
def warm() -> Iterator[None]:
    with pages.home_directory() as directory, warm_python(directory, pages.environment(directory)) as folder:
        pages.warm.append(str(folder))
        yield
        pages.warm.clear()
