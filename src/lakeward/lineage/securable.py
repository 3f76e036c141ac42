"""Who may see lineage: whoever may read the object that is asked about sees its links to what he may read too.

To declare a relationship takes MODIFY on external metadata, and reading what else it names.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lakeward import catalog, experiments, logged_models, registry, tracing, tracking
from lakeward.access import EDIT, READ, Found, Gate, Way
from lakeward.lineage import metadata
from lakeward.lineage.records import End, Kind, Link, Related
from lakeward.runtime.http import Actor

_BY_ID: Final = {
    Kind.RUN: tracking.BY_RUN,
    Kind.LOGGED_MODEL: logged_models.BY_LOGGED_MODEL,
    Kind.TRACE: tracing.BY_TRACE,
}
# Rights are others for what the catalog holds.
_BY_NAME: Final = {
    Kind.TABLE: dataclasses.replace(catalog.BY_TABLE, means={READ: catalog.BROWSE, EDIT: "SELECT"}),
    Kind.FUNCTION: dataclasses.replace(catalog.BY_FUNCTION, means={READ: catalog.BROWSE}),
    Kind.EXTERNAL_METADATA: dataclasses.replace(metadata.BY_NAME, means={READ: catalog.BROWSE, EDIT: metadata.MODIFY}),
    Kind.MODEL_VERSION: dataclasses.replace(registry.BY_ANY_NAME, means={EDIT: READ}),
    Kind.PROMPT_VERSION: registry.BY_ANY_NAME,
}


def _anchor(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    """A data set belongs to the experiments whose runs read it: of them those are shown that may be seen."""
    kind = Kind(request.kind)
    if kind in _BY_ID:
        yield _BY_ID[kind], request.id
    elif kind in _BY_NAME:
        yield _BY_NAME[kind], request.name


def _ends(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    """A path is nobody's: of it those relationships are shown whose other end may be seen."""
    for kind, name, _ in request.named():
        if kind in _BY_NAME:
            yield _BY_NAME[kind], name


ANCHOR: Final = Found(_anchor, "the object", READ)
ENDS: Final = Found(_ends, "its ends")


async def visible(gate: Gate, actor: Actor, workspace: int, links: Sequence[Link]) -> list[Link]:
    """Those of these links that lead to what the caller may read, or to what is gone."""
    held = {str(each.node.experiment_id) for each in links if each.node.experiment_id is not None}
    in_experiments = await gate.verdicts(actor, workspace, experiments.BY_ID, sorted(held), READ)
    hidden = await _hidden(gate, actor, workspace, [(each.node.kind, each.node.name) for each in links])
    return [
        each
        for each in links
        if (each.node.kind, each.node.name) not in hidden
        and (each.node.experiment_id is None or in_experiments[str(each.node.experiment_id)])
    ]


async def seen(gate: Gate, actor: Actor, workspace: int, found: Sequence[Related]) -> list[Related]:
    """Those of these relationships whose other end the caller may see."""
    others: list[End] = [each.other for each in found]
    hidden = await _hidden(gate, actor, workspace, [(each.kind, each.name) for each in others])
    return [each for each in found if (each.other.kind, each.other.name) not in hidden]


async def _hidden(gate: Gate, actor: Actor, workspace: int, named: Sequence[tuple[Kind, str]]) -> set[tuple[Kind, str]]:
    """Those of these that are there, and not to be seen."""
    hidden: set[tuple[Kind, str]] = set()
    for kind, way in _BY_NAME.items():
        names = sorted({name for each, name in named if each is kind})
        if names:
            verdicts = await gate.verdicts(actor, workspace, way, names, READ)
            hidden |= {(kind, name) for name in names if verdicts[name] is False}
    return hidden
