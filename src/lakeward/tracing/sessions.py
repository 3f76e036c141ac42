"""Sessions: conversations, made of the traces that carry their id."""

from collections.abc import Sequence
from typing import Any

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx
from lakeward.tracing import search
from lakeward.tracing.search.question import Question
from lakeward.tracing.store import sessions as store


async def page(
    tx: Tx,
    workspace: int,
    experiment_ids: Sequence[str],
    filter_text: str | None,
    max_results: int | None,
    page_token: str | None,
) -> tuple[list[Any], str | None]:
    """Sessions with a trace that the filter names, the latest first, and the token of the next page."""
    active = await search.active(tx, workspace, experiment_ids)
    question = Question.asked(workspace, active, filter_text, (), max_results, None)
    if question.spans:
        raise InvalidParameter("Sessions are found by what is known of their traces, not by text or spans.")
    if not active:
        return [], None
    context = pages.context_of("sessions", workspace, sorted(active), filter_text or "")
    last = pages.decode(page_token, context) if page_token else None
    if last is not None and len(last) != 3:
        raise InvalidParameter("The page token is none of this search. Start again without a page token.")
    rows = await store.page(tx, question, last, question.limit + 1)
    if len(rows) <= question.limit:
        return rows, None
    row = rows[question.limit - 1]
    following = pages.encode([row["last_ms"], row["experiment_id"], row["session_id"]], context)
    return rows[: question.limit], following
