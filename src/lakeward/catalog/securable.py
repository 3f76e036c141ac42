"""Catalogs and schemas as objects of access. What says where they are found stands in `access.unity`."""

import dataclasses
from typing import Any, Final

from lakeward import access
from lakeward.access import MANAGE, Found, Kind
from lakeward.kit.errors import NotFound
from lakeward.runtime.db import Tx

unity = access.unity
CATALOG: Final = unity.CATALOG
SCHEMA: Final = unity.SCHEMA

of_catalog = access.named(unity.BY_CATALOG)
of_schema = access.named(unity.BY_SCHEMA)
# By whoever manages it at home, wherever it is bound: else nobody could bind it again.
of_catalog_at_home = access.named(
    dataclasses.replace(
        unity.BY_CATALOG,
        catalog=None,
        unknown=lambda name: NotFound(
            f"This workspace has no catalog {name!r}; one that is at home elsewhere is changed there.",
            code="CATALOG_DOES_NOT_EXIST",
        ),
    )
)


def in_metastore(right: access.Right) -> Found:
    return Found(lambda _call, _request: [(unity.BY_METASTORE, "metastore")], "the metastore", right)


def browsing_catalogs(request: Any) -> str:
    return unity.BROWSE if request.include_browse else "USE_CATALOG"


def browsing_schemas(request: Any) -> str:
    return unity.BROWSE if request.include_browse else "USE_SCHEMA"


async def transfer(tx: Tx, kind: Kind, workspace: int, name: str, owner: str) -> None:
    """Give an object to another owner; `name` is how grants call it. Needs a transaction."""
    principal = (await access.find_principals(tx, [owner], workspace)).get(owner)
    if principal is None:
        raise NotFound(f"There is no principal {owner!r} in this workspace.", code="PRINCIPAL_DOES_NOT_EXIST")
    await access.transfer(tx, kind, workspace, name, principal.id)


__all__ = [
    "CATALOG",
    "MANAGE",
    "SCHEMA",
    "browsing_catalogs",
    "browsing_schemas",
    "in_metastore",
    "of_catalog",
    "of_catalog_at_home",
    "of_schema",
    "transfer",
    "unity",
]
