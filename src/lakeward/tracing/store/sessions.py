"""Statements about sessions: traces that carry the same session id."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters, after
from lakeward.tracing.records import USER_KEY
from lakeward.tracing.search.question import Question

_ORDER = [("g.last_ms", False), ("g.experiment_id", True), ("g.session_id", True)]


async def page(tx: Tx, question: Question, last: Sequence[Any] | None, most: int) -> list[Any]:
    """Sessions with a trace for which the filter is true, the one with the latest trace first; each as a whole."""
    parameters = Parameters()
    conditions = question.conditions(parameters, None)
    place = ""
    if last is not None:
        place = f" WHERE {after(_ORDER, last, parameters)}"
    user = parameters.add(USER_KEY)
    statement = await tx.prepare(
        "WITH named AS (SELECT DISTINCT t.experiment_id, t.session_id FROM trace t"
        f" WHERE t.session_id IS NOT NULL AND {conditions}), g AS ("
        " SELECT s.experiment_id, s.session_id, count(*) AS traces, min(s.start_ms) AS first_ms,"
        " max(s.start_ms) AS last_ms, count(*) FILTER (WHERE s.state = 'ERROR') AS errors,"
        " sum(s.total_tokens)::bigint AS tokens, sum(s.total_cost) AS cost,"
        f" max(s.metadata ->> {user}::text) AS person,"
        " (array_agg(s.request_preview ORDER BY s.start_ms, s.seq))[1] AS asked,"
        " (array_agg(s.response_preview ORDER BY s.start_ms DESC, s.seq DESC))[1] AS answered"
        " FROM named JOIN trace s ON s.experiment_id = named.experiment_id AND s.session_id = named.session_id"
        f" GROUP BY 1, 2) SELECT * FROM g{place}"
        f" ORDER BY last_ms DESC, experiment_id, session_id LIMIT {parameters.add(most)}"
    )
    rows: list[Any] = await statement.fetch(*parameters.values)
    return rows
