"""Search over traces: clauses and orders become SQL where a row of `trace` decides, and looks at spans where they do.

Newest first, the order of every list, a search walks: along the index by time, a stretch at a time, or along the
candidates that signatures name. It stops at the end of the page, so what is common costs a look at some hundred traces;
what is rare is found by index or signature. Any other order collects first.
"""

from collections.abc import Sequence
from typing import Final

from lakeward import experiments
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.kit.filters import Op
from lakeward.runtime.db import Tx
from lakeward.tracing.search.question import MAX_EXPERIMENTS, Question
from lakeward.tracing.search.walk import collected, walked

__all__ = ["MAX_COLLECTED", "active", "matching", "page"]

MAX_COLLECTED: Final = 100_000


async def active(tx: Tx, workspace: int, experiment_ids: Sequence[str]) -> list[int]:
    """Those of these experiments that are here and not in the trash."""
    if not experiment_ids:
        raise InvalidParameter("At least one experiment must be given: `locations` is empty.")
    if len(experiment_ids) > MAX_EXPERIMENTS:
        raise InvalidParameter(f"At most {MAX_EXPERIMENTS} experiments per search; these are {len(experiment_ids)}.")
    numbers = []
    for each in experiment_ids:
        try:
            numbers.append(experiments.parse_id(each))
        except NotFound:
            continue
    rows = await tx.fetch(
        "SELECT id FROM experiment WHERE id = ANY($1::bigint[]) AND workspace_id = $2 AND deleted_at IS NULL"
        " AND NOT purging ORDER BY id",
        numbers, workspace,
    )  # fmt: skip
    return [row[0] for row in rows]


async def page(
    tx: Tx,
    workspace: int,
    experiment_ids: Sequence[str],
    filter_text: str | None,
    order_by: Sequence[str],
    max_results: int | None,
    page_token: str | None,
    *,
    locations: Sequence[str] = (),
) -> tuple[list[int], str | None]:
    """The trace seqs of a page, and the token of the next. A page may be short, or empty, and still have a next one.

    `locations`: only traces that were sent to one of these Unity Catalog locations.
    """
    here = await active(tx, workspace, experiment_ids)
    question = Question.asked(workspace, here, filter_text, order_by, max_results, page_token, locations)
    if not here:
        return [], None
    await _check_patterns(tx, question)
    found, beyond = (
        await walked(tx, question) if question.newest_first else await collected(tx, question, MAX_COLLECTED)
    )
    return found, None if beyond is None else question.token(beyond)


async def _check_patterns(tx: Tx, question: Question) -> None:
    """A pattern that is none is refused, whatever there is to compare with it."""
    patterns = [each.value for each in question.clauses if each.op is Op.RLIKE]
    patterns += [each.value for each in question.spans if each.op is Op.RLIKE]
    for pattern in patterns:
        await tx.fetchval("SELECT '' ~ $1::text", pattern)


async def matching(tx: Tx, workspace: int, experiment_ids: Sequence[str], filter_text: str | None) -> list[int]:
    """All traces a filter is true for, in no order; InvalidParameter if they are too many."""
    here = await active(tx, workspace, experiment_ids)
    question = Question.asked(workspace, here, filter_text, (), None, None)
    found: list[int] = []
    while here:
        more, beyond = await walked(tx, question, limit=MAX_COLLECTED)
        found += more
        if beyond is None:
            break
        if len(found) > MAX_COLLECTED:
            raise InvalidParameter(f"More than {MAX_COLLECTED:,} traces match; narrow the filter, by timestamp_ms say.")
        question = question.after(beyond)
    return found
