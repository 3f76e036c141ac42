"""Unity Catalog locations as names: paths, and the tables that would hold what is sent there."""

import re
from typing import Final

import msgspec

from lakeward.kit.errors import InvalidParameter

# The tables of a schema as a whole, and those of a prefix.
_SCHEMA_TABLES: Final = {"spans": "mlflow_experiment_trace_otel_spans", "logs": "mlflow_experiment_trace_otel_logs"}
_PREFIX_TABLES: Final = {
    "spans": "_otel_spans", "logs": "_otel_logs", "metrics": "_otel_metrics", "annotations": "_otel_annotations",
}  # fmt: skip
_NAME: Final = re.compile(r"[^\s./\x00-\x1f\x7f]{1,255}")


class Location(msgspec.Struct, frozen=True):
    """A location that is known here. `experiment_id`: the experiment that it is linked to."""

    id: int
    path: str
    experiment_id: int | None

    @property
    def names(self) -> list[str]:
        """Catalog, schema and perhaps prefix."""
        return self.path.split(".")

    def tables(self) -> dict[str, str]:
        """The full names of its tables by what is in them."""
        catalog, schema, *prefix = self.names
        if prefix:
            return {kind: f"{self.path}{suffix}" for kind, suffix in _PREFIX_TABLES.items()}
        return {kind: f"{catalog}.{schema}.{name}" for kind, name in _SCHEMA_TABLES.items()}


def path_of(*names: str) -> str:
    """Raises InvalidParameter."""
    for each in names:
        if not _NAME.fullmatch(each):
            raise InvalidParameter(
                f"{each[:50]!r} is no name of a catalog, a schema or a prefix: 1 to 255 characters without dot, slash"
                " and space."
            )
    return ".".join(names)


def parse_path(text: str) -> str:
    names = text.split(".")
    if not 2 <= len(names) <= 3:
        raise InvalidParameter(f"{text[:80]!r} is no trace location: catalog.schema or catalog.schema.prefix.")
    return path_of(*names)


def path_of_spans(table: str) -> str:
    """The location whose spans this table would hold. Raises InvalidParameter."""
    catalog, _, rest = table.partition(".")
    schema, _, name = rest.partition(".")
    if name == _SCHEMA_TABLES["spans"]:
        return path_of(catalog, schema)
    if name.endswith(_PREFIX_TABLES["spans"]):
        return path_of(catalog, schema, name.removesuffix(_PREFIX_TABLES["spans"]))
    raise InvalidParameter(f"{table[:120]!r} is no table of spans of a trace location.")
