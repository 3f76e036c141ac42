"""What may be logged: keys, sizes and counts, with the messages users see."""

from collections.abc import Collection

from lakeward.kit.errors import InvalidParameter
from lakeward.tracking.records import (
    MAX_BATCH,
    MAX_BATCH_METRICS,
    MAX_BATCH_PARAMS,
    MAX_BATCH_TAGS,
    MAX_KEY,
    MAX_PARAM_VALUE,
    MAX_TAG_VALUE,
)


def check_key(kind: str, key: str) -> None:
    """`kind` is 'metric', 'param' or 'tag'."""
    if not key:
        raise InvalidParameter(f"Missing value for required parameter 'key': a {kind} needs a name.")
    if len(key) > MAX_KEY:
        raise InvalidParameter(f"The {kind} name {key[:50]!r}… has {len(key)} characters; the maximum is {MAX_KEY}.")
    if not key.isprintable():
        raise InvalidParameter(f"Invalid {kind} name {key!r}: control characters are not allowed.")


def fit_param(key: str, value: str) -> str:
    """The value as it is kept. compat(mlflow 3.17): longer ones are cut, so that a script that runs there runs here."""
    check_key("param", key)
    return value[:MAX_PARAM_VALUE]


def fit_tag(key: str, value: str) -> str:
    """The value as it is kept; longer ones are cut like those of params."""
    check_key("tag", key)
    return value[:MAX_TAG_VALUE]


def check_batch(metrics: Collection[object], params: Collection[object], tags: Collection[object]) -> None:
    for name, items, most in (
        ("metrics", metrics, MAX_BATCH_METRICS),
        ("params", params, MAX_BATCH_PARAMS),
        ("tags", tags, MAX_BATCH_TAGS),
    ):
        if len(items) > most:
            raise InvalidParameter(f"A batch logging request can contain at most {most} {name}, got {len(items)}.")
    total = len(metrics) + len(params) + len(tags)
    if total > MAX_BATCH:
        raise InvalidParameter(
            f"A batch logging request can contain at most {MAX_BATCH} metrics, params and tags in all, got {total}."
        )
