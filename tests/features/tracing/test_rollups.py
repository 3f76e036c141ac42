"""Rollups: whatever came, left or changed, and whenever the worker came by, the numbers are those of the traces."""

import math
import random
import statistics
from collections.abc import Callable, Iterator

import pytest
from spans import BEGIN, got, ids, place, searched, send, sent, span, values

from lakeward import tracing
from lakeward.runtime.db import Database
from server import Caller, Server

API = "/api/3.0/mlflow/traces"
BEGIN_MS = BEGIN // 1_000_000
MINUTE = 60_000


@pytest.fixture
def roll_up(server: Server) -> Iterator[Callable[[int], int]]:
    """What the worker does, with so many changed traces as are worth it."""
    loop = server.backend.loop
    db = loop.run(Database.open(server.backend.dsn_of(server.database), size=1))
    yield lambda least=1: loop.run(tracing.roll_up(db, least))
    loop.run(db.close())


def ask(client: Caller, experiment: str, view: str, metric: str, *aggregations: object, **more: object) -> dict:
    """{dimensions: values} with the time as it is written."""
    wanted = [
        {"aggregation_type": "PERCENTILE", "percentile_value": each} if isinstance(each, float) else
        {"aggregation_type": each} for each in aggregations
    ]  # fmt: skip
    answer = client.post(
        f"{API}/metrics", experiment_ids=[experiment], view_type=view, metric_name=metric, aggregations=wanted, **more
    )
    return {tuple(each["dimensions"].values()): each["values"] for each in answer["data_points"]}


class World:
    """Traces that are changed at random, by whatever changes them in life."""

    def __init__(self, client: Caller, experiment: str, seed: int) -> None:
        self.client, self.experiment = client, experiment
        self.dice = random.Random(seed)
        self.traces: dict[str, str] = {}  # id → its root

    def step(self) -> None:
        doing = self.dice.choice(
            [self.begin] * 4 + [self.late, self.again, self.tell, self.tag, self.judge, self.delete]
        )
        if doing == self.begin or self.traces:
            doing()

    def some(self) -> str:
        return self.dice.choice(sorted(self.traces))

    def span(self, trace: str, span_id: str | None, parent: str, at: int) -> dict:
        dice = self.dice
        attributes: dict = {"mlflow.spanType": dice.choice(["TOOL", "LLM", "CHAIN"])}
        if dice.random() < 0.5:
            attributes |= {
                "gen_ai.request.model": dice.choice(["gpt-4o", "gpt-4o-mini", "unknown"]),
                "gen_ai.provider.name": "openai",
                "gen_ai.usage.input_tokens": dice.randrange(1000),
                "gen_ai.usage.output_tokens": dice.randrange(1000),
            }
        if dice.random() < 0.3:
            attributes["session.id"] = f"s{dice.randrange(3)}"
        name = dice.choice(["alpha", "beta", "gämma"])
        return span(
            trace, span_id, parent, name=name, at=at, ms=dice.randrange(1, 5000), attributes=attributes,
            status={"code": dice.choice([0, 1, 2])},
        )  # fmt: skip

    def begin(self) -> None:
        trace, root = ids()
        at = self.dice.randrange(0, 5 * MINUTE)
        spans = [self.span(trace, root, "", at)] if self.dice.random() < 0.9 else []
        spans += [
            self.span(trace, None, root, at + self.dice.randrange(1000)) for _ in range(self.dice.randrange(1, 4))
        ]
        sent(self.client, self.experiment, *spans)
        self.traces[trace] = root

    def late(self) -> None:
        """A span that comes later, perhaps the root, and perhaps starts before all others."""
        trace = self.some()
        as_root = self.dice.random() < 0.3
        made = self.span(trace, self.traces[trace] if as_root else None, "" if as_root else self.traces[trace],
                         self.dice.randrange(0, 6 * MINUTE))  # fmt: skip
        sent(self.client, self.experiment, made)

    def again(self) -> None:
        """An exporter that was not answered sends the same once more."""
        trace, root = ids()
        body = [self.span(trace, root, "", self.dice.randrange(5 * MINUTE))]
        for _ in range(2):
            sent(self.client, self.experiment, *body)
        self.traces[trace] = root

    def tell(self) -> None:
        trace = self.some()
        told = {
            "trace_id": f"tr-{trace}", "trace_location": place(self.experiment), "state": "OK",
            "request_time": f"2026-11-18T11:{self.dice.randrange(7, 12):02d}:{self.dice.randrange(60):02d}.5Z",
            "execution_duration": f"{self.dice.randrange(9)}.25s",
            "tags": {"mlflow.traceName": self.dice.choice(["told", "alpha"])},
            "trace_metadata": {"mlflow.trace.session": f"s{self.dice.randrange(5)}"},
        }  # fmt: skip
        self.client.post(API, trace={"trace_info": told})

    def tag(self) -> None:
        self.client.call("PATCH", f"{API}/tr-{self.some()}/tags", json={"key": "team", "value": self.dice.choice("ab")})

    def judge(self) -> None:
        said = {"assessment_name": "good", "feedback": {"value": self.dice.random() < 0.5}}
        self.client.post(f"{API}/tr-{self.some()}/assessments", assessment=said)

    def delete(self) -> None:
        trace = self.some()
        if self.dice.random() < 0.5:
            self.client.post("traces/delete-traces", experiment_id=self.experiment, request_ids=[f"tr-{trace}"])
            del self.traces[trace]


