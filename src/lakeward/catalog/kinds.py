"""Volumes, tables and functions as objects of access: what each privilege on them allows, and how they are found."""

from typing import Final

from lakeward import access
from lakeward.access import EDIT, MANAGE, READ, Formula, Kind, Level, Way
from lakeward.catalog.records import FUNCTION, TABLE, VOLUME
from lakeward.catalog.securable import unity
from lakeward.kit.errors import NotFound

BROWSE: Final = unity.BROWSE
TAG: Final = unity.TAG


def _kind(name: str, level: str, rights: dict[str, tuple[str, ...]]) -> Kind:
    """`rights`: the privileges of which one is enough, besides the use of what it lies in."""
    levels = (Level(level, "{o}.id::text"), *unity.IN_SCHEMA)
    every = sorted({privilege for privileges in rights.values() for privilege in privileges})
    formulas: dict[str, Formula] = {
        right: unity.under(levels, unity.USE_SCHEMA, *privileges) for right, privileges in rights.items()
    }
    formulas[BROWSE] = ((unity.held(levels, BROWSE),), *unity.under(levels, unity.USE_SCHEMA, *every))
    formulas[TAG] = unity.under(levels, unity.USE_SCHEMA, TAG)
    formulas[MANAGE] = ((unity.managed(levels), *unity.USE_SCHEMA),)
    return Kind(name, levels, formulas)


VOLUMES: Final = _kind(
    VOLUME, VOLUME, {"READ_VOLUME": ("READ_VOLUME", "WRITE_VOLUME"), "WRITE_VOLUME": ("WRITE_VOLUME",)}
)
TABLES: Final = _kind(TABLE, TABLE, {"SELECT": ("SELECT", "MODIFY"), "MODIFY": ("MODIFY",)})
# compat(databricks-sdk 0.156): the type FUNCTION is registered models too, so their grants are kept in one way
FUNCTIONS: Final = _kind("registered_model", "registered_model", {"EXECUTE": ("EXECUTE",)})


def _unknown(kind: str, name: str) -> NotFound:
    return NotFound(f"{kind.capitalize()} {name!r} does not exist.")


def _by_name(kind: Kind, stored: str) -> Way:
    return Way(
        kind,
        stored,
        "SELECT o.id, o.workspace_id, o.catalog_name, o.schema_name FROM asset o"
        f" WHERE o.workspace_id = $2 AND o.kind = '{stored}'"
        " AND o.catalog_name = lower(split_part(n.name, '.', 1) COLLATE \"C\")"
        " AND o.schema_name = lower(split_part(n.name, '.', 2) COLLATE \"C\")"
        " AND o.name = lower(split_part(n.name, '.', 3) COLLATE \"C\")",
        lambda name: _unknown(stored, name),
        lambda name: unity.levels_of(name, 3),
        catalog=unity.catalog_of,
    )


def is_function(workspace: str, full_name: str) -> str:
    """Whether a function is called so, as a condition. Both are SQL, and the name is of three levels or more."""
    catalog, schema = (f"split_part({full_name}, '.', {level})" for level in (1, 2))
    leaf = f"substr({full_name}, length({catalog}) + length({schema}) + 3)"
    levels = zip(("catalog_name", "schema_name", "name"), (catalog, schema, leaf), strict=True)
    same = " AND ".join(f'f.{column} = lower({level} COLLATE "C")' for column, level in levels)
    return f"EXISTS (SELECT FROM asset f WHERE f.workspace_id = {workspace} AND f.kind = '{FUNCTION}' AND {same})"


BY_VOLUME: Final = _by_name(VOLUMES, VOLUME)
BY_TABLE: Final = _by_name(TABLES, TABLE)
BY_FUNCTION: Final = _by_name(FUNCTIONS, FUNCTION)
# Who reads or writes the files of a volume: the Files API asks for READ and EDIT.
BY_VOLUME_FILES: Final = Way(
    VOLUMES,
    VOLUME,
    BY_VOLUME.rows,
    BY_VOLUME.unknown,
    BY_VOLUME.parse,
    means={READ: "READ_VOLUME", EDIT: "WRITE_VOLUME"},
    catalog=unity.catalog_of,
)


def _by_id(kind: Kind, stored: str) -> Way:
    return Way(
        kind,
        stored,
        "SELECT o.id, o.workspace_id, o.catalog_name, o.schema_name FROM asset o"
        f" WHERE o.workspace_id = $2 AND o.kind = '{stored}' AND o.id::text = n.name",
        lambda name: NotFound(f"There is no {stored} with the id {name[:50]!r}."),
        located=f"SELECT workspace_id, catalog_name FROM asset WHERE kind = '{stored}' AND id::text = $1",
    )


BY_TABLE_ID: Final = _by_id(TABLES, TABLE)
BY_VOLUME_ID: Final = _by_id(VOLUMES, VOLUME)
WAYS: Final = {VOLUME: BY_VOLUME, TABLE: BY_TABLE, FUNCTION: BY_FUNCTION}

of_volume = access.named(BY_VOLUME)
of_table = access.named(BY_TABLE)
of_function = access.named(BY_FUNCTION)
of_table_id = access.named(BY_TABLE_ID)
of_volume_id = access.named(BY_VOLUME_ID)

access.add_securable(
    unity.Securable("VOLUME", (VOLUME,), BY_VOLUME, (unity.ALL, TAG, BROWSE, MANAGE, "READ_VOLUME", "WRITE_VOLUME"))
)
access.add_securable(unity.Securable("TABLE", (TABLE,), BY_TABLE, (unity.ALL, TAG, BROWSE, MANAGE, "MODIFY", "SELECT")))
