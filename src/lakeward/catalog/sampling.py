"""Some rows of a managed table, as it is now. They are read by a process of its own, which is given little.

Tables elsewhere are not read: the server would go there with rights that its callers do not have.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from lakeward.catalog.records import Asset
from lakeward.kit.errors import InvalidParameter, Unavailable
from lakeward.runtime.lake import storage_options
from lakeward.runtime.objects import ObjectStore

MAX_ROWS: Final = 200
_SECONDS: Final = 20.0
_READER: Final = Path(__file__).with_name("delta_reader.py")
_PASSED: Final = frozenset(
    {"PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
     "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
)  # fmt: skip
_CLOUDS: Final = ("AWS_", "GOOGLE_", "AZURE_")
_turns: Final = asyncio.Semaphore(2)  # of one process; each takes a core for a second and some hundred megabytes


class SampleColumn(msgspec.Struct, frozen=True):
    name: str
    type: str


class Sample(msgspec.Struct, frozen=True):
    """`written` is False while nothing was ever written; `more` if there are rows or columns that are not here.

    Cells are numbers, texts, true, false or null. Long texts are cut; what is nested is JSON in a text.
    """

    written: bool = False
    version: int | None = None
    files: int = 0
    columns: list[SampleColumn] = []
    rows: list[list[Any]] = []
    more: bool = False


class _Told(msgspec.Struct, frozen=True):
    sample: Sample | None = None
    problem: str = ""


async def of_table(
    objects: ObjectStore, root: str, options: Mapping[str, str] | None, table: Asset, rows: int
) -> Sample:
    """`root` is the URL of the object store, where that is no directory."""
    if table.storage_location:
        raise InvalidParameter(
            f"The table {table.full_name} is external: its files are at {table.storage_location}, and not read here."
        )
    if not 1 <= rows <= MAX_ROWS:
        raise InvalidParameter(f"Invalid value {rows} for parameter 'max_rows': 1 to {MAX_ROWS}.")
    if await objects.level(f"{table.prefix}/_delta_log", limit=1) is None:
        return Sample()
    path = objects.path(table.prefix)
    asked = {
        "location": f"{root.rstrip('/')}/{table.prefix}" if path is None else _uri(path),
        "options": storage_options(options or {}) if path is None else {},
        "rows": rows,
    }
    async with _turns:
        told = await asyncio.to_thread(_read, msgspec.json.encode(asked))
    if told.sample is None:
        raise InvalidParameter(told.problem)
    return told.sample


def _environment() -> dict[str, str]:
    """What it takes to run and to reach a cloud; not what this server was told about itself."""
    return {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith(_CLOUDS)}


def _uri(path: str) -> str:
    return Path(path).absolute().as_uri()


def _read(asked: bytes) -> _Told:
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(_READER)],
            input=asked,
            capture_output=True,
            timeout=_SECONDS,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"The table was not read within {_SECONDS:.0f} seconds.") from error
    try:
        return msgspec.json.decode(done.stdout, type=_Told)
    except msgspec.DecodeError as error:
        raise InvalidParameter("The table cannot be read here: it takes more memory than a look at it may.") from error
