"""Assessments on the wire, named as upstream."""

from typing import Any, Final, Self

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.tracing.records import Assessment as Record
from lakeward.tracing.wire.times import epoch_ms, rfc3339

_SOURCES: Final = ("SOURCE_TYPE_UNSPECIFIED", "HUMAN", "LLM_JUDGE", "CODE")  # in the order of their protobuf numbers


class AssessmentSource(msgspec.Struct, omit_defaults=True):
    source_type: str | int = "SOURCE_TYPE_UNSPECIFIED"
    source_id: str = ""


class AssessmentError(msgspec.Struct, omit_defaults=True):
    error_code: str = ""
    error_message: str = ""
    stack_trace: str = ""


class Feedback(msgspec.Struct, omit_defaults=True):
    value: Any = None
    error: AssessmentError | None = None


class SerializedValue(msgspec.Struct):
    serialization_format: str = "JSON_FORMAT"
    value: str = "null"


class Expectation(msgspec.Struct, omit_defaults=True):
    value: Any = None
    serialized_value: SerializedValue | None = None


class IssueReference(msgspec.Struct):
    issue_name: str = ""


class Assessment(msgspec.Struct, omit_defaults=True):
    assessment_name: str = ""
    assessment_id: str = ""
    trace_id: str = ""
    span_id: str = ""
    source: AssessmentSource | None = None
    create_time: str | None = None
    last_update_time: str | None = None
    feedback: Feedback | None = None
    expectation: Expectation | None = None
    issue: IssueReference | None = None
    rationale: str | None = None
    error: AssessmentError | None = None
    metadata: dict[str, str] = {}
    overrides: str = ""
    valid: bool | None = None

    @classmethod
    def of(cls, record: Record) -> Self:
        value = msgspec.json.decode(record.value)
        error = None if record.error is None else msgspec.convert(record.error, AssessmentError)
        return cls(
            assessment_name=record.name,
            assessment_id=record.assessment_id,
            trace_id=record.trace_id,
            span_id=record.span_id or "",
            source=AssessmentSource(record.source_type, record.source_id),
            create_time=rfc3339(record.created_at),
            last_update_time=rfc3339(record.updated_at),
            feedback=Feedback(value, error) if record.kind == "feedback" else None,
            expectation=_expectation(value, record.value) if record.kind == "expectation" else None,
            issue=IssueReference(str(value)) if record.kind == "issue" else None,
            rationale=record.rationale,
            metadata=record.metadata,
            overrides=record.overrides or "",
            valid=record.valid,
        )

    def kind_and_value(self) -> tuple[str, str]:
        """What is said, as JSON. Exactly one of feedback, expectation and issue says it."""
        said = [
            (kind, each)
            for kind, each in (("feedback", self.feedback), ("expectation", self.expectation), ("issue", self.issue))
            if each is not None
        ]
        if len(said) != 1:
            raise InvalidParameter("Exactly one of `feedback`, `expectation` and `issue` must be given.")
        [(kind, given)] = said
        if isinstance(given, Expectation) and given.serialized_value is not None:
            return kind, _checked(given.serialized_value.value)
        value = given.issue_name if isinstance(given, IssueReference) else given.value
        return kind, msgspec.json.encode(value).decode()

    def failure(self) -> dict[str, Any] | None:
        """The error of a judge that gave no value."""
        error = self.error if self.feedback is None else (self.feedback.error or self.error)
        return None if error is None else msgspec.to_builtins(error)

    def source_type(self) -> str:
        given = self.source.source_type if self.source else _SOURCES[0]
        if isinstance(given, int):
            given = _SOURCES[given] if 0 <= given < len(_SOURCES) else str(given)
        given = "LLM_JUDGE" if given == "AI_JUDGE" else given
        if given not in _SOURCES:
            raise InvalidParameter(f"Invalid assessment source type {given!r}: it is one of {', '.join(_SOURCES)}.")
        return given

    def created_ms(self, now: int) -> int:
        return now if self.create_time is None else epoch_ms(self.create_time, "create_time")

    def updated_ms(self, now: int) -> int:
        return now if self.last_update_time is None else epoch_ms(self.last_update_time, "last_update_time")


def _expectation(value: Any, text: str) -> Expectation:
    """compat(mlflow 3.17): lists and objects travel as JSON text."""
    if isinstance(value, list | dict):
        return Expectation(serialized_value=SerializedValue(value=text))
    return Expectation(value=value)


def _checked(text: str) -> str:
    try:
        return msgspec.json.encode(msgspec.json.decode(text)).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise InvalidParameter("The serialized value of the expectation is not JSON.") from None


class CreateAssessment(msgspec.Struct):
    trace_id: str
    assessment: Assessment


class AssessmentResponse(msgspec.Struct):
    assessment: Assessment


class AssessmentById(msgspec.Struct):
    trace_id: str
    assessment_id: str


class UpdateAssessment(msgspec.Struct):
    trace_id: str
    assessment_id: str
    assessment: Assessment
    update_mask: str = ""
