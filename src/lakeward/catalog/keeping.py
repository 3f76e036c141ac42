"""Tables that the server itself keeps: filled by other packages, read by everybody who may, and changed by nobody else.

Such a table belongs to an experiment. To read it takes rights on that as well, and it goes when the experiment goes for
good; until then it cannot be deleted, nor what it stands in.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from lakeward import access
from lakeward.catalog.records import MANAGED, SYSTEM, TABLE, Asset
from lakeward.catalog.store import assets as store
from lakeward.catalog.store import kept
from lakeward.experiments import EXPERIMENT
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.runtime.db import Tx

_AUDIT: Final = (SYSTEM, "access", "audit")  # the server's own, which a migration makes


async def prefix_of_audit(tx: Tx) -> str:
    """Of the files of `system.access.audit`."""
    found = await store.find(tx, access.EVERYWHERE, TABLE, *_AUDIT)
    assert found is not None
    return found.prefix


class Column(NamedTuple):
    """As a Unity Catalog client sees it: `timestamp`, TIMESTAMP."""

    name: str
    type_text: str
    type_name: str


async def keep_table(
    tx: Tx, workspace: int, schema: str, name: str, columns: Sequence[Column], comment: str, experiment_id: int
) -> str:
    """Make a table, if it is not there, and its schema. Returns the prefix of its files. Needs a transaction."""
    catalog_name, _, schema_name = schema.partition(".")
    await kept.stand_in(tx, workspace, catalog_name, schema_name)
    detail = {
        "table_type": MANAGED,
        "data_source_format": "DELTA",
        "columns": [
            {"name": each.name, "type_text": each.type_text, "type_name": each.type_name, "position": at}
            for at, each in enumerate(columns)
        ],
    }
    made = store.NewAsset(
        catalog_name, schema_name, TABLE, name, comment, "{}", msgspec.json.encode(detail).decode(), "", now_ms(), ""
    )
    new = await store.add(tx, workspace, made)
    found = await store.find(tx, workspace, TABLE, catalog_name, schema_name, name)
    assert found is not None
    if new is None and await kept.experiment_of(tx, found.id) != experiment_id:
        raise AlreadyExists(
            f"Somebody else has a table {found.full_name}. Delete it, so that the traces of the experiment"
            f" {experiment_id} can be kept there."
        )
    await kept.bind(tx, found.id, experiment_id)
    return found.prefix


async def check_free(tx: Tx, asset: Asset) -> None:
    """Refuse what is the server's own to change."""
    if (experiment := await kept.experiment_of(tx, asset.id)) is not None:
        raise InvalidParameter(
            f"The table {asset.full_name} is kept by the server: it holds traces of the experiment {experiment}, and"
            " goes when that is deleted for good."
        )


async def check_schema_free(tx: Tx, workspace: int, catalog: str, schema: str) -> None:
    if name := await kept.any_in(tx, workspace, catalog, schema):
        raise InvalidParameter(
            f"The schema {catalog}.{schema} holds {name}, which the server keeps: it goes when its experiment is"
            " deleted for good."
        )


_ROWS: Final = (
    "SELECT o.id, o.workspace_id FROM asset a JOIN experiment o ON o.id = a.of_experiment"
    f" WHERE a.workspace_id = $2 AND a.kind = '{TABLE}' AND NOT o.purging"
)


def _unknown(name: str) -> NotFound:
    return NotFound(f"There is no table {name[:120]!r} of an experiment.")


# The experiment that a table is of; tables of none are left to the catalog's own rights.
BY_TABLE: Final = access.Way(
    EXPERIMENT,
    "table's experiment",
    f"{_ROWS} AND (a.catalog_name || '.' || a.schema_name || '.' || a.name) = lower(n.name COLLATE \"C\")",
    _unknown,
)
BY_TABLE_ID: Final = access.Way(EXPERIMENT, "table's experiment", f"{_ROWS} AND a.id::text = n.name", _unknown)


def of_kept_table(*fields: str) -> access.Named:
    return access.named(BY_TABLE)(*fields).needs(access.READ).if_there()


def of_kept_table_id(*fields: str) -> access.Named:
    return access.named(BY_TABLE_ID)(*fields).needs(access.READ).if_there()
