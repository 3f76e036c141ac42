"""What charts draw: sampled, packed as numbers, kept when a run has ended, and never stale."""

import json
import math
import struct
import time

import pytest

from server import Caller, Server

OWN = "/api/2.0/lakeward/runs"
Curve = list[tuple[float, float, float]]  # (ts, step, value)


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


def log(client: Caller, run: str, values: dict[str, list[float]], first: int = 0) -> None:
    """Steps a second apart, a thousand points a request."""
    points = [
        {"key": key, "value": str(value), "timestamp": 5_000 + 1_000 * step, "step": step}
        for key, all_ in values.items()
        for step, value in enumerate(all_, first)
    ]
    for at in range(0, len(points), 1_000):
        client.post("runs/log-batch", run_id=run, metrics=points[at : at + 1_000])


def curves(client: Caller, runs: list[str], keys: list[str], **more) -> dict[tuple[str, str], Curve]:
    answer = client.request("POST", f"{OWN}/curves", json={"run_ids": runs, "metric_keys": keys} | more)
    assert answer.status_code == 200, answer.text
    body = answer.content
    (length,) = struct.unpack("<I", body[:4])
    at = 4 + length
    assert at % 8 == 0
    found = {}
    for run, key, points in json.loads(body[4:at]):
        numbers = struct.unpack(f"<{3 * points}d", body[at : at + 24 * points])
        at += 24 * points
        columns = (numbers[:points], numbers[points : 2 * points], numbers[2 * points :])
        found[runs[run], keys[key]] = list(zip(*columns, strict=True))
    assert at == len(body)
    return found


def kept(server: Server, run: str) -> int:
    """How many curves are kept of a run, marks left out."""
    counted = "SELECT count(*) FROM metric_curve c JOIN run r ON r.seq = c.run_seq WHERE r.run_id = $1 AND c.most > 0"
    return int(server.sql(counted, run)[0][0])


def wait_for(server: Server, run: str, count: int) -> None:
    for _ in range(100):
        if kept(server, run) == count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{kept(server, run)} curves are kept, not {count}")


def test_short_metrics_come_as_they_are(client: Caller, server: Server):
    first, second = client.run(), client.run()
    log(client, first, {"loss": [3.0, math.nan, math.inf], "acc": [0.5]})
    log(client, second, {"loss": [1.0, 2.0]})
    log(client, second, {"loss": [1.0]})  # said twice: one point
    found = curves(client, [second, first], ["acc", "loss", "nobody's"])
    assert list(found) == [(second, "loss"), (first, "acc"), (first, "loss")]
    assert found[second, "loss"] == [(5_000, 0, 1.0), (6_000, 1, 2.0)]
    assert found[first, "acc"] == [(5_000, 0, 0.5)]
    assert [step for _, step, _ in found[first, "loss"]] == [0, 1, 2]
    assert math.isnan(found[first, "loss"][1][2])
    assert found[first, "loss"][2][2] == math.inf
    client.post("runs/update", run_id=first, status="FINISHED")
    assert curves(client, [first], ["acc"]) == {(first, "acc"): [(5_000, 0, 0.5)]}
    assert kept(server, first) == 0  # nothing to win


def test_long_metrics_keep_their_spikes_and_are_prepared_at_the_end(client: Caller, server: Server):
    run, other = client.run(), client.run()
    values = [math.sin(step / 300) for step in range(3_000)]
    values[1_234] = 99.0
    log(client, run, {"long": values, "short": [1.0, 2.0]})
    made = curves(client, [run, other], ["long", "short", "none"])
    assert kept(server, run) == 0  # it goes on
    assert len(made[run, "long"]) <= 180
    assert (5_000 + 1_234_000, 1_234, 99.0) in made[run, "long"]
    assert [made[run, "long"][at][1] for at in (0, -1)] == [0, 2_999]
    assert made[run, "short"] == [(5_000, 0, 1.0), (6_000, 1, 2.0)]

    client.post("runs/update", run_id=run, status="FINISHED")
    wait_for(server, run, 4)  # two metrics, coarse and fine
    assert curves(client, [run, other], ["long", "short", "none"]) == made
    fine = curves(client, [run], ["long"], max_points=600)[run, "long"]
    assert 180 < len(fine) <= 600
    assert (5_000 + 1_234_000, 1_234, 99.0) in fine
    part = curves(client, [run], ["long"], start_step=1_230, end_step=1_239)[run, "long"]
    assert [step for _, step, _ in part] == list(range(1_230, 1_240))


def test_what_is_kept_never_hides_later_points(client: Caller, server: Server):
    run = client.run()
    log(client, run, {"m": [float(step) for step in range(2_500)]})
    client.post("runs/update", run_id=run, status="FAILED")
    wait_for(server, run, 2)
    log(client, run, {"m": [-7.0]}, first=2_500)
    assert curves(client, [run], ["m"])[run, "m"][-1] == (5_000 + 2_500_000, 2_500, -7.0)
    log(client, run, {"other": [1.0] * 300})
    assert len(curves(client, [run], ["other"])[run, "other"]) <= 180
    for step in range(101):  # many small segments, which are put together when the run ends again
        client.post("runs/log-metric", run_id=run, key="m", value="-8", timestamp=1, step=3_000 + step)
    client.post("runs/update", run_id=run, status="FINISHED")
    wait_for(server, run, 4)
    assert curves(client, [run], ["m"])[run, "m"][-1] == (1, 3_100, -8.0)
    server.sql("TRUNCATE metric_curve")  # as after a crash
    assert curves(client, [run], ["m"])[run, "m"][-1] == (1, 3_100, -8.0)
    wait_for(server, run, 4)  # made again by whoever looks


@pytest.mark.parametrize(
    "wrong",
    [
        {"run_ids": []}, {"run_ids": ["0" * 32] * 401}, {"metric_keys": []}, {"metric_keys": ["x"] * 21},
        {"max_points": 0}, {"max_points": 2_501}, {"start_step": 1}, {"start_step": 2, "end_step": 1},
    ],
    ids=lambda wrong: "-".join(wrong) + f"-{len(str(wrong))}",
)  # fmt: skip
def test_what_cannot_be_drawn(client: Caller, wrong):
    body = {"run_ids": [client.run()], "metric_keys": ["loss"]} | wrong
    assert client.refused("POST", f"{OWN}/curves", body).code == "INVALID_PARAMETER_VALUE"


def test_unknown_runs_are_said(client: Caller):
    body = {"run_ids": ["0" * 32], "metric_keys": ["loss"]}
    assert client.refused("POST", f"{OWN}/curves", body).code == "RESOURCE_DOES_NOT_EXIST"
