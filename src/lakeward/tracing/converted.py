"""From assessments on the wire to records."""

from typing import Any

from lakeward.tracing.records import Assessment as Record
from lakeward.tracing.wire.assessments import Assessment


def assessment_record(given: Assessment, trace_id: str, actor: str, now: int) -> Record:
    """Who says it is its source; without one, the caller."""
    kind, value = given.kind_and_value()
    return Record(
        given.assessment_id,
        trace_id,
        kind,
        given.issue.issue_name if given.issue is not None and not given.assessment_name else given.assessment_name,
        given.span_id or None,
        given.source_type(),
        given.source.source_id if given.source is not None and given.source.source_id else actor,
        value,
        given.failure(),
        given.rationale,
        given.metadata,
        given.overrides or None,
        given.valid is not False,
        given.created_ms(now),
        given.updated_ms(now),
    )


def update_fields(given: Assessment, mask: str) -> tuple[set[str], dict[str, Any]]:
    """Which fields of an assessment are to be changed, and what they shall be."""
    fields = {_snake(each) for each in mask.split(",") if each}
    changes: dict[str, Any] = {
        "name": given.assessment_name,
        "rationale": given.rationale,
        "metadata": given.metadata,
        "error": given.failure(),
    }
    if fields & {"feedback", "expectation"}:
        changes["kind"], changes["value"] = given.kind_and_value()
    return fields, changes


def _snake(name: str) -> str:
    """A path of a protobuf field mask, which JSON spells assessmentName."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name.strip())
