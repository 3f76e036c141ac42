"""Files of volumes: `/Volumes/catalog/schema/volume/…` in the Files API."""

from collections.abc import Mapping
from typing import Final

from lakeward import artifacts
from lakeward.access import Way
from lakeward.artifacts import Access, Root
from lakeward.catalog import assets
from lakeward.catalog.kinds import BY_VOLUME_FILES
from lakeward.catalog.records import VOLUME
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx


def _full_name(names: Mapping[str, str]) -> str:
    return f"{names['catalog']}.{names['schema']}.{names['volume']}"


async def _locate(tx: Tx, workspace: int, names: Mapping[str, str], access: Access) -> str:  # noqa: ARG001 - all alike
    found = await assets.get(tx, workspace, VOLUME, _full_name(names))
    if found.storage_location:
        raise InvalidParameter(
            f"The volume {found.full_name} is external: its files are at {found.storage_location}, and not served here."
        )
    return found.prefix


def _owner(names: Mapping[str, str]) -> tuple[Way, str]:
    return BY_VOLUME_FILES, _full_name(names)


ROOT: Final = Root(
    "volumes", ("Volumes", "{catalog}", "{schema}", "{volume}"), None, _locate, lasting=False, owner=_owner
)
artifacts.add_root(ROOT)
