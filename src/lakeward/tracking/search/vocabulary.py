"""What the search of runs may be asked: every spelling that MLflow's clients use."""

from typing import Final

from lakeward.kit.filters import LISTED, NUMERIC, PRESENCE, TEXTUAL, Entity, Field, Kind, Vocabulary

_NAME: Final = Field(Kind.TEXT, TEXTUAL, "run_name")
_START: Final = Field(Kind.NUMBER, NUMERIC, "start_time")

VOCABULARY: Final = Vocabulary(
    subject="runs",
    prefixes={
        **dict.fromkeys(("metrics", "metric"), Entity.METRIC),
        **dict.fromkeys(("params", "param", "parameters", "parameter"), Entity.PARAM),
        **dict.fromkeys(("tags", "tag"), Entity.TAG),
        **dict.fromkeys(("attributes", "attribute", "attr", "run"), Entity.ATTRIBUTE),
        **dict.fromkeys(("datasets", "dataset"), Entity.DATASET),
    },
    fields={
        Entity.METRIC: Field(Kind.FLOAT, NUMERIC),
        Entity.PARAM: Field(Kind.TEXT, TEXTUAL | PRESENCE),
        Entity.TAG: Field(Kind.TEXT, TEXTUAL | PRESENCE),
        Entity.ATTRIBUTE: {
            "run_id": Field(Kind.TEXT, TEXTUAL | LISTED, "run_id"),
            **{key: Field(Kind.TEXT, TEXTUAL, key) for key in ("status", "user_id", "artifact_uri")},
            **dict.fromkeys(("run_name", "run name", "Run name", "Run Name"), _NAME),
            **dict.fromkeys(("start_time", "created", "Created"), _START),
            "end_time": Field(Kind.NUMBER, NUMERIC, "end_time"),
        },
        Entity.DATASET: {key: Field(Kind.TEXT, TEXTUAL | LISTED, key) for key in ("name", "digest", "context")},
    },
    order=frozenset({Entity.METRIC, Entity.PARAM, Entity.TAG, Entity.ATTRIBUTE}),
    unique_order=True,
)
