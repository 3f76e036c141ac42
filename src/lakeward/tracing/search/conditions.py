"""Clauses about traces as SQL over the row `t` of `trace`. Clauses about spans are in `spans.py`."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import Comparison, Entity, Op
from lakeward.runtime.sql import Parameters
from lakeward.tracing.records import NAME_TAG, PROMPTS_TAG, RUN_KEY, SESSION_KEY
from lakeward.tracing.search.vocabulary import AMOUNTS

_COLUMN: Final = {
    "request_id": "t.trace_id",
    "timestamp_ms": "t.start_ms",
    "execution_time_ms": "(t.end_ms - t.start_ms)",
    "end_time_ms": "coalesce(t.end_ms, t.start_ms)",
    "status": "t.state",
    "name": "t.name",
    "client_request_id": "t.client_request_id",
    "experiment_id": "t.experiment_id::text",
    "location": "(SELECT l.path FROM trace_location l WHERE l.id = t.location_id)",  # asked by routes, not by words
    **{name: f"t.{name}" for name in AMOUNTS},
}
NUMBERS: Final = frozenset({"timestamp_ms", "execution_time_ms", "end_time_ms", *AMOUNTS})
_TEXT_TEST: Final = {
    Op.EQ: "{} = {}::text",
    Op.NE: "{} <> {}::text",
    Op.LIKE: "{} LIKE {}::text ESCAPE ''",
    Op.ILIKE: "{} ILIKE {}::text ESCAPE ''",
    Op.RLIKE: "{} ~ {}::text",
    Op.IN: "{} = ANY({}::text[])",
    Op.NOT_IN: "{} <> ALL({}::text[])",
}
_PRESENT: Final = {Op.IS_NULL: "{} IS NULL", Op.IS_NOT_NULL: "{} IS NOT NULL"}


def text_test(expression: str, op: Op, value: Any, parameters: Parameters) -> str:
    if op in _PRESENT:
        return _PRESENT[op].format(expression)
    return _TEXT_TEST[op].format(expression, parameters.add(list(value) if isinstance(value, tuple) else value))


def number_test(expression: str, op: Op, value: Any, parameters: Parameters) -> str:
    kind = "bigint" if isinstance(value, int) else "float8"
    return f"{expression} {'<>' if op is Op.NE else op} {parameters.add(value)}::{kind}"


def where(clauses: Sequence[Comparison], parameters: Parameters) -> list[str]:
    """One condition for each clause."""
    return [_condition(clause, parameters) for clause in clauses]


def _condition(clause: Comparison, parameters: Parameters) -> str:
    if clause.entity is Entity.TAG:
        return _tag(clause, parameters)
    if clause.entity is Entity.METADATA:
        return _metadata(clause, parameters)
    if clause.entity is Entity.ATTRIBUTE:
        return _attribute(clause, parameters)
    return _assessment(clause, parameters)


def _attribute(clause: Comparison, parameters: Parameters) -> str:
    if clause.key in NUMBERS:
        return number_test(_COLUMN[clause.key], clause.op, clause.value, parameters)
    if clause.key == "run_id":
        return _run(clause, parameters)
    if clause.key == "prompt":
        return _prompt(clause, parameters)
    return text_test(_COLUMN[clause.key], clause.op, clause.value, parameters)


def _run(clause: Comparison, parameters: Parameters) -> str:
    """compat(mlflow 3.17): traces linked to a run are found by it like those it made."""
    if clause.op in (Op.EQ, Op.IN):
        test = text_test("l.target", clause.op, clause.value, parameters)
        return f"EXISTS (SELECT FROM trace_link l WHERE l.kind = 'run' AND {test} AND l.trace_seq = t.seq)"
    return text_test(f"t.metadata ->> {parameters.add(RUN_KEY)}::text", clause.op, clause.value, parameters)


def _prompt(clause: Comparison, parameters: Parameters) -> str:
    if clause.op is not Op.EQ or str(clause.value).count("/") != 1:
        raise InvalidParameter(f'Invalid prompt filter: expected prompt = "name/version", not {clause.value!r}.')
    test = text_test("l.target", clause.op, clause.value, parameters)
    return f"EXISTS (SELECT FROM trace_link l WHERE l.kind = 'prompt' AND {test} AND l.trace_seq = t.seq)"


def _tag(clause: Comparison, parameters: Parameters) -> str:
    if clause.key == NAME_TAG:
        return text_test("t.name", clause.op, clause.value, parameters)
    if clause.key == PROMPTS_TAG and clause.op is Op.EQ and str(clause.value).count("/") == 1:
        return _prompt(clause, parameters)
    return _label("t.tags", clause, parameters)


def _metadata(clause: Comparison, parameters: Parameters) -> str:
    if clause.key == SESSION_KEY:
        return text_test("t.session_id", clause.op, clause.value, parameters)
    if clause.key == RUN_KEY:
        return _run(clause, parameters)
    return _label("t.metadata", clause, parameters)


def _label(column: str, clause: Comparison, parameters: Parameters) -> str:
    if clause.op is Op.EQ:  # the index answers this
        pair = msgspec.json.encode({clause.key: clause.value}).decode()
        return f"{column} @> {parameters.add(pair)}::text::jsonb"
    return text_test(f"({column} ->> {parameters.add(clause.key)}::text)", clause.op, clause.value, parameters)


def _assessment(clause: Comparison, parameters: Parameters) -> str:
    """compat(mlflow 3.17): what is said of a session, on one trace of it, holds for all its traces."""
    if clause.entity is Entity.ISSUE:
        name = parameters.add(clause.value)
        return (
            "EXISTS (SELECT FROM trace_assessment a WHERE a.trace_seq = t.seq AND a.kind = 'issue'"
            f" AND a.name = {name}::text)"
        )
    kind, name = parameters.add(str(clause.entity)), parameters.add(clause.key)
    said = f"a.kind = {kind}::text AND a.name = {name}::text AND a.valid AND {_judged(clause, parameters)}"
    session = parameters.add(SESSION_KEY)
    direct = f"EXISTS (SELECT FROM trace_assessment a WHERE a.trace_seq = t.seq AND {said})"
    of_session = (
        "(t.experiment_id, t.session_id) IN (SELECT o.experiment_id, o.session_id FROM trace_assessment a"
        f" JOIN trace o ON o.seq = a.trace_seq WHERE {said} AND a.metadata ? {session}::text"
        " AND o.session_id IS NOT NULL)"
    )
    found = f"({direct} OR (t.session_id IS NOT NULL AND {of_session}))"
    return f"NOT coalesce({found}, false)" if clause.op is Op.IS_NULL else found


def _judged(clause: Comparison, parameters: Parameters) -> str:
    if clause.op in _PRESENT:
        return "true"
    if clause.op in (Op.LT, Op.LE, Op.GT, Op.GE):
        return f"a.is_number AND {number_test('a.number', clause.op, clause.value, parameters)}"
    plain = text_test("(a.value::jsonb #>> '{}')", clause.op, clause.value, parameters)
    json = text_test("a.value", clause.op, clause.value, parameters)
    return f"({plain} AND {json})" if clause.op is Op.NE else f"({plain} OR {json})"
