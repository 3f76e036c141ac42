"""What may be asked of traces, and by what they may be ordered."""

from typing import Final

from lakeward.kit.filters import LISTED, NUMERIC, PRESENCE, TEXTUAL, Entity, Field, Kind, Op, Vocabulary

_WORDS: Final = TEXTUAL | {Op.RLIKE}
_TEXT: Final = _WORDS | LISTED
_LABEL: Final = _WORDS | PRESENCE
_JUDGED: Final = NUMERIC | _WORDS | PRESENCE

_NAME: Final = Field(Kind.TEXT, _TEXT | PRESENCE, "name")
_REQUEST: Final = Field(Kind.TEXT, _TEXT, "request_id")
_START: Final = Field(Kind.NUMBER, NUMERIC, "timestamp_ms")
_DURATION: Final = Field(Kind.NUMBER, NUMERIC, "execution_time_ms")
_END: Final = Field(Kind.NUMBER, NUMERIC, "end_time_ms")
_STATUS: Final = Field(Kind.TEXT, _TEXT, "status")
_EXPERIMENT: Final = Field(Kind.TEXT, frozenset({Op.EQ, Op.NE}) | LISTED, "experiment_id")

AMOUNTS: Final = (
    "input_tokens", "output_tokens", "total_tokens", "input_cost", "output_cost", "total_cost",
)  # fmt: skip

SPAN_FIELDS: Final = ("name", "type", "status")
SPAN_ATTRIBUTE: Final = "attributes."
CONTENT: Final = "content"

VOCABULARY: Final = Vocabulary(
    subject="traces",
    prefixes={
        "attribute": Entity.ATTRIBUTE, "attributes": Entity.ATTRIBUTE, "trace": Entity.ATTRIBUTE,
        "tag": Entity.TAG, "tags": Entity.TAG,
        "metadata": Entity.METADATA, "request_metadata": Entity.METADATA,
        "span": Entity.SPAN, "feedback": Entity.FEEDBACK, "expectation": Entity.EXPECTATION, "issue": Entity.ISSUE,
    },
    fields={
        Entity.ATTRIBUTE: {
            "request_id": _REQUEST, "trace_id": _REQUEST,
            "timestamp": _START, "timestamp_ms": _START, "request_time": _START,
            "execution_time": _DURATION, "execution_time_ms": _DURATION,
            "end_time": _END, "end_time_ms": _END,
            "status": _STATUS, "state": _STATUS,
            "name": _NAME,
            "client_request_id": Field(Kind.TEXT, _TEXT | PRESENCE, "client_request_id"),
            "run_id": Field(Kind.TEXT, _TEXT, "run_id"),
            "prompt": Field(Kind.TEXT, frozenset({Op.EQ}), "prompt"),
            "text": Field(Kind.TEXT, frozenset({Op.LIKE, Op.ILIKE}), "text"),
            "experiment_id": _EXPERIMENT,
            **{name: Field(Kind.NUMBER, NUMERIC, name) for name in AMOUNTS},
        },
        Entity.TAG: Field(Kind.TEXT, _LABEL | LISTED),
        Entity.METADATA: Field(Kind.TEXT, _LABEL | LISTED),
        Entity.SPAN: Field(Kind.TEXT, _TEXT),
        Entity.FEEDBACK: Field(Kind.JUDGED, _JUDGED),
        Entity.EXPECTATION: Field(Kind.JUDGED, _JUDGED),
        Entity.ISSUE: {"id": Field(Kind.TEXT, frozenset({Op.EQ}), "id")},
    },
    order=frozenset({Entity.ATTRIBUTE}),
    unique_order=True,
)  # fmt: skip
