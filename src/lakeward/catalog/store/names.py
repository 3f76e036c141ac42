"""Statements that find catalogs, and what stands in them, by a part of the name. Each is bounded by the workspace."""

import re

from lakeward.access import Sight
from lakeward.catalog.records import NamedEntry
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters

# What access calls the columns of a row.
_CATALOGS = "(SELECT workspace_id, name, name AS catalog_name, comment FROM catalog) o"
_SCHEMAS = "(SELECT workspace_id, name, catalog_name, name AS schema_name, comment FROM catalog_schema) o"


def _pattern(words: str) -> str:
    return "%" + re.sub(r"([\\%_])", r"\\\1", words) + "%"


async def catalogs(tx: Tx, workspace: int, words: str, sight: Sight | None, limit: int) -> list[NamedEntry]:
    parameters = Parameters()
    where = _where(parameters, workspace, words, sight)
    rows = await tx.fetch(
        f"SELECT o.name, o.comment FROM {_CATALOGS} WHERE {where} ORDER BY o.name LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [NamedEntry("catalog", *row) for row in rows]


async def schemas(tx: Tx, workspace: int, words: str, sight: Sight | None, limit: int) -> list[NamedEntry]:
    parameters = Parameters()
    where = _where(parameters, workspace, words, sight)
    rows = await tx.fetch(
        f"SELECT o.catalog_name || '.' || o.name, o.comment FROM {_SCHEMAS} WHERE {where}"
        f" ORDER BY o.catalog_name, o.name LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [NamedEntry("schema", *row) for row in rows]


async def assets(tx: Tx, workspace: int, kind: str, words: str, sight: Sight | None, limit: int) -> list[NamedEntry]:
    parameters = Parameters()
    where = f"{_where(parameters, workspace, words, sight)} AND o.kind = {parameters.add(kind)}"
    rows = await tx.fetch(
        f"SELECT o.catalog_name || '.' || o.schema_name || '.' || o.name, o.comment FROM asset o WHERE {where}"
        f" ORDER BY o.catalog_name, o.schema_name, o.name LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [NamedEntry(kind, *row) for row in rows]


def _where(parameters: Parameters, workspace: int, words: str, sight: Sight | None) -> str:
    parts = [f"o.workspace_id = {parameters.add(workspace)}", f"o.name ILIKE {parameters.add(_pattern(words))}"]
    if sight is not None:
        parts.append(sight.condition(parameters, "o"))
    return " AND ".join(parts)
