"""From assessments on the wire to records."""

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