def told_of(trace: dict) -> dict:
    """What metrics say of a trace, from the trace itself."""
    info = trace["trace_info"]
    metadata = info.get("trace_metadata", {})
    usage = metadata.get("mlflow.trace.tokenUsage")
    cost = metadata.get("mlflow.trace.cost")
    duration = info.get("execution_duration")
    return {
        "start": ms_of(info["request_time"]),
        "latency": None if duration is None else round(float(duration[:-1]) * 1000),
        "status": info["state"],
        "name": info["tags"].get("mlflow.traceName"),
        "team": info["tags"].get("team"),
        "session": metadata.get("mlflow.trace.session"),
        "total_tokens": None if usage is None else json_of(usage).get("total_tokens"),
        "total_cost": None if cost is None else json_of(cost).get("total_cost"),
        "judged": [each["feedback"]["value"] for each in info.get("assessments", [])],
        "spans": [told_of_span(each) for each in trace["spans"]],
    }


def told_of_span(given: dict) -> dict:
    said = values(given)
    start, end = int(given["start_time_unix_nano"]), int(given["end_time_unix_nano"])
    return {
        "start": start // 1_000_000, "latency": (end - start) / 1e6, "name": given["name"],
        "status": ("UNSET", "OK", "ERROR")[given["status"]["code"]], "type": said["mlflow.spanType"],
        "model": said.get("mlflow.llm.model"), "total_cost": said.get("mlflow.llm.cost", {}).get("total_cost"),
    }  # fmt: skip


def json_of(text: str) -> dict:
    import json

    return json.loads(text)


def ms_of(text: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(text).timestamp() * 1000)


def grouped(rows: list[dict], number: str | None, *by: str) -> dict[tuple, list]:
    found: dict[tuple, list] = {}
    for row in rows:
        key = tuple(row[each] for each in by)
        value = 1 if number is None else row[number]
        if value is not None and None not in key:
            found.setdefault(key, []).append(value)
    return found


def summed(groups: dict[tuple, list]) -> dict[tuple, dict]:
    return {
        key: {
            "COUNT": len(each), "SUM": pytest.approx(math.fsum(each)), "AVG": pytest.approx(statistics.fmean(each)),
            "MIN": min(each), "MAX": max(each), "P75.0": pytest.approx(percentile(each, 0.75)),
        }
        for key, each in groups.items()
    }  # fmt: skip


def percentile(numbers: list[float], share: float) -> float:
    ordered = sorted(numbers)
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (at - low)


ALL = ("COUNT", "SUM", "AVG", "MIN", "MAX", 75.0)


