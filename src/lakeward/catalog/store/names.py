"""Statements that find catalogs, and what stands in them, by a part of the name. Each is bounded by the workspace."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from lakeward.access import Sight
from lakeward.catalog.records import NamedEntry
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters

# What access calls the columns of a row.
_CATALOGS = "(SELECT workspace_id, name, name AS catalog_name, comment FROM catalog) o"
_SCHEMAS = "(SELECT workspace_id, name, catalog_name, name AS schema_name, comment FROM catalog_schema) o"


class Place(NamedTuple):
    """Where to look: a workspace, what the caller sees there (None: all), and the catalogs meant (None: all)."""

    workspace: int
    sight: Sight | None
    catalogs: Sequence[str] | None = None


def _pattern(words: str) -> str:
    return "%" + re.sub(r"([\\%_])", r"\\\1", words) + "%"


async def catalogs(tx: Tx, place: Place, words: str, limit: int) -> list[NamedEntry]:
    parameters = Parameters()
    where = _where(parameters, place, words)
    rows = await tx.fetch(
        f"SELECT o.name, o.comment FROM {_CATALOGS} WHERE {where} ORDER BY o.name LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [NamedEntry("catalog", *row) for row in rows]


async def schemas(tx: Tx, place: Place, words: str, limit: int) -> list[NamedEntry]:
    parameters = Parameters()
    where = _where(parameters, place, words)
    rows = await tx.fetch(
        f"SELECT o.catalog_name || '.' || o.name, o.comment FROM {_SCHEMAS} WHERE {where}"
        f" ORDER BY o.catalog_name, o.name LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [NamedEntry("schema", *row) for row in rows]


async def assets(tx: Tx, place: Place, kind: str, words: str, limit: int) -> list[NamedEntry]:
    parameters = Parameters()
    where = f"{_where(parameters, place, words)} AND o.kind = {parameters.add(kind)}"
    rows = await tx.fetch(
        f"SELECT o.catalog_name || '.' || o.schema_name || '.' || o.name, o.comment FROM asset o WHERE {where}"
        f" ORDER BY o.catalog_name, o.schema_name, o.name LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [NamedEntry(kind, *row) for row in rows]


def _where(parameters: Parameters, place: Place, words: str) -> str:
    parts = [f"o.workspace_id = {parameters.add(place.workspace)}", f"o.name ILIKE {parameters.add(_pattern(words))}"]
    if place.catalogs is not None:
        parts.append(f"lower(o.catalog_name) = ANY ({parameters.add(list(place.catalogs))}::text[])")
    if place.sight is not None:
        parts.append(place.sight.condition(parameters, "o"))
    return " AND ".join(parts)
