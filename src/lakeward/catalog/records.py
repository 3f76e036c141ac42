"""The vocabulary of catalogs. Times are epoch milliseconds; enum values are spelled as on the wire."""

import uuid
from typing import Final

import msgspec

MAIN: Final = "main"
SYSTEM: Final = "system"  # the server's own, which all workspaces see
DEFAULT: Final = "default"  # the schema where things stand that name none

OPEN: Final = "OPEN"
ISOLATED: Final = "ISOLATED"
READ_WRITE: Final = "BINDING_TYPE_READ_WRITE"
READ_ONLY: Final = "BINDING_TYPE_READ_ONLY"

MAX_COMMENT: Final = 65_535
MAX_PROPERTIES: Final = 200
MAX_PROPERTY: Final = 4_000
MAX_PAGE: Final = 1_000


class Catalog(msgspec.Struct, frozen=True):
    """`workspace_id` is its home. `properties` and `options` are the JSON objects an answer carries."""

    id: uuid.UUID
    workspace_id: int
    name: str
    comment: str
    properties: str
    options: str
    storage_root: str
    isolation_mode: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    owner: str


class Schema(msgspec.Struct, frozen=True):
    id: uuid.UUID
    workspace_id: int
    catalog_name: str
    name: str
    comment: str
    properties: str
    storage_root: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    owner: str

    @property
    def full_name(self) -> str:
        return f"{self.catalog_name}.{self.name}"


class Metastore(msgspec.Struct, frozen=True):
    id: uuid.UUID
    name: str
    created_at: int


class WorkspaceBinding(msgspec.Struct, frozen=True):
    workspace_id: int
    binding_type: str


# ── what stands in schemas ───────────────────────────────────────────────────────────────────────────────────────────

VOLUME: Final = "volume"
TABLE: Final = "table"
FUNCTION: Final = "function"

MANAGED: Final = "MANAGED"
EXTERNAL: Final = "EXTERNAL"

MAX_LOCATION: Final = 2_000
MAX_DETAIL: Final = 1_000_000  # characters of JSON: columns, or the body of a function


class Asset(msgspec.Struct, frozen=True):
    """A volume, table or function. `detail` is the JSON object of what only its kind has, as on the wire.

    `storage_location` is where the files of an external one are; the server keeps those of a managed one.
    """

    id: uuid.UUID
    workspace_id: int
    catalog_name: str
    schema_name: str
    kind: str
    name: str
    comment: str
    properties: str
    detail: str
    storage_location: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    owner: str

    @property
    def full_name(self) -> str:
        return f"{self.catalog_name}.{self.schema_name}.{self.name}"

    @property
    def prefix(self) -> str:
        """Of the objects of a managed one: by its id, so that it may be renamed."""
        return f"{self.kind}s/{self.workspace_id}/{self.id.hex}"


class Staging(msgspec.Struct, frozen=True):
    """A place for the files of a managed table that is yet to be registered; `id` will be the table's."""

    id: uuid.UUID
    workspace_id: int
    catalog_name: str
    schema_name: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.catalog_name}.{self.schema_name}.{self.name}"

    @property
    def prefix(self) -> str:
        return f"{TABLE}s/{self.workspace_id}/{self.id.hex}"


class NamedEntry(msgspec.Struct, frozen=True):
    """What a search by name finds. `kind` is catalog, schema, or an asset's."""

    kind: str
    full_name: str
    comment: str


class Tag(msgspec.Struct, frozen=True):
    key: str
    value: str
    updated_at: int
    updated_by: str


class TagPolicy(msgspec.Struct, frozen=True):
    """Which values a governed key may have; without any, every value."""

    id: uuid.UUID
    key: str
    description: str
    values: list[str]
    created_at: int
    updated_at: int


class Connection(msgspec.Struct, frozen=True):
    """How to reach a system elsewhere. `options` are public words as JSON; the others are sealed, and never shown."""

    id: uuid.UUID
    workspace_id: int
    name: str
    connection_type: str
    comment: str
    properties: str
    options: str
    sealed: bytes
    data_key_id: uuid.UUID
    read_only: bool
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    owner: str
