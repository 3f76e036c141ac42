"""Who may see lineage: whoever may read the object that is asked about sees its links to what he may read too."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from lakeward import experiments, logged_models, registry, tracing, tracking
from lakeward.access import READ, Found, Gate, Way
from lakeward.lineage.records import Kind, Link
from lakeward.runtime.http import Actor

_BY_ID: Final = {
    Kind.RUN: tracking.BY_RUN,
    Kind.LOGGED_MODEL: logged_models.BY_LOGGED_MODEL,
    Kind.TRACE: tracing.BY_TRACE,
}


def _anchor(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    """A data set belongs to the experiments whose runs read it: of them those are shown that may be seen."""
    kind = Kind(request.kind)
    if kind in _BY_ID:
        yield _BY_ID[kind], request.id
    elif kind is not Kind.DATASET:
        yield registry.BY_ANY_NAME, request.name


ANCHOR: Final = Found(_anchor, "the object", READ)


async def visible(gate: Gate, actor: Actor, workspace: int, links: Sequence[Link]) -> list[Link]:
    """Those of these links that lead to what the caller may read, or to what is gone."""
    held = {str(each.node.experiment_id) for each in links if each.node.experiment_id is not None}
    named = {each.node.name for each in links if each.node.kind in (Kind.MODEL_VERSION, Kind.PROMPT_VERSION)}
    in_experiments = await gate.verdicts(actor, workspace, experiments.BY_ID, sorted(held), READ)
    in_registry = await gate.verdicts(actor, workspace, registry.BY_ANY_NAME, sorted(named), READ)
    shown = []
    for each in links:
        node = each.node
        if node.kind in (Kind.MODEL_VERSION, Kind.PROMPT_VERSION):
            hidden = in_registry[node.name] is False
        else:
            hidden = node.experiment_id is not None and not in_experiments[str(node.experiment_id)]
        if not hidden:
            shown.append(each)
    return shown
