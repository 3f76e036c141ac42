"""What a version says it was made from: tables that its run read, tables and functions that its model needs.

Clients of Unity Catalog say so when they make a version: in a header about the run, and as dependencies in the body.
Both are what the caller wrote, so a name is kept as a name, and whoever reads it sees what he may see anyway.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from lakeward import access
from lakeward.kit.errors import InvalidParameter
from lakeward.registry.records import ModelVersion
from lakeward.registry.store import inputs as store
from lakeward.runtime.db import Tx

HEADER: Final = "x-databricks-lineage-identifier"
TABLE: Final = "TABLE"
FUNCTION: Final = "FUNCTION"
_MOST: Final = 100
_LONGEST: Final = 800  # characters of a full name

# As mlflow's dialect calls kinds of dependencies; others stand in the model's files alone.
_KINDS: Final = {"DATABRICKS_TABLE": TABLE, "DATABRICKS_UC_FUNCTION": FUNCTION}

Input = tuple[str, str]  # kind, full name


class _Table(msgspec.Struct):
    name: str = ""


class _Securable(msgspec.Struct):
    table: _Table | None = None


class _Lineage(msgspec.Struct):
    source_securables: list[_Securable] = []


class _Said(msgspec.Struct):
    lineages: list[_Lineage] = []


class Dependency(msgspec.Struct):
    """In mlflow's dialect."""

    type: str = ""
    name: str = ""


class _NamedTable(msgspec.Struct):
    table_full_name: str = ""


class _NamedFunction(msgspec.Struct):
    function_full_name: str = ""


class NativeDependency(msgspec.Struct):
    table: _NamedTable | None = None
    function: _NamedFunction | None = None


class NativeDependencies(msgspec.Struct):
    dependencies: list[NativeDependency] = []


_said = msgspec.json.Decoder(_Said)


def of_header(written: str | None) -> Iterator[Input]:
    """The tables in it: base64 of JSON."""
    if not written:
        return
    try:
        said = _said.decode(base64.b64decode(written, validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise InvalidParameter(f"The header {HEADER} is not base64 of a JSON object about lineage.") from error
    for each in said.lineages:
        for securable in each.source_securables:
            if securable.table is not None:
                yield TABLE, securable.table.name


def of_dependencies(listed: Sequence[Dependency]) -> Iterator[Input]:
    for each in listed:
        if each.type in _KINDS:
            yield _KINDS[each.type], each.name


def of_native_dependencies(listed: NativeDependencies | None) -> Iterator[Input]:
    for each in listed.dependencies if listed is not None else ():
        if each.table is not None:
            yield TABLE, each.table.table_full_name
        if each.function is not None:
            yield FUNCTION, each.function.function_full_name


async def keep(tx: Tx, version: ModelVersion, *said: Iterator[Input]) -> None:
    """Needs a transaction. What is no full name is left out; most versions say nothing, and cost nothing."""
    named = dict.fromkeys(
        (kind, full)
        for inputs in said
        for kind, name in inputs
        if len(name) <= _LONGEST and "\0" not in name and (full := access.unity.levels_of(name, 3)) is not None
    )
    if not named:
        return
    kinds, names = zip(*list(named)[:_MOST], strict=True)
    await store.add(tx, version, kinds, names)
