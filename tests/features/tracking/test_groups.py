"""Runs by what they have in common, and metrics over all their steps."""

import itertools

import pytest

from server import Caller, Server

OWN = "/api/2.0/lakeward/runs"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def experiment(server: Server) -> str:
    """Families of 3, 2 and 1 run, and a run without family; one run has no accuracy, and one NaN."""
    client = server.local
    made = client.experiment()
    values = {"tree": [0.5, 0.7, 0.9], "net": [0.8, float("nan")], "line": [None], "": [0.1]}
    for family, accuracies in values.items():
        for accuracy in accuracies:
            run = client.run(made, run_name=f"{family} {next(_numbers)}", user_id="ana" if family == "tree" else "ben")
            if family:
                client.post("runs/log-parameter", run_id=run, key="family", value=family)
            if accuracy is not None:
                client.post("runs/log-metric", run_id=run, key="acc", value=str(accuracy), timestamp=1, step=0)
    return made


def grouped(client: Caller, experiment: str, by: str, **more) -> dict[str | None, int]:
    found = client.post(f"{OWN}/group", experiment_ids=[experiment], by=by, **more)
    return {each["value"]: each["runs"] for each in found["groups"]}


def test_groups_are_counted_and_their_metrics_summed_up(client: Caller, experiment: str):
    found = client.post(f"{OWN}/group", experiment_ids=[experiment], by="params.family", metric_keys=["acc", "none"])
    assert found["complete"]
    assert [(each["value"], each["runs"]) for each in found["groups"]] == [
        ("tree", 3), ("net", 2), ("line", 1), (None, 1),
    ]  # fmt: skip
    tree, net, line, without = (each["metrics"] for each in found["groups"])
    assert tree == [{"key": "acc", "runs": 3, "min": 0.5, "max": 0.9, "mean": pytest.approx(0.7)}]
    assert net == [{"key": "acc", "runs": 1, "min": 0.8, "max": 0.8, "mean": 0.8}]
    assert line == []
    assert without[0]["mean"] == 0.1


def test_the_filter_and_the_view_count(client: Caller, experiment: str):
    assert grouped(client, experiment, "params.family", filter="metrics.acc > 0.6") == {"tree": 2, "net": 1}
    assert grouped(client, experiment, "params.family", filter="metrics.other > 0.6") == {}
    assert grouped(client, experiment, "attributes.user_id", filter="params.family != 'line'") == {"ana": 3, "ben": 2}
    assert grouped(client, experiment, "attributes.status", run_view_type="DELETED_ONLY") == {}
    assert grouped(client, experiment, "tags.`nobody has it`") == {None: 7}
    assert grouped(client, "424242", "params.family") == {}
    found = client.post(f"{OWN}/group", experiment_ids=[experiment], by="params.family", max_results=2)
    assert ([each["value"] for each in found["groups"]], found["complete"]) == (["tree", "net"], False)


@pytest.mark.parametrize(
    "wrong",
    [{"by": "metrics.acc"}, {"by": "attributes.start_time"}, {"by": "x.y"}, {"max_results": 0}, {"filter": "a >>> b"}],
    ids=str,
)
def test_what_cannot_be_grouped(client: Caller, experiment: str, wrong):
    body = {"experiment_ids": [experiment], "by": "params.family"} | wrong
    assert client.refused("POST", f"{OWN}/group", body).code == "INVALID_PARAMETER_VALUE"


def test_the_extremes_of_a_metric(client: Caller, server: Server):
    first, second = client.run(), client.run()
    for run, values in ((first, [3.0, -1.0, 2.0, float("nan")]), (second, [float("inf"), 1.0])):
        points = [{"key": "loss", "value": str(v), "timestamp": at, "step": at} for at, v in enumerate(values)]
        points.append({"key": "only nan", "value": "NaN", "timestamp": 1, "step": 1})
        client.post("runs/log-batch", run_id=run, metrics=points)
    told = client.post(f"{OWN}/metric-extremes", run_ids=[first, second], metric_keys=["loss", "only nan", "unknown"])
    found = {each["run_id"]: each for each in told["extremes"]}
    assert found == {
        first: {"run_id": first, "key": "loss", "points": 3, "min": -1.0, "max": 3.0},
        second: {"run_id": second, "key": "loss", "points": 2, "min": 1.0, "max": "Infinity"},
    }
    assert len(told["extremes"]) == 2
    for wrong in ({"run_ids": []}, {"metric_keys": []}, {"metric_keys": ["x"] * 21}):
        body = {"run_ids": [first], "metric_keys": ["loss"]} | wrong
        assert client.refused("POST", f"{OWN}/metric-extremes", body).code == "INVALID_PARAMETER_VALUE"
    missing = {"run_ids": ["0" * 32], "metric_keys": ["loss"]}
    assert client.refused("POST", f"{OWN}/metric-extremes", missing).code == "RESOURCE_DOES_NOT_EXIST"


def test_a_table_says_what_a_search_says(client: Caller, experiment: str):
    for more in ({}, {"filter": "metrics.acc > 0.6", "order_by": ["metrics.acc DESC"]}, {"max_results": 3}):
        body = {"experiment_ids": [experiment], **more}
        table, found = client.post(f"{OWN}/table", **body), client.post("runs/search", **body)
        assert table.get("next_page_token") == found.get("next_page_token")
        for row, run in zip(table["rows"], found["runs"], strict=True):
            assert (row["info"], row["inputs"], row["outputs"]) == (run["info"], run["inputs"], run["outputs"])
            for kind in ("metrics", "params", "tags"):
                place, values, *steps = row[kind]
                assert steps in ([], [[each.get("step") for each in run["data"][kind]]])
                pairs = list(zip(table["keys"][place], values, strict=True))
                assert pairs == [(each["key"], each["value"]) for each in run["data"][kind]]
    assert client.post(f"{OWN}/table", experiment_ids=["424242"]) == {"keys": [], "rows": []}
    refused = client.refused("POST", f"{OWN}/table", {"experiment_ids": [experiment], "filter": "a >>> b"})
    assert refused.code == "INVALID_PARAMETER_VALUE"
