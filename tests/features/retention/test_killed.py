"""Whoever moves spans may be killed at any step, again and again: nothing is lost, and nothing is twice."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from lake import moved, old, rows, segments_of
from spans import got

from server import Caller, Server

DYING = Path(__file__).with_name("dying.py")


def test_killed_at_every_step(client: Caller, server: Server, worker: Any, experiment: str) -> None:
    traces = old(client, experiment, days=3, each=16)
    before = {each: got(client, each) for each in traces}
    command = [sys.executable, str(DYING), server.backend.dsn_of(server.database), server.settings.objects_location]
    deaths = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        while True:
            process.stdin.write("go\n")
            process.stdin.flush()
            if process.stdout.readline() != "died\n":
                break
            deaths += 1
            assert deaths < 40
            if deaths % 3 == 0:  # what was moved, is on its way, or is still here
                gone = traces.pop(deaths * 5 % len(traces))
                client.post("traces/delete-traces", experiment_id=experiment, request_ids=[f"tr-{gone}"])
            some = traces[deaths % len(traces)]
            assert got(client, some) == before[some]
        process.stdin.close()
        assert process.wait(20) == 0
    assert deaths >= 8
    assert worker.apply() == 0
    assert segments_of(server, experiment) == 0
    assert moved(client, experiment) == len(traces)
    assert {each: got(client, each) for each in traces} == {each: before[each] for each in traces}
    ids = sorted(f"tr-{each}" for each in traces)
    assert sorted(row[0] for row in rows(worker.table(experiment), "trace_id")) == ids
    assert sorted(row[0] for row in rows(worker.table(experiment, "spans"), "trace_id")) == sorted(ids * 2)
    for kind in ("traces", "spans"):
        path = worker.table(experiment, kind)
        files = set(path.glob("day=*/*.parquet"))
        assert len(files) == len(rows(path, "DISTINCT filename"))
    assert server.sql("SELECT FROM trace_unmoved UNION ALL SELECT FROM trace_move") == []
