"""The vocabularies of the three searches, as the grammar tests need them; the features own the real ones."""

from lakeward.kit.filters import LISTED, NUMERIC, PRESENCE, TEXTUAL, Entity, Field, Kind, Op, Vocabulary

EXACT = frozenset({Op.EQ, Op.NE})


def text(key: str) -> Field:
    return Field(Kind.TEXT, TEXTUAL, key)


START_TIME = Field(Kind.NUMBER, NUMERIC, "start_time")
NAME = text("run_name")
RUNS = Vocabulary(
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
            **{key: text(key) for key in ("status", "user_id", "artifact_uri")},
            **dict.fromkeys(("run_name", "run name", "Run name", "Run Name"), NAME),
            **dict.fromkeys(("start_time", "created", "Created"), START_TIME),
            "end_time": Field(Kind.NUMBER, NUMERIC, "end_time"),
        },
        Entity.DATASET: {key: Field(Kind.TEXT, TEXTUAL | LISTED, key) for key in ("name", "digest", "context")},
    },
    order=frozenset({Entity.METRIC, Entity.PARAM, Entity.TAG, Entity.ATTRIBUTE}),
    unique_order=True,
)

EXPERIMENTS = Vocabulary(
    subject="experiments",
    prefixes={"attribute": Entity.ATTRIBUTE, "tags": Entity.TAG, "tag": Entity.TAG},
    fields={
        Entity.TAG: Field(Kind.TEXT, TEXTUAL | PRESENCE),
        Entity.ATTRIBUTE: {
            "name": text("name"),
            "experiment_id": Field(Kind.TEXT, EXACT | LISTED, "experiment_id"),
            "creation_time": Field(Kind.INTEGER, NUMERIC, "creation_time"),
            "last_update_time": Field(Kind.INTEGER, NUMERIC, "last_update_time"),
        },
    },
    order=frozenset({Entity.ATTRIBUTE}),
)

CREATED = Field(Kind.FLOAT, NUMERIC, "creation_timestamp")
UPDATED = Field(Kind.FLOAT, NUMERIC, "last_updated_timestamp")
LOGGED_MODELS = Vocabulary(
    subject="logged models",
    prefixes={
        "metrics": Entity.METRIC,
        "params": Entity.PARAM,
        "tags": Entity.TAG,
        "attributes": Entity.ATTRIBUTE,
    },
    fields={
        Entity.METRIC: Field(Kind.FLOAT, NUMERIC),
        Entity.PARAM: Field(Kind.TEXT, TEXTUAL | LISTED),
        Entity.TAG: Field(Kind.TEXT, TEXTUAL | LISTED),
        Entity.ATTRIBUTE: {
            **{
                key: Field(Kind.TEXT, TEXTUAL | LISTED, key)
                for key in ("name", "model_id", "model_type", "status", "source_run_id", "experiment_id")
            },
            **dict.fromkeys(("creation_timestamp", "creation_timestamp_ms", "creation_time"), CREATED),
            **dict.fromkeys(
                ("last_updated_timestamp", "last_updated_timestamp_ms", "last_updated_time"),
                UPDATED,
            ),
        },
    },
    order=frozenset({Entity.METRIC, Entity.ATTRIBUTE}),
    bare_values=True,
)
