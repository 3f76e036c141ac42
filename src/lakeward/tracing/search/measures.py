"""What the trace-metrics API measures, by which dimensions, and its filters."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import Comparison, Entity, Op

COUNT: Final = "COUNT"
AGGREGATIONS: Final = (
    "COUNT",
    "SUM",
    "AVG",
    "PERCENTILE",
    "MIN",
    "MAX",
)  # in the order of their protobuf numbers, from 1
VIEWS: Final = ("TRACES", "SPANS", "ASSESSMENTS")
BUCKET: Final = "time_bucket"
_FILTER: Final = re.compile(
    r"\s*(trace|span|assessment)\.(\w+)(?:\.(?:`([^`]+)`|([^\s=`]+)))?\s*=\s*(?:'([^']*)'|\"([^\"]*)\")\s*"
)


# The column of each metric; None counts rows.
TRACES: Final[Mapping[str, str | None]] = {
    "trace_count": None,
    "session_count": "session",
    "latency": "latency",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "cache_read_input_tokens": "cache_read_input_tokens",
    "cache_creation_input_tokens": "cache_creation_input_tokens",
    "input_cost": "input_cost",
    "output_cost": "output_cost",
    "total_cost": "total_cost",
}
SPANS: Final[Mapping[str, str | None]] = {
    "span_count": None,
    "latency": "latency",
    "input_cost": "input_cost",
    "output_cost": "output_cost",
    "total_cost": "total_cost",
}
ASSESSMENTS: Final[Mapping[str, str]] = {"assessment_count": "*", "assessment_value": "a.number"}  # as SQL
DIMENSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "TRACES": {"trace_name": "name", "trace_status": "status"},
    "ASSESSMENTS": {"assessment_name": "a.name", "assessment_value": "a.value"},
    "SPANS": {
        "span_name": "name", "span_type": "type", "span_status": "status", "span_model_name": "model",
        "span_model_provider": "provider",
    },
}  # fmt: skip
_ENTITIES: Final = {
    ("trace", "status"): (Entity.ATTRIBUTE, "status"),
    ("trace", "name"): (Entity.ATTRIBUTE, "name"),
    ("trace", "tag"): (Entity.TAG, ""),
    ("trace", "metadata"): (Entity.METADATA, ""),
}


class Aggregation(NamedTuple):
    kind: str
    percentile: float | None = None

    @property
    def label(self) -> str:
        return self.kind if self.percentile is None else f"P{self.percentile}"


class Filters(NamedTuple):
    traces: list[Comparison]
    others: list[tuple[str, str]]  # of spans or assessments: (field, value)


def filters_of(texts: Sequence[str], view: str) -> Filters:
    """Each text is one clause: trace.status = 'OK', trace.tag.team = 'a', span.type = 'LLM', assessment.name = 'x'."""
    found = Filters([], [])
    for text in texts:
        match = _FILTER.fullmatch(text)
        if match is None:
            raise InvalidParameter(f"Invalid filter {text[:80]!r}: expected one clause as in trace.status = 'OK'.")
        subject, field, key = match[1], match[2], match[3] or match[4] or ""
        value = match[5] if match[5] is not None else match[6]
        if (subject, field) in _ENTITIES:
            entity, name = _ENTITIES[subject, field]
            if bool(key) == bool(name):
                raise InvalidParameter(f"Invalid filter {text[:80]!r}: {field} takes {'no' if name else 'a'} key.")
            found.traces.append(Comparison(entity, name or key, Op.EQ, value))
        elif not key and (
            (subject == "span" and view == "SPANS" and field in ("name", "type", "status"))
            or (subject == "assessment" and view == "ASSESSMENTS" and field in ("name", "type"))
        ):
            found.others.append((field, value))
        else:
            raise InvalidParameter(f"Invalid filter {text[:80]!r} of the view {view}.")
    return found
