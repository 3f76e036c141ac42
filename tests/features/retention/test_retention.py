"""Spans leave for Delta tables and are read from there, by this server and by others' engines, and come back."""

import datetime as dt
import secrets
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from lake import DAY, LONG_AGO, OURS, moved, old, rows, scanned, segments_of
from spans import got, ids, info, place, searched, send, sent, span, values

from lakeward import tracing
from lakeward.tracing.store import moved as moved_store
from lakeward_up import wait_until
from server import Caller, Server


def counted(client: Caller, experiment: str, view: str, metric: str, kind: str = "COUNT") -> Any:
    answer = client.post(
        "/api/3.0/mlflow/traces/metrics", experiment_ids=[experiment], view_type=view, metric_name=metric,
        aggregations=[{"aggregation_type": kind}],
    )  # fmt: skip
    return [each["values"] for each in answer["data_points"]]


def everything(client: Caller, experiment: str, trace: str) -> Any:
    """All that this server tells of a trace."""
    exported = client.request(
        "POST",
        f"{OURS}/traces/export",
        json={"experiment_ids": [experiment], "trace_ids": [f"tr-{trace}"], "format": "otlp"},
    )
    return got(client, trace), client.get(f"{OURS}/traces/tr-{trace}/outline"), exported.content


def test_spans_move_and_are_read_as_before(client: Caller, server: Server, worker: Any, experiment: str) -> None:
    traces = old(client, experiment)
    recent, root = ids()
    sent(client, experiment, span(recent, root, name="today"))
    client.post(f"/api/3.0/mlflow/traces/tr-{traces[0]}/assessments", **feedback(traces[0], "good", "yes"))
    before = [everything(client, experiment, each) for each in traces]
    numbers = [counted(client, experiment, *each) for each in MEASURED]

    assert worker.apply() == len(traces)
    assert worker.apply() == 0
    assert segments_of(server, experiment) == 1, "only the recent one is in the database"
    assert [everything(client, experiment, each) for each in traces] == before
    assert [counted(client, experiment, *each) for each in MEASURED] == numbers
    assert searched(client, experiment) == [recent, *reversed(traces)]
    assert searched(client, experiment, f"request_id = 'tr-{traces[1]}'") == [traces[1]]
    assert searched(client, experiment, "tags.`service.name` = 'shop'") == traces[::-1]
    answer = client.get("/api/3.0/mlflow/traces/batchGet", trace_ids=[f"tr-{each}" for each in (*traces, recent)])
    assert [len(each["spans"]) for each in answer["traces"]] == [2] * len(traces) + [1]

    # a tag changes the trace: what metrics sum up is made anew, from spans that are elsewhere
    client.call("PATCH", f"/api/3.0/mlflow/traces/tr-{traces[0]}/tags", json={"key": "seen", "value": "yes"})
    worker_rolls(server, worker)
    assert [counted(client, experiment, *each) for each in MEASURED] == numbers
    told = client.get(f"{OURS}/trace-retention", experiment_id=experiment)
    assert told["moved_traces"] == len(traces)
    assert (told["retention_ms"], told["source"]) == (30 * DAY, "tag")


MEASURED = (
    ("TRACES", "trace_count"), ("TRACES", "input_tokens", "SUM"), ("TRACES", "latency", "AVG"), ("SPANS", "span_count"),
    ("SPANS", "latency", "MAX"), ("ASSESSMENTS", "assessment_count"),
)  # fmt: skip


def feedback(trace: str, name: str, value: str) -> dict[str, Any]:
    return {
        "assessment": {
            "assessment_name": name, "trace_id": f"tr-{trace}", "feedback": {"value": value},
            "source": {"source_type": "HUMAN", "source_id": "ann"},
        }
    }  # fmt: skip


