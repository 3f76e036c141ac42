"""The rules of assessments: feedback, expectations and issues, by people, code and judges, on traces and on spans."""

import math
import secrets
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.runtime.db import Tx
from lakeward.tracing import traces
from lakeward.tracing.records import Assessment
from lakeward.tracing.store import assessments as store

MAX_NAME: Final = 250
MAX_ID: Final = 50
MAX_VALUE: Final = 1 << 20
FIELDS: Final = frozenset({"assessment_name", "feedback", "expectation", "rationale", "metadata"})
_UNCOUNTABLE: Final = 10**300
_JUDGED: Final = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


def number_of(value: str) -> tuple[float | None, bool]:
    """What a JSON value counts as, and whether it is a number."""
    decoded = msgspec.json.decode(value)
    if isinstance(decoded, bool):
        return float(decoded), False
    if isinstance(decoded, int | float) and abs(decoded) < _UNCOUNTABLE:
        number = float(decoded)
        return (number, True) if math.isfinite(number) else (None, False)
    return (_JUDGED.get(decoded.lower()), False) if isinstance(decoded, str) else (None, False)


async def create(tx: Tx, workspace: int, trace_id: str, given: Assessment) -> Assessment:
    """Add an assessment; one that it overrides is valid no more."""
    seq, experiment_id = await traces.locked(tx, workspace, trace_id)
    made = msgspec.structs.replace(
        given, trace_id=trace_id, assessment_id=given.assessment_id or f"a-{secrets.token_hex(16)}"
    )
    await add(tx, seq, experiment_id, made)
    return made


async def add(tx: Tx, seq: int, experiment_id: int, made: Assessment) -> None:
    """To a trace that is known and locked."""
    _check(made)
    if made.overrides and not await store.set_valid(tx, seq, made.overrides, valid=False):
        raise NotFound(f"Assessment with ID '{made.overrides}' not found for trace '{made.trace_id}'")
    if not await store.insert(tx, seq, experiment_id, made, number_of(made.value)):
        raise AlreadyExists(f"The trace {made.trace_id} has an assessment with the id {made.assessment_id} already.")


async def add_told(tx: Tx, seq: int, experiment_id: int, told: Sequence[Assessment]) -> None:
    """What a client tells together with a trace, perhaps once more."""
    for each in told:
        made = msgspec.structs.replace(each, assessment_id=each.assessment_id or f"a-{secrets.token_hex(16)}")
        _check(made)
        await store.insert(tx, seq, experiment_id, made, number_of(made.value))


async def keep(tx: Tx, seq: int, experiment_id: int, given: Assessment) -> None:
    """One of another server: added, or brought up to date."""
    _check(given)
    if not await store.insert(tx, seq, experiment_id, given, number_of(given.value)):
        await store.replace(tx, seq, given, number_of(given.value))
        await store.set_valid(tx, seq, given.assessment_id, valid=given.valid)


async def get(tx: Tx, workspace: int, trace_id: str, assessment_id: str) -> Assessment:
    trace = await traces.get(tx, workspace, trace_id)
    found = await store.find(tx, trace.seq, assessment_id)
    if found is None:
        raise _unknown(trace_id, assessment_id)
    return found


async def update(
    tx: Tx, workspace: int, trace_id: str, assessment_id: str, fields: Collection[str], given: dict[str, Any]
) -> Assessment:
    """Change the named fields. `given`: name, value (with its kind), error, rationale, metadata (which is added to)."""
    unknown_fields = set(fields) - FIELDS
    if unknown_fields:
        raise InvalidParameter(f"An assessment's {min(unknown_fields)!r} cannot be changed.")
    seq, _ = await traces.locked(tx, workspace, trace_id)
    found = await store.find(tx, seq, assessment_id)
    if found is None:
        raise _unknown(trace_id, assessment_id)
    changes: dict[str, Any] = {"updated_at": now_ms()}
    if "assessment_name" in fields:
        changes["name"] = given["name"]
    for kind in ("feedback", "expectation"):
        if kind in fields:
            if found.kind != kind or given["kind"] != kind:
                raise InvalidParameter(f"Cannot update the {kind} value of an assessment that is {found.kind}.")
            changes |= {"value": given["value"], "error": given["error"]}
    if "rationale" in fields:
        changes["rationale"] = given["rationale"]
    if "metadata" in fields:
        changes["metadata"] = found.metadata | given["metadata"]
    changed = msgspec.structs.replace(found, **changes)
    _check(changed)
    await store.replace(tx, seq, changed, number_of(changed.value))
    return changed


async def delete(tx: Tx, workspace: int, trace_id: str, assessment_id: str) -> None:
    """What it overrode is valid again. One that is not there is gone already."""
    seq, _ = await traces.locked(tx, workspace, trace_id)
    overrides = await store.delete(tx, seq, assessment_id)
    if overrides is not None:
        await store.set_valid(tx, seq, overrides, valid=True)


def _check(made: Assessment) -> None:
    if not made.name or len(made.name) > MAX_NAME:
        raise InvalidParameter(f"The name of an assessment has 1 to {MAX_NAME} characters.")
    if len(made.assessment_id) > MAX_ID or len(made.source_id) > MAX_NAME or len(made.span_id or "") > MAX_ID:
        raise InvalidParameter("The id of an assessment, its source or its span is too long.")
    if "\\u0000" in made.value:
        raise InvalidParameter("The value of an assessment contains the character U+0000, which cannot be stored.")
    if len(made.value) + len(made.rationale or "") > MAX_VALUE:
        raise InvalidParameter(f"The value and rationale of an assessment have at most {MAX_VALUE:,} characters.")


def _unknown(trace_id: str, assessment_id: str) -> NotFound:
    return NotFound(f"Assessment with ID '{assessment_id}' not found for trace '{trace_id}'")
