"""Params are written once, whoever tries at the same moment; a batch is all or nothing."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import Caller

WRITERS = 16


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture
def run(client: Caller) -> str:
    return client.run("0")


def params(client: Caller, run: str) -> dict[str, str]:
    return {each["key"]: each["value"] for each in client.data(run)["params"]}


def at_once(work, arguments) -> list:
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(work, arguments))


def test_the_first_value_stays(client, run):
    client.post("runs/log-parameter", run_id=run, key="p", value="1")
    client.post("runs/log-parameter", run_id=run, key="p", value="1")
    answer = client.refused("POST", "runs/log-parameter", {"run_id": run, "key": "p", "value": "2"})
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")
    assert answer.message.startswith(
        "Changing param values is not allowed. Param with key='p' was already logged with value='1'"
    )
    assert params(client, run) == {"p": "1"}


def test_one_of_sixteen_writers_wins(client):
    for _ in range(10):
        run = client.run("0")

        def write(value: int, run: str = run) -> int:
            body = {"run_id": run, "key": "p", "value": str(value)}
            return client.request("POST", "runs/log-parameter", json=body).status_code

        statuses = at_once(write, range(WRITERS))
        assert sorted(statuses) == [200] + [400] * (WRITERS - 1)
        assert params(client, run) == {"p": str(statuses.index(200))}


def test_sixteen_writers_of_the_same_value(client, run):
    body = {"run_id": run, "key": "p", "value": "same"}
    statuses = at_once(lambda _: client.request("POST", "runs/log-parameter", json=body).status_code, range(WRITERS))
    assert set(statuses) == {200}
    assert params(client, run) == {"p": "same"}


def test_batches_that_overlap(client):
    """Each writer brings many params in an order of its own; whoever meets a foreign value leaves nothing behind."""
    for round_ in range(5):
        run = client.run("0")
        keys = [f"k{number}" for number in range(20)]

        def write(writer: int, run: str = run, keys: list[str] = keys) -> int:
            mine = random.Random(writer).sample(keys, 8)
            body = {
                "run_id": run,
                "params": [{"key": key, "value": f"{writer}"} for key in mine],
                "metrics": [{"key": f"m{writer}", "value": 1, "timestamp": 1}],
                "tags": [{"key": f"t{writer}", "value": "x"}],
            }
            response = client.request("POST", "runs/log-batch", json=body)
            assert response.status_code in (200, 400), response.text
            return response.status_code

        statuses = at_once(write, range(WRITERS))
        winners = {str(writer) for writer, status in enumerate(statuses) if status == 200}
        assert winners, round_
        kept = params(client, run)
        assert set(kept.values()) == winners
        for writer in winners:
            mine = random.Random(int(writer)).sample(keys, 8)
            assert all(kept[key] == writer for key in mine)
        data = client.data(run)
        assert {each["key"] for each in data["metrics"]} == {f"m{writer}" for writer in winners}
        assert {each["key"] for each in data["tags"]} == {f"t{writer}" for writer in winners} | {"mlflow.runName"}


def test_a_batch_that_contradicts_itself(client, run):
    twice = [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]
    assert client.refused("POST", "runs/log-batch", {"run_id": run, "params": twice}).code == "INVALID_PARAMETER_VALUE"
    client.post("runs/log-batch", run_id=run, params=[{"key": "q", "value": "1"}] * 2)
    assert params(client, run) == {"q": "1"}


def test_values_that_look_like_others(client, run):
    """Compared byte by byte: no trimming, no case, no numbers, no normal forms."""
    for number, (one, other) in enumerate(
        [("a", "A"), ("1", "1.0"), ("x", "x "), ("\u00e9", "e\u0301"), ("", " "), ("a:b", "a")]
    ):
        client.post("runs/log-parameter", run_id=run, key=f"k{number}", value=one)
        client.post("runs/log-parameter", run_id=run, key=f"k{number}", value=one)
        answer = client.refused("POST", "runs/log-parameter", {"run_id": run, "key": f"k{number}", "value": other})
        assert repr(one) in answer.message
        assert repr(other) in answer.message
        assert params(client, run)[f"k{number}"] == one
