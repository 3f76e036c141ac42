"""Where each route has its place: one module per noun, and this table of all of them.

A new route goes into the module of its noun:

- `BY_ID`: its request names an object of the world; who may not hears 403 or 404.
- `LISTS`: it answers with what its caller may see, which may be nothing.
- `WITHOUT_OBJECT`: it makes something new, or names nothing that belongs to anybody.
- `MASTER`, `STAGER`: besides, it takes more than the level that the role of its rule amounts to.
- `AUTHOR`: besides, it is for who made what it names; who may only read the model may not.

A module that makes something new besides adds it to the world in `worlds.py`.
"""

from types import ModuleType

from isolation import (
    addresses,
    artifacts,
    catalogs,
    experiments,
    lineage,
    logged_models,
    permissions,
    principals,
    registered_models,
    runs,
    secrets,
    server,
    tokens,
    traces,
    webhooks,
    workspaces,
)
from isolation.rows import FILE, SECRET, Keys, Request, Rows, World

__all__ = [
    "AUTHOR", "BY_ID", "FILE", "LISTS", "MASTER", "SECRET", "STAGER", "TABLE", "WITHOUT_OBJECT",
    "Keys", "Request", "Rows", "World",
]  # fmt: skip

NOUNS: tuple[ModuleType, ...] = (
    experiments, runs, logged_models, registered_models, catalogs, lineage, webhooks, traces, artifacts, principals,
    tokens, permissions, secrets, addresses, workspaces, server,
)  # fmt: skip


def _rows(name: str) -> Rows:
    found = [(key, row) for noun in NOUNS for key, row in getattr(noun, name, {}).items()]
    together = dict(found)
    assert len(together) == len(found), "a route has two places"
    return together


def _keys(name: str) -> Keys:
    return {key for noun in NOUNS for key in getattr(noun, name, ())}


BY_ID, LISTS = _rows("BY_ID"), _rows("LISTS")
WITHOUT_OBJECT, MASTER, STAGER, AUTHOR = map(_keys, ("WITHOUT_OBJECT", "MASTER", "STAGER", "AUTHOR"))
TABLE = BY_ID | LISTS
assert len(TABLE) == len(BY_ID) + len(LISTS), "a route has two places"
