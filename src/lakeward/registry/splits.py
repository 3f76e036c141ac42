"""A/B tests of prompts: an alias that leads to several versions, each key always to the same one.

Upstream an alias leads to one version; this is Lakeward's own. Clients need not know: whoever loads `name@alias` gets
an arm. The key is what the caller gives, in a header or behind the alias (`name@alias--key`), and else the caller's
name. Setting the alias as clients do ends the split.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.registry import names, unity, versions
from lakeward.registry.records import LATEST, RegisteredModelId
from lakeward.registry.store import models as models_store
from lakeward.registry.store import splits as store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx

KEY_HEADER: Final = "x-lakeward-key"  # of a request: whose arm is asked for
MAX_ARMS: Final = 20
MAX_WEIGHT: Final = 1e9

Arms = Sequence[tuple[int, float]]


class Split(msgspec.Struct, frozen=True):
    name: str
    alias: str
    arms: list[tuple[int, float]]


async def put(tx: Tx, workspace: int, name: str, alias: str, arms: Arms) -> Split:
    spelled, model_id = await _prompt(tx, workspace, name)
    names.check_new_alias(alias)
    if not 1 < len(arms) <= MAX_ARMS or len({version for version, _ in arms}) < len(arms):
        raise InvalidParameter(f"A split has 2 to {MAX_ARMS} arms, each with a version of its own.")
    for version, weight in arms:
        if not 0 < version < 2**31:
            raise versions.unknown(name, version)
        if not (math.isfinite(weight) and 0 < weight <= MAX_WEIGHT):
            raise InvalidParameter(f"The weight of version {version} must be a number above 0 and at most 10^9.")
    gone = await store.missing(tx, model_id, [version for version, _ in arms])
    if gone is not None:
        raise versions.unknown(name, gone)
    main = max(arms, key=lambda arm: (arm[1], -arm[0]))[0]
    said = ", ".join(f"{version}: {weight:g}" for version, weight in sorted(arms))
    await store.replace(tx, model_id, alias, sorted(arms), main, said=said, actor=acting())
    return Split(spelled, alias, sorted(arms))


async def get(tx: Tx, workspace: int, name: str, alias: str) -> Split:
    """NotFound if the alias leads to one version alone, or nowhere."""
    spelled, model_id = await _prompt(tx, workspace, name)
    arms = await store.find(tx, model_id, names.check_alias(alias))
    if not arms:
        raise NotFound(f"The alias '{alias}' of {name} is not split.")
    return Split(spelled, alias, arms)


async def end(tx: Tx, workspace: int, name: str, alias: str) -> None:
    """The alias stays with the version of the greatest weight."""
    _, model_id = await _prompt(tx, workspace, name)
    if not await store.has_alias(tx, model_id, names.check_alias(alias)):
        raise NotFound(f"{name} has no alias '{alias}'.")
    await store.end(tx, model_id, alias)


async def resolve(tx: Tx, workspace: int, name: str, alias: str, key: str) -> tuple[str, int]:
    """The prompt's name as it is written, and the version that this key gets."""
    spelled, _ = await _prompt(tx, workspace, name)
    if alias.lower() == LATEST:
        raise InvalidParameter("'latest' is no alias that can be split.")
    return spelled, (await versions.get_by_alias(tx, workspace, spelled, alias, key=key)).version


async def _prompt(tx: Tx, workspace: int, name: str) -> tuple[str, RegisteredModelId]:
    """The name as it is written and the id, whichever client wrote `name`."""
    full = await unity.full_name_of(tx, workspace, name)
    found = full and await models_store.find_kind(tx, workspace, full)
    written = full and await models_store.find_written(tx, workspace, full)
    if not found or not written or not found[1]:
        raise NotFound(f"Prompt with name={name} not found")
    return written[0], found[0]
