"""What a run read and made: data sets and LoggedModels in, LoggedModels out."""

from collections.abc import Sequence

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx
from lakeward.tracking import limits
from lakeward.tracking.records import (
    MAX_DATASET_DIGEST,
    MAX_DATASET_NAME,
    MAX_DATASET_PROFILE,
    MAX_DATASET_SCHEMA,
    MAX_DATASET_SOURCE,
    MAX_MODEL_ID,
    Dataset,
    Target,
)
from lakeward.tracking.store import inputs as store


async def log_datasets(tx: Tx, target: Target, datasets: Sequence[Dataset]) -> None:
    if datasets:
        for each in datasets:
            _check(each)
        # the last of equal ones wins: one statement cannot touch a row twice
        await store.add_datasets(tx, target, list({(each.name, each.digest): each for each in datasets}.values()))


async def log_models(tx: Tx, target: Target, direction: str, models: Sequence[tuple[str, int]]) -> None:
    """`direction` is 'input' or 'output'; each model is (id, step)."""
    for model_id, _ in models:
        if not model_id:
            raise InvalidParameter("Missing value for required parameter 'model_id'.")
        if len(model_id) > MAX_MODEL_ID:
            raise InvalidParameter(f"A model id has {len(model_id)} characters; the maximum is {MAX_MODEL_ID}.")
    if models:
        await store.add_models(tx, target, direction, models)


def _check(dataset: Dataset) -> None:
    for field, value, most in (
        ("name", dataset.name, MAX_DATASET_NAME),
        ("digest", dataset.digest, MAX_DATASET_DIGEST),
        ("source_type", dataset.source_type, MAX_DATASET_SOURCE),
        ("source", dataset.source, MAX_DATASET_SOURCE),
        ("schema", dataset.schema, MAX_DATASET_SCHEMA),
        ("profile", dataset.profile, MAX_DATASET_PROFILE),
    ):
        if len(value) > most:
            raise InvalidParameter(f"The dataset {field} has {len(value)} characters; the maximum is {most}.")
    for field, value in (("name", dataset.name), ("digest", dataset.digest), ("source_type", dataset.source_type)):
        if not value:
            raise InvalidParameter(f"Missing value for required parameter 'dataset.{field}'.")
    for key, value in dataset.tags:
        limits.check_key("tag", key)
        if len(value) > MAX_DATASET_NAME:
            raise InvalidParameter(f"The value of dataset tag {key!r} exceeds {MAX_DATASET_NAME} characters.")