def check(world: World) -> None:
    """Every kind of question against what the traces themselves say."""
    client, experiment = world.client, world.experiment
    rows = [told_of(got(client, trace)) for trace in world.traces]
    spans = [each for row in rows for each in row["spans"]]
    assert sorted(searched(client, experiment)) == sorted(world.traces)

    def same(view: str, metric: str, expected: dict, *aggregations: object, **more: object) -> None:
        assert ask(client, experiment, view, metric, *(aggregations or ALL), **more) == expected, (view, metric, more)

    same("TRACES", "trace_count", {key: {"COUNT": len(each)} for key, each in grouped(rows, None).items()}, "COUNT")
    same("TRACES", "latency", summed(grouped(rows, "latency", "name", "status")),
         dimensions=["trace_name", "trace_status"])  # fmt: skip
    same("TRACES", "total_tokens", summed(grouped(rows, "total_tokens")))
    same("TRACES", "total_cost", summed(grouped(rows, "total_cost", "status")), dimensions=["trace_status"])
    sessions = grouped(rows, "session", "status")
    same("TRACES", "session_count", {key: {"COUNT": len(set(each))} for key, each in sessions.items()}, "COUNT",
         dimensions=["trace_status"])  # fmt: skip
    same("TRACES", "latency", summed(grouped([row for row in rows if row["team"] == "a"], "latency")),
         filters=["trace.tag.team = 'a'"])  # fmt: skip
    same("TRACES", "latency", summed(grouped([row for row in rows if row["status"] == "OK"], "latency")),
         filters=["trace.status = 'OK'"])  # fmt: skip
    low, high = BEGIN_MS + MINUTE, BEGIN_MS + 3 * MINUTE
    inside = [row for row in rows if low <= row["start"] <= high]
    same("TRACES", "latency", summed(grouped(inside, "latency")), start_time_ms=low, end_time_ms=high)
    for row in rows + spans:
        row["bucket"] = written(row["start"] // 7_000 * 7_000)
    same("TRACES", "latency", summed(grouped(rows, "latency", "bucket", "name")), dimensions=["trace_name"],
         time_interval_seconds=7, start_time_ms=BEGIN_MS - MINUTE, end_time_ms=BEGIN_MS + 60 * MINUTE)  # fmt: skip

    same("SPANS", "latency", summed(grouped(spans, "latency", "name", "type")), dimensions=["span_name", "span_type"])
    same("SPANS", "total_cost", summed(grouped(spans, "total_cost", "model")), dimensions=["span_model_name"])
    same("SPANS", "span_count", {key: {"COUNT": len(each)} for key, each in grouped(spans, None, "status").items()},
         "COUNT", dimensions=["span_status"])  # fmt: skip
    same("SPANS", "latency", summed(grouped([each for each in spans if each["type"] == "TOOL"], "latency", "bucket")),
         filters=["span.type = 'TOOL'"], time_interval_seconds=7, start_time_ms=BEGIN_MS - MINUTE,
         end_time_ms=BEGIN_MS + 60 * MINUTE)  # fmt: skip
    of_team = [each for row in rows if row["team"] == "a" for each in row["spans"]]
    same("SPANS", "latency", summed(grouped(of_team, "latency")), filters=["trace.tag.team = 'a'"])

    judged = [{"number": float(each)} for row in rows for each in row["judged"]]
    same("ASSESSMENTS", "assessment_value", summed(grouped(judged, "number")))
    late = [{"number": float(each)} for row in rows if row["start"] > high for each in row["judged"]]
    same("ASSESSMENTS", "assessment_value", summed(grouped(late, "number")), start_time_ms=high + 1)


def written(ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_numbers_are_those_of_the_traces(
    client: Caller, experiment: str, roll_up: Callable[[int], int], server: Server, seed: int
) -> None:
    world = World(client, experiment, seed)
    for _ in range(5):
        for _ in range(12):
            world.step()
        check(world)
        roll_up(world.dice.choice([1, 1, 8, 30]))
        check(world)
    roll_up(1)
    [left] = server.sql("SELECT count(*) AS n FROM trace_changed WHERE experiment_id = $1", int(experiment))
    assert left["n"] == 0
    check(world)


def test_a_rollup_that_has_lost_half_of_its_traces_goes(
    client: Caller, experiment: str, roll_up: Callable[[int], int], server: Server
) -> None:
    made = [ids()[0] for _ in range(6)]
    for trace in made:
        sent(client, experiment, span(trace, name="one"))
    assert roll_up(1) == 6

    def rollups() -> list[int]:
        rows = server.sql("SELECT traces FROM trace_rollup WHERE experiment_id = $1 ORDER BY id", int(experiment))
        return [row["traces"] for row in rows]

    assert rollups() == [6]
    client.post("traces/delete-traces", experiment_id=experiment, request_ids=[f"tr-{each}" for each in made[:4]])
    assert ask(client, experiment, "TRACES", "trace_count", "COUNT") == {(): {"COUNT": 2}}
    roll_up(1)
    assert rollups() == [2]
    assert ask(client, experiment, "SPANS", "span_count", "COUNT") == {(): {"COUNT": 2}}


def test_a_trace_that_moves_to_another_experiment(
    client: Caller, experiment: str, roll_up: Callable[[int], int]
) -> None:
    other = client.experiment()
    trace, root = ids()
    sent(client, experiment, span(trace, root))
    roll_up(1)
    told = {"trace_id": f"tr-{trace}", "trace_location": place(other), "request_time": "2026-11-18T11:06:40Z",
            "state": "OK"}  # fmt: skip
    client.post(API, trace={"trace_info": told})
    for _ in range(2):
        assert ask(client, experiment, "SPANS", "span_count", "COUNT") == {}
        assert ask(client, other, "SPANS", "span_count", "COUNT") == {(): {"COUNT": 1}}
        roll_up(1)


def test_refused_spans_change_nothing(client: Caller, experiment: str, roll_up: Callable[[int], int]) -> None:
    assert send(client, experiment, {"resourceSpans": [{"scopeSpans": [{"spans": [span("00")]}]}]}).status_code == 400
    assert roll_up(1) == 0
