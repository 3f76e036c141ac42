"""An experiment's two tables, as the catalog shows them and as Delta has them."""

from typing import Any, Final

from lakeward import catalog, tracing
from lakeward.retention import store
from lakeward.retention.store import Tables
from lakeward.runtime.db import Tx

SCHEMA: Final = "main.trace_archive"


def names_of(experiment_id: int) -> tuple[str, str]:
    """The full names of the table of traces and of that of spans."""
    return f"{SCHEMA}.experiment_{experiment_id}_traces", f"{SCHEMA}.experiment_{experiment_id}_spans"


async def made(tx: Tx, workspace: int, experiment_id: int) -> Tables:
    """They are there from now on. Needs a transaction."""
    found = await store.tables(tx, experiment_id)
    if found is not None:
        return found
    prefixes = []
    for full_name, schema, noun in zip(
        names_of(experiment_id),
        (tracing.moving.trace_columns(), tracing.moving.span_columns()),
        ("Traces", "Spans"),
        strict=True,
    ):
        prefix = await catalog.keep_table(
            tx,
            workspace,
            SCHEMA,
            full_name.rpartition(".")[2],
            [catalog.Column(field.name, *_type(field.type)) for field in schema],
            f"{noun} of the experiment {experiment_id} that have left the database.",
            experiment_id,
        )
        prefixes.append(prefix)
    await store.add_tables(tx, experiment_id, *prefixes)
    return Tables(prefixes[0], prefixes[1], 0, 0)


_NAMES: Final = {
    "int64": "bigint", "string": "string", "binary": "binary", "bool": "boolean", "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamp",
}  # fmt: skip
_TYPES: Final = {"bigint": "LONG"}


def _type(given: Any) -> tuple[str, str]:
    """A pyarrow type as Unity Catalog writes it: (type_text, type_name)."""
    text = _text(given)
    plain = text.partition("<")[0]
    return text, _TYPES.get(plain, plain.upper())


def _text(given: Any) -> str:
    kind = str(given).partition("<")[0]
    if kind == "list":
        return f"array<{_text(given.value_type)}>"
    if kind == "map":
        return f"map<{_text(given.key_type)},{_text(given.item_type)}>"
    if kind == "struct":
        fields = (given.field(at) for at in range(given.num_fields))
        return f"struct<{','.join(f'{each.name}:{_text(each.type)}' for each in fields)}>"
    return _NAMES[str(given)]
