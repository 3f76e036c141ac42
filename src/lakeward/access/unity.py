"""Unity Catalog's securables and privileges: the metastore, catalogs, schemas, and what a feature adds below them.

A privilege counts on what it was given on and on all below it, present and future. On catalog and schema one also needs
USE_CATALOG and USE_SCHEMA. The owner of something, and who has MANAGE on it, has every right on it and below it, and
ALL_PRIVILEGES means every privilege but that. Catalogs and schemas exist by being named (docs/decisions/0004).
"""

import string
from dataclasses import dataclass
from typing import Final

from lakeward.access.records import MANAGE, OWN, Formula, Held, Kind, Level, Way
from lakeward.kit.errors import NotFound

BROWSE: Final = "BROWSE"
CREATE_MODEL: Final = "CREATE_MODEL"
ALL: Final = "ALL_PRIVILEGES"

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

# What a row of something in a schema must have: catalog_name and schema_name.
_SCHEMA_NAME: Final = "lower({o}.catalog_name) || '.' || lower({o}.schema_name)"
IN_METASTORE: Final = (Level("metastore", "''"),)
IN_CATALOG: Final = (Level("catalog", "lower({o}.catalog_name)"), *IN_METASTORE)
IN_SCHEMA: Final = (Level("schema", _SCHEMA_NAME), *IN_CATALOG)

_METASTORE: Final = (
    "CREATE_CATALOG", "CREATE_CONNECTION", "CREATE_EXTERNAL_LOCATION", "CREATE_SERVICE_CREDENTIAL",
    "CREATE_STORAGE_CREDENTIAL", "CREATE_PROVIDER", "CREATE_RECIPIENT", "CREATE_SHARE", MANAGE,
)  # fmt: skip
_SCHEMA: Final = (
    ALL, "APPLY_TAG", BROWSE, "CREATE_FUNCTION", "CREATE_MATERIALIZED_VIEW", CREATE_MODEL, "CREATE_MODEL_VERSION",
    "CREATE_TABLE", "CREATE_VIEW", "CREATE_VOLUME", "EXECUTE", "EXTERNAL_USE_SCHEMA", MANAGE, "MODIFY", "READ_VOLUME",
    "REFRESH", "SELECT", "USE_SCHEMA", "WRITE_VOLUME",
)  # fmt: skip
_CATALOG: Final = (*_SCHEMA, "CREATE_SCHEMA", "USE_CATALOG")


@dataclass(frozen=True, eq=False)
class Securable:
    """What the API of grants calls a kind: `type` in answers, any of `spellings` in paths, in any case."""

    type: str
    spellings: tuple[str, ...]
    way: Way
    privileges: tuple[str, ...]


def held(levels: tuple[Level, ...], *privileges: str) -> Held:
    """One of these privileges at one of the levels, or what implies them."""
    return {level.kind: (*privileges, ALL, MANAGE, OWN) for level in levels}


def managed(levels: tuple[Level, ...]) -> Held:
    return {level.kind: (MANAGE, OWN) for level in levels}


USE_CATALOG: Final = (held(IN_CATALOG, "USE_CATALOG"),)
USE_SCHEMA: Final = (*USE_CATALOG, held(IN_SCHEMA, "USE_SCHEMA"))


def _create(levels: tuple[Level, ...], uses: tuple[Held, ...], *privileges: str) -> Formula:
    return ((held(levels, *privileges), *uses),)


METASTORE: Final = Kind(
    "metastore",
    IN_METASTORE,
    {
        BROWSE: ((held(IN_METASTORE, *_METASTORE),),),
        MANAGE: ((managed(IN_METASTORE),),),
        "CREATE_CATALOG": ((held(IN_METASTORE, "CREATE_CATALOG"),),),
    },
)
CATALOG: Final = Kind(
    "catalog",
    IN_CATALOG,
    {
        BROWSE: ((held(IN_CATALOG, BROWSE, "USE_CATALOG"),),),
        "USE_CATALOG": (USE_CATALOG,),
        "CREATE_SCHEMA": _create(IN_CATALOG, USE_CATALOG, "CREATE_SCHEMA"),
        MANAGE: ((managed(IN_CATALOG),),),
    },
)
SCHEMA: Final = Kind(
    "schema",
    IN_SCHEMA,
    {
        BROWSE: ((held(IN_SCHEMA, BROWSE),), USE_SCHEMA),
        "USE_SCHEMA": (USE_SCHEMA,),
        CREATE_MODEL: _create(IN_SCHEMA, USE_SCHEMA, CREATE_MODEL, "CREATE_FUNCTION"),
        MANAGE: ((managed(IN_SCHEMA), *USE_CATALOG),),
    },
)


def _levels_of(text: str, count: int) -> str | None:
    """A name of so many parts, with ASCII letters in lower case as the database folds them."""
    parts = text.split(".")
    return text.translate(_LOWER) if len(parts) == count and all(parts) else None


BY_METASTORE: Final = Way(
    METASTORE,
    "metastore",
    "SELECT $2::bigint AS workspace_id",
    lambda name: NotFound(f"No metastore named {name!r}.", code="METASTORE_DOES_NOT_EXIST"),
)
BY_CATALOG: Final = Way(
    CATALOG,
    "catalog",
    'SELECT $2::bigint AS workspace_id, n.name COLLATE "C" AS catalog_name',
    lambda name: NotFound(f"{name!r} is no name of a catalog.", code="CATALOG_DOES_NOT_EXIST"),
    lambda name: _levels_of(name, 1),
)
BY_SCHEMA: Final = Way(
    SCHEMA,
    "schema",
    "SELECT $2::bigint AS workspace_id, split_part(n.name, '.', 1) COLLATE \"C\" AS catalog_name,"
    " split_part(n.name, '.', 2) COLLATE \"C\" AS schema_name",
    lambda name: NotFound(f"{name!r} is no name of a schema.", code="SCHEMA_DOES_NOT_EXIST"),
    lambda name: _levels_of(name, 2),
)

SECURABLES: Final = (
    Securable("METASTORE", ("metastore",), BY_METASTORE, _METASTORE),
    Securable("CATALOG", ("catalog",), BY_CATALOG, _CATALOG),
    Securable("SCHEMA", ("schema",), BY_SCHEMA, _SCHEMA),
)
