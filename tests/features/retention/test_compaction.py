"""Many small files of a day become one: nothing is lost or twice, and who read before goes on reading."""

from typing import Any

import pytest
from deltalake import DeltaTable
from lake import old, rows
from spans import got

from lakeward.retention import moves
from lakeward.runtime import lake_files
from lakeward.runtime.lake_files import File
from server import Caller, Server


def files(worker: Any, experiment: str, kind: str) -> list[str]:
    return DeltaTable(str(worker.table(experiment, kind))).file_uris()


def content(table: DeltaTable) -> list[str]:
    return sorted(map(str, table.to_pyarrow_table().to_pylist()))


def test_small_files_of_a_day_are_put_together(
    client: Caller, server: Server, worker: Any, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "_BATCH_TRACES", 1)
    monkeypatch.setattr(moves, "_CROWD", 100)
    traces = old(client, experiment, days=2, each=9)
    before = {each: got(client, each) for each in traces}
    assert worker.apply() == len(traces)
    assert len(files(worker, experiment, "traces")) == len(traces)
    readers = {kind: DeltaTable(str(worker.table(experiment, kind))) for kind in ("traces", "spans")}
    count = {kind: table.to_pyarrow_table().num_rows for kind, table in readers.items()}
    told = {kind: content(table) for kind, table in readers.items()}

    monkeypatch.setattr(moves, "_CROWD", 8)
    [late] = old(client, experiment, days=1, each=1)
    server.sql("UPDATE trace_lake SET looked_at = 0 WHERE experiment_id = $1", int(experiment))
    assert worker.apply() == 1
    before[late] = got(client, late)
    for kind, table in readers.items():
        assert len(files(worker, experiment, kind)) == 2, "a day is a file"
        assert table.to_pyarrow_table().num_rows == count[kind], "the version that was opened before"
        assert rows(worker.table(experiment, kind), "count(*)") == [(count[kind] + (1 if kind == "traces" else 2),)]
        now = content(DeltaTable(str(worker.table(experiment, kind))))
        assert [each for each in now if each in told[kind]] == told[kind], "row by row as they were"
    assert {each: got(client, each) for each in before} == before

    # what is deleted is gone for good, from old files too
    gone = traces[3]
    client.post("traces/delete-traces", experiment_id=experiment, request_ids=[f"tr-{gone}"])
    worker.apply()
    for kind in readers:
        path = worker.table(experiment, kind)
        assert len(list(path.glob("day=*/*.parquet"))) == 2
        assert not [row for row in rows(path, "trace_id") if row[0] == f"tr-{gone}"]
    del before[gone]
    assert {each: got(client, each) for each in before} == before


def small(*sizes: int) -> list[File]:
    return [File(f"{number}", size, None, (1, 1), (1, 1)) for number, size in enumerate(sizes)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sizes", "taken"),
    [
        ((5, 5, 5), 0), ((5,) * 8, 8), ((5,) * 8 + (9 << 20,), 8), ((2 << 20,) * 8, 8), ((5,) * 3 + (90 << 20,) * 9, 0),
        ((5,) + (9 << 20,) * 8, 8),
        ((1 << 20,) * 9 + (5 << 20,), 10), ((1 << 20,) * 300, 128),
    ],
)  # fmt: skip
def test_which_files_are_worth_it(sizes: tuple[int, ...], taken: int) -> None:
    """A file is copied when as much has come beside it, so that a busy day is not written anew with every batch."""
    assert len(lake_files.crowded(small(*sizes), 8, 128 << 20)) == taken