def test_a_trace_that_is_too_large_for_a_row_stays(
    client: Caller, server: Server, worker: Any, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = old(client, experiment)
    large = ids()[0]
    sent(client, experiment, span(large, at=LONG_AGO, attributes={"note": secrets.token_hex(20_000)}))
    monkeypatch.setattr(moved_store, "LARGEST", 10_000)
    assert worker.apply() == len(traces)
    assert worker.apply() == 0
    assert segments_of(server, experiment) == 1
    assert searched(client, experiment, "span.name = 'work'") == [large], "its spans are looked into, being here"
    monkeypatch.undo()
    assert worker.apply() == 0, "what was old is looked at again once a day"


def worker_rolls(server: Server, worker: Any) -> None:
    server.backend.loop.run(tracing.roll_up(worker.db, 1))


def test_the_tables_are_anybodys_to_read(client: Caller, worker: Any, experiment: str) -> None:
    traces = old(client, experiment)
    client.post(f"/api/3.0/mlflow/traces/tr-{traces[0]}/assessments", **feedback(traces[0], "good", "yes"))
    worker.apply()
    spans, kept = worker.table(experiment, "spans"), worker.table(experiment)
    assert rows(kept, "count(*), count(DISTINCT trace_id)") == [(len(traces), len(traces))]
    assert rows(spans, "count(*), count(DISTINCT span_id), count(DISTINCT day)") == [
        (2 * len(traces), 2 * len(traces), 3)
    ]
    [(name, state, tags, judged)] = rows(
        kept,
        "tags['service.name'], state, cardinality(tags), assessments[1].value",
        f"WHERE trace_id = 'tr-{traces[0]}'",
    )
    assert (name, state, judged) == ("shop", "OK", '"yes"')
    assert tags >= 1
    assert rows(spans, "attributes['note']", f"WHERE trace_id = 'tr-{traces[5]}' AND name = 'child'") == [
        (f'"marvellous {traces[5]}"',)
    ]
    files = DeltaTable(str(spans))
    assert files.metadata().partition_columns == ["day"]
    protocol = files.protocol()
    assert (protocol.min_reader_version, protocol.reader_features) == (1, None), "whoever knows Delta knows this"
    assert len(files.file_uris(file_pruning_predicate=f"day = '{a_day(1)}'")) == 1
    shown = client.get("/api/2.1/unity-catalog/tables", catalog_name="main", schema_name="trace_archive")["tables"]
    mine = [each for each in shown if each["name"].startswith(f"experiment_{experiment}_")]
    assert [each["name"] for each in mine] == [f"experiment_{experiment}_{kind}" for kind in ("spans", "traces")]
    assert Path(mine[1]["storage_location"].removeprefix("file://")) == kept
    columns = {each["name"]: each["type_text"] for each in mine[0]["columns"]}
    assert columns["attributes"] == "map<string,string>"
    assert columns["start_time"] == "timestamp"


def test_duckdbs_own_extension_reads_the_tables(client: Caller, server: Server, worker: Any, experiment: str) -> None:
    """By `delta_scan`: what was moved, what was moved later, and nothing of what was deleted."""
    traces = old(client, experiment)
    worker.apply()
    spans, kept = worker.table(experiment, "spans"), worker.table(experiment)
    counted = "SELECT day, count(*), count(DISTINCT trace_id) FROM t GROUP BY 1 ORDER BY 1"
    assert [row[1:] for row in scanned(spans, counted)] == [(8, 4)] * 3
    asked = f"SELECT attributes['note'], epoch_ns(end_time - start_time) > 0 FROM t WHERE trace_id = 'tr-{traces[5]}'"
    assert scanned(spans, f"{asked} AND name = 'child'") == [(f'"marvellous {traces[5]}"', True)]
    assert scanned(kept, "SELECT DISTINCT tags['service.name'], state, len(segments) FROM t") == [("shop", "OK", 1)]
    client.post("traces/delete-traces", experiment_id=experiment, request_ids=[f"tr-{traces[0]}"])
    more = old(client, experiment, days=1, each=2)
    server.sql("UPDATE trace_lake SET looked_at = 0 WHERE experiment_id = $1", int(experiment))
    assert worker.apply() == len(more)
    there = sorted(f"tr-{each}" for each in (*traces[1:], *more))
    assert [row[0] for row in scanned(kept, "SELECT trace_id FROM t ORDER BY 1")] == there
    assert scanned(spans, "SELECT count(*), count(DISTINCT span_id) FROM t") == [(2 * len(there), 2 * len(there))]


def a_day(number: int) -> str:
    begin = 1_795_000_000 + LONG_AGO // 1000 + number * 86_400
    return dt.datetime.fromtimestamp(begin, dt.UTC).date().isoformat()


def test_late_spans_join_and_leave_with_the_rest(client: Caller, server: Server, worker: Any, experiment: str) -> None:
    [trace] = old(client, experiment, 1, 1)
    worker.apply()
    at = LONG_AGO + 7
    sent(client, experiment, span(trace, None, secrets.token_hex(8), name="late", at=at))
    assert [each["name"] for each in got(client, trace)["spans"]] == ["root", "child", "late"]
    assert searched(client, experiment, "span.name = 'late'") == [trace]
    assert searched(client, experiment, "span.name = 'child'") == [], "what moved spans hold is not searched"
    server.sql("UPDATE trace_lake SET looked_at = 0 WHERE experiment_id = $1", int(experiment))
    assert worker.apply() == 1
    assert segments_of(server, experiment) == 0
    assert [each["name"] for each in got(client, trace)["spans"]] == ["root", "child", "late"]
    assert sorted(rows(worker.table(experiment, "spans"), "name")) == [("child",), ("late",), ("root",)]
    assert rows(worker.table(experiment), "len(segments)") == [(2,)]


def test_spans_come_back_on_demand(client: Caller, server: Server, worker: Any, experiment: str) -> None:
    traces = old(client, experiment)
    before = [everything(client, experiment, each) for each in traces]
    ids_before = server.sql("SELECT id, spans, payload FROM trace_segment ORDER BY id")
    worker.apply()
    assert searched(client, experiment, "trace.text LIKE '%marvellous%'") == []
    back = f"{OURS}/trace-retention/bring-back"
    assert client.post(back, experiment_id=experiment, trace_ids=[f"tr-{traces[0]}"]) == {"traces": 1}
    assert searched(client, experiment, "trace.text LIKE '%marvellous%'") == [traces[0]]
    middle = info(client, traces[4])["request_time"][:10]
    since = int(dt.datetime.fromisoformat(middle).replace(tzinfo=dt.UTC).timestamp() * 1000)
    assert client.post(back, experiment_id=experiment, since_ms=since, before_ms=since + DAY)["traces"] in (3, 4)
    assert client.post(back, experiment_id=experiment, since_ms=0)["traces"] in (7, 8)
    assert client.post(back, experiment_id=experiment, since_ms=0) == {"traces": 0}
    assert server.sql("SELECT id, spans, payload FROM trace_segment ORDER BY id") == ids_before
    assert [everything(client, experiment, each) for each in traces] == before
    assert searched(client, experiment, "trace.text LIKE '%marvellous%'") == traces[::-1]
    assert worker.apply() == 0, "they stay for some days"
    assert rows(worker.table(experiment)) == rows(worker.table(experiment, "spans")) == []
    for wrong in ({}, {"trace_ids": ["tr-1"], "since_ms": 0}, {"since_ms": 0, "days": 0}):
        client.refused("POST", back, {"experiment_id": experiment} | wrong)


def test_deletion_takes_the_lakes_copy_along(client: Caller, worker: Any, experiment: str) -> None:
    traces = old(client, experiment, secret="hunter2")
    worker.apply()
    gone = [f"tr-{each}" for each in traces[:5]]
    client.post("traces/delete-traces", experiment_id=experiment, request_ids=gone)
    worker.apply()
    for kind, each in (("traces", 1), ("spans", 2)):
        path = worker.table(experiment, kind)
        assert rows(path, "count(*)") == [(each * (len(traces) - 5),)]
        assert rows(path, "count(*)", f"WHERE trace_id IN ({', '.join(repr(one) for one in gone)})") == [(0,)]
        files = {Path(uri.removeprefix("file://")) for uri in DeltaTable(str(path)).file_uris()}
        assert set(path.rglob("*.parquet")) - set(path.rglob("_delta_log/*")) == files, "no file has what was deleted"
        assert not any(b"hunter2" in log.read_bytes() for log in path.glob("_delta_log/*"))
    assert [each["name"] for each in got(client, traces[5])["spans"]] == ["root", "child"]


def test_a_trace_that_goes_to_another_experiment_leaves_the_tables(
    client: Caller, worker: Any, experiment: str
) -> None:
    traces = old(client, experiment, 1, 2)
    worker.apply()
    other = client.experiment()
    told = info(client, traces[0]) | {"trace_location": place(other), "assessments": []}
    client.post("/api/3.0/mlflow/traces", trace={"trace_info": told})
    assert searched(client, other) == [traces[0]]
    assert len(got(client, traces[0])["spans"]) == 2
    worker.apply()
    assert rows(worker.table(experiment), "trace_id") == [(f"tr-{traces[1]}",)]
    assert rows(worker.table(experiment, "spans"), "count(*)") == [(2,)]
    assert len(got(client, traces[0])["spans"]) == 2


def test_an_experiment_takes_its_tables_along(client: Caller, server: Server, worker: Any, experiment: str) -> None:
    old(client, experiment, 1, 2)
    worker.apply()
    tables = [worker.table(experiment, kind) for kind in ("traces", "spans")]
    name = f"main.trace_archive.experiment_{experiment}_traces"
    refused = client.refused("DELETE", f"/api/2.1/unity-catalog/tables/{name}")
    assert "kept by the server" in refused.message
    client.refused("DELETE", "/api/2.1/unity-catalog/schemas/main.trace_archive", params={"force": "true"})
    table = client.get(f"/api/2.1/unity-catalog/tables/{name}")["table_id"]
    client.refused(
        "POST", "/api/2.1/unity-catalog/temporary-table-credentials", {"table_id": table, "operation": "READ_WRITE"}
    )
    client.post("experiments/delete", experiment_id=experiment)
    client.post(f"{OURS}/purge", experiment_ids=[experiment])
    worker.apply()
    server.backend.loop.run(swept(worker))
    assert not any(each.exists() for each in tables)
    assert server.sql("SELECT FROM asset WHERE name LIKE $1", f"experiment_{experiment}_%") == []


async def swept(worker: Any) -> None:
    from lakeward import catalog

    await catalog.sweep(worker.db, worker.objects)


def test_retention_is_said_by_tag_or_by_the_server(client: Caller, worker: Any) -> None:
    tag = {"experiment_id": client.experiment(), "key": "mlflow.trace.archivalRetention"}
    for wrong in ("soon", "{}", '{"type": "duration"}', '{"type": "duration", "value": "1y"}', "0d"):
        client.refused("POST", "experiments/set-experiment-tag", tag | {"value": wrong})
    quiet, long, asked = client.experiment(), client.experiment(), client.experiment()
    client.post("experiments/set-experiment-tag", experiment_id=long, key=tag["key"], value="36500d")
    for each in (quiet, long, asked):
        old(client, each, 1, 1)
    assert worker.apply() == 0
    worker.apply(days=30)
    assert [moved(client, each) for each in (quiet, long, asked)] == [1, 0, 1]
    client.post("experiments/set-experiment-tag", experiment_id=long, key="mlflow.trace.archiveNow", value="{}")
    assert worker.apply() == 1
    left = client.get("experiments/get", experiment_id=long)["experiment"]["tags"]
    assert [each["key"] for each in left] == ["mlflow.trace.archivalRetention"], "what was asked for is done"


@pytest.mark.parametrize("by", ["table_id", "name", "rows"])
def test_a_table_takes_rights_on_its_experiment(
    client: Caller, server: Server, worker: Any, experiment: str, by: str
) -> None:
    """Catalog grants alone do not open the traces of an experiment, nor does reading another experiment."""
    from lakeward.runtime.http import Role

    old(client, experiment, 1, 1)
    worker.apply()
    name = f"main.trace_archive.experiment_{experiment}_spans"
    table = client.get(f"/api/2.1/unity-catalog/tables/{name}")["table_id"]
    who = f"who-{by}-{experiment}@example.org"
    reader = server.bearer(server.token(who, role=Role.USE))

    def looks() -> Any:
        if by == "name":
            return reader.request("GET", f"/api/2.1/unity-catalog/tables/{name}")
        if by == "rows":
            return reader.request("GET", f"{OURS}/catalog/tables/{name}/sample")
        body = {"table_id": table, "operation": "READ"}
        return reader.request("POST", "/api/2.1/unity-catalog/temporary-table-credentials", json=body)

    other = client.experiment()
    allow(client, other, who)
    assert looks().status_code in (403, 404)
    grant(client, "schema", "main.trace_archive", who, "USE_SCHEMA", "SELECT")
    grant(client, "catalog", "main", who, "USE_CATALOG")
    assert looks().status_code in (403, 404), "the grants are there, the experiment is not his"
    listed = {"catalog_name": "main", "schema_name": "trace_archive"}
    assert reader.get("/api/2.1/unity-catalog/tables", **listed).get("tables", []) == []
    allow(client, experiment, who)
    assert looks().status_code == 200, looks().text
    seen = reader.get("/api/2.1/unity-catalog/tables", **listed)["tables"]
    assert [each["name"] for each in seen] == [f"experiment_{experiment}_{kind}" for kind in ("spans", "traces")]
    grant(client, "schema", "main.trace_archive", who, remove=("SELECT",))
    wait_until(lambda: looks().status_code in (403, 404))  # what was taken away counts within a second
    body = {"experiment_id": experiment, "since_ms": 0}
    assert reader.request("POST", f"{OURS}/trace-retention/bring-back", json=body).status_code == 403


def allow(client: Caller, experiment: str, who: str) -> None:
    entry = {"user_name": who, "permission_level": "CAN_READ"}
    client.call("PATCH", f"/api/2.0/permissions/experiments/{experiment}", json={"access_control_list": [entry]})


def grant(client: Caller, kind: str, name: str, who: str, *add: str, remove: tuple[str, ...] = ()) -> None:
    change = {"principal": who, "add": list(add), "remove": list(remove)}
    client.call("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{name}", json={"changes": [change]})


def test_hostile_times_have_a_day_too(client: Caller, worker: Any, experiment: str) -> None:
    """Spans may begin at any nanosecond that 64 bits hold."""
    trace, root = ids()
    ends = span(trace, root) | {"startTimeUnixNano": "0", "endTimeUnixNano": str(2**64 - 1)}
    assert send(client, experiment, {"resourceSpans": [{"scopeSpans": [{"spans": [ends]}]}]}).status_code == 200
    before = got(client, trace)
    assert worker.apply() == 1
    assert got(client, trace) == before
    assert values(before["spans"][0]) == values(got(client, trace)["spans"][0])


def test_a_purge_leaves_what_is_anothers_now(client: Caller, worker: Any, experiment: str) -> None:
    [trace] = old(client, experiment, 1, 1)
    worker.apply()
    before = got(client, trace)["spans"]
    other = client.experiment()
    told = info(client, trace) | {"trace_location": place(other), "assessments": []}
    client.post("/api/3.0/mlflow/traces", trace={"trace_info": told})
    client.post("experiments/delete", experiment_id=experiment)
    client.post(f"{OURS}/purge", experiment_ids=[experiment])
    assert got(client, trace)["spans"] == before
    assert worker.apply() == 0
    assert searched(client, other, "trace.text LIKE '%marvellous%'") == [trace]
