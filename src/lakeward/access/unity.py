"""Unity Catalog's securables and privileges: the metastore, catalogs, schemas, and what a feature adds below them.

A privilege counts on what it was given on and on all below it, present and future. On catalog and schema one also needs
USE_CATALOG and USE_SCHEMA. The owner of something, and who has MANAGE on it, has every right on it and below it, and
ALL_PRIVILEGES means every privilege but that. Catalogs and schemas are rows (`lakeward.catalog`), which are found here,
in one place for all who name them.
"""

import string
from dataclasses import dataclass
from typing import Final

from lakeward.access.records import MANAGE, OWN, Formula, Held, Kind, Level, Way
from lakeward.kit.errors import NotFound

BROWSE: Final = "BROWSE"
CREATE_MODEL: Final = "CREATE_MODEL"
TAG: Final = "APPLY_TAG"
# Rights that change nothing: what is left of a catalog where it is bound for reading only.
READING: Final = frozenset(
    {"READ", BROWSE, "USE_CATALOG", "USE_SCHEMA", "EXECUTE", "SELECT", "READ_VOLUME", "USE_CONNECTION"}
)
ALL: Final = "ALL_PRIVILEGES"

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

# What a row of something in a schema must have: catalog_name and schema_name.
_SCHEMA_NAME: Final = "lower({o}.catalog_name) || '.' || lower({o}.schema_name)"
IN_METASTORE: Final = (Level("metastore", "''"),)
IN_CATALOG: Final = (Level("catalog", "lower({o}.catalog_name)"), *IN_METASTORE)
IN_SCHEMA: Final = (Level("schema", _SCHEMA_NAME), *IN_CATALOG)

_METASTORE: Final = (
    "CREATE_CATALOG", "CREATE_CONNECTION", "CREATE_EXTERNAL_LOCATION", "CREATE_SERVICE_CREDENTIAL",
    "CREATE_STORAGE_CREDENTIAL", "CREATE_PROVIDER", "CREATE_RECIPIENT", "CREATE_SHARE", "CREATE_TAG_POLICY",
    "CREATE_EXTERNAL_METADATA", MANAGE,
)  # fmt: skip
_SCHEMA: Final = (
    ALL, TAG, BROWSE, "CREATE_FUNCTION", "CREATE_MATERIALIZED_VIEW", CREATE_MODEL, "CREATE_MODEL_VERSION",
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


def under(levels: tuple[Level, ...], uses: tuple[Held, ...], *privileges: str) -> Formula:
    """One of these privileges, and the use of what it lies in."""
    return ((held(levels, *privileges), *uses),)


METASTORE: Final = Kind(
    "metastore",
    IN_METASTORE,
    {
        BROWSE: ((held(IN_METASTORE, *_METASTORE),),),
        MANAGE: ((managed(IN_METASTORE),),),
        "CREATE_CATALOG": ((held(IN_METASTORE, "CREATE_CATALOG"),),),
        "CREATE_CONNECTION": ((held(IN_METASTORE, "CREATE_CONNECTION"),),),
        "CREATE_TAG_POLICY": ((held(IN_METASTORE, "CREATE_TAG_POLICY"),),),
        "CREATE_EXTERNAL_METADATA": ((held(IN_METASTORE, "CREATE_EXTERNAL_METADATA"),),),
    },
)
CATALOG: Final = Kind(
    "catalog",
    IN_CATALOG,
    {
        BROWSE: ((held(IN_CATALOG, BROWSE, "USE_CATALOG"),),),
        "USE_CATALOG": (USE_CATALOG,),
        "CREATE_SCHEMA": under(IN_CATALOG, USE_CATALOG, "CREATE_SCHEMA"),
        TAG: under(IN_CATALOG, USE_CATALOG, TAG),
        MANAGE: ((managed(IN_CATALOG),),),
    },
)
SCHEMA: Final = Kind(
    "schema",
    IN_SCHEMA,
    {
        BROWSE: ((held(IN_SCHEMA, BROWSE),), USE_SCHEMA),
        "USE_SCHEMA": (USE_SCHEMA,),
        CREATE_MODEL: under(IN_SCHEMA, USE_SCHEMA, CREATE_MODEL, "CREATE_FUNCTION"),
        "CREATE_FUNCTION": under(IN_SCHEMA, USE_SCHEMA, "CREATE_FUNCTION"),
        "CREATE_TABLE": under(IN_SCHEMA, USE_SCHEMA, "CREATE_TABLE"),
        "CREATE_VOLUME": under(IN_SCHEMA, USE_SCHEMA, "CREATE_VOLUME"),
        TAG: under(IN_SCHEMA, USE_SCHEMA, TAG),
        MANAGE: ((managed(IN_SCHEMA), *USE_CATALOG),),
    },
)


def levels_of(text: str, count: int) -> str | None:
    """A name of so many parts, with ASCII letters in lower case as the database folds them."""
    parts = text.split(".")
    return text.translate(_LOWER) if len(parts) == count and all(parts) else None


def catalog_of(name: str) -> str:
    """The catalog that a name, as its way takes it, begins with."""
    return name.partition(".")[0].translate(_LOWER)


BY_METASTORE: Final = Way(
    METASTORE,
    "metastore",
    "SELECT $2::bigint AS workspace_id",
    lambda name: NotFound(f"No metastore named {name!r}.", code="METASTORE_DOES_NOT_EXIST"),
)
BY_CATALOG: Final = Way(
    CATALOG,
    "catalog",
    "SELECT o.workspace_id, o.name AS catalog_name FROM catalog o"
    ' WHERE o.workspace_id = $2 AND o.name = n.name COLLATE "C"',
    lambda name: NotFound(f"Catalog {name!r} does not exist.", code="CATALOG_DOES_NOT_EXIST"),
    lambda name: levels_of(name, 1),
    catalog=catalog_of,
)
BY_SCHEMA: Final = Way(
    SCHEMA,
    "schema",
    "SELECT o.workspace_id, o.catalog_name, o.name AS schema_name FROM catalog_schema o WHERE o.workspace_id = $2"
    " AND o.catalog_name = split_part(n.name, '.', 1) COLLATE \"C\""
    " AND o.name = split_part(n.name, '.', 2) COLLATE \"C\"",
    lambda name: NotFound(f"Schema {name!r} does not exist.", code="SCHEMA_DOES_NOT_EXIST"),
    lambda name: levels_of(name, 2),
    catalog=catalog_of,
)

SECURABLES: Final = (
    Securable("METASTORE", ("metastore",), BY_METASTORE, _METASTORE),
    Securable("CATALOG", ("catalog",), BY_CATALOG, _CATALOG),
    Securable("SCHEMA", ("schema",), BY_SCHEMA, _SCHEMA),
)
