"""Delta tables in a directory and in S3: a batch is there once, some rows are found, what is deleted leaves no file."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakeward.runtime.lake import Into, Lake
from lakeward.runtime.objects import ObjectStore
from s3 import S3

PREFIX = "tables/1/abc"
SCHEMA = pa.schema([("seq", pa.int64()), ("batch", pa.int64()), ("day", pa.date32()), ("word", pa.string())])
TABLE = Into(PREFIX, SCHEMA, 200)
DAYS = (date(2026, 11, 1), date(2026, 11, 2))


@pytest.fixture(params=["directory", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    options: dict[str, str] = {}
    location = str(tmp_path)
    if request.param == "s3":
        s3: S3 = request.getfixturevalue("s3")
        location, options = s3.url(), s3.options
    objects = ObjectStore.open(location, options)
    yield Lake(objects, location, options)
    objects.close()


def batch(number: int, rows: int) -> Iterator[Any]:
    for place, day in enumerate(DAYS):
        for at in range(place, rows, 10):
            numbers = list(range(at, min(at + 10, rows), 2))
            words = [f"{number}-{each}" for each in numbers]
            columns = [numbers, [number] * len(words), [day] * len(words), words]
            yield day, [pa.table(columns, schema=SCHEMA)]


def append(lake: Lake, number: int, rows: int = 50) -> bool:
    return lake.append([TABLE], batch(number, rows), batch=number)


def found(lake: Lake, day: date, number: int, *seqs: int) -> list[str]:
    return sorted(row["word"] for row in lake.read(PREFIX, ["seq", "word"], day, number, seqs))


def test_a_batch_is_there_once(lake: Lake) -> None:
    assert found(lake, DAYS[0], 1, 4) == []
    assert append(lake, 1)
    assert append(lake, 2)
    assert not append(lake, 1)
    assert not append(lake, 2)
    assert found(lake, DAYS[0], 2, 4) == ["2-4"]
    assert found(lake, DAYS[1], 1, 3, 49) == ["1-3", "1-49"]
    assert found(lake, DAYS[1], 1, 4) == [], "it is in the other partition"
    assert lake.numbers(PREFIX, DAYS, 1) == set(range(50))
    assert lake.numbers(PREFIX, DAYS[:1], 3) == set()


def test_what_is_deleted_is_gone_for_other_readers_too(lake: Lake) -> None:
    append(lake, 1)
    assert found(lake, DAYS[0], 1, 4, 6) == ["1-4", "1-6"]
    for _ in range(2):
        lake.delete(PREFIX, DAYS[0], {1: [4]})
        lake.vacuum(PREFIX)
        assert found(lake, DAYS[0], 1, 4, 6) == ["1-6"]
    assert lake.numbers(PREFIX, DAYS, 1) == set(range(50)) - {4}


def test_two_tables_of_which_one_was_written_before(lake: Lake) -> None:
    """As when the process was killed between their commits."""
    append(lake, 1)
    second = Into(f"{PREFIX}2", SCHEMA, 200)
    assert lake.append([TABLE, second], ((day, [some, some]) for day, [some] in batch(1, 50)), batch=1)
    assert not lake.append([TABLE, second], iter(()), batch=1)
    for prefix in (PREFIX, second.prefix):
        assert lake.numbers(prefix, DAYS, 1) == set(range(50))
        assert len(lake.read(prefix, ["seq", "word"], DAYS[0], 1, range(0, 50, 2))) == 25


def test_what_fails_on_the_way_leaves_nothing(lake: Lake) -> None:
    def torn() -> Iterator[Any]:
        yield from batch(1, 20)
        raise ConnectionResetError("the database is away")

    with pytest.raises(Exception, match="the database is away"):
        lake.append([TABLE], torn(), batch=1)
    assert lake.numbers(PREFIX, DAYS, 1) == set()
    assert append(lake, 1)
    assert lake.numbers(PREFIX, DAYS, 1) == set(range(50))
