"""What the hot paths cost: the statements the database is sent, counted. One more is a decision, not an accident."""

import re
import time

import pytest

from server import Caller, Server


@pytest.fixture(scope="module")
def server(serving):
    with serving(log_statements=True) as started:
        yield started


@pytest.fixture
def experiment(client: Caller) -> str:
    return client.experiment()


@pytest.fixture
def run(client: Caller, experiment: str) -> str:
    return client.run(experiment)


# Whatever is asked: who calls is looked up once a second, the audit log gets its line, and the worker seals it.
ASIDE = re.compile(
    r"principals_of\(p\.id\)|audit_(inbox|event|seal)|set_config\('jit'|typeinfo_tree"  # the last: of a new connection
)


def cost(server: Server, work) -> list[str]:
    """The statements of `work`, done twice before: then names are known, statements prepared and documents kept."""
    work()
    work()
    time.sleep(0.3)  # what follows an answer is over
    with server.statements() as seen:
        work()
        time.sleep(0.1)
    return [statement for statement in seen if not ASIDE.search(statement)]


def verbs(statements: list[str]) -> list[str]:
    return [statement.split(None, 1)[0].rstrip(";") for statement in statements]


POINT = {"key": "m", "value": 1, "timestamp": 1}
PAIR = [{"key": "k", "value": "v"}]


def test_log_metric(server, client, run):
    seen = cost(server, lambda: client.post("runs/log-metric", run_id=run, **POINT))
    assert verbs(seen) == ["SELECT"]
    assert "log_points" in seen[0]


@pytest.mark.parametrize("number", [1, 1000])
def test_log_batch_of_metrics(server, client, run, number):
    metrics = [{"key": f"m{each}", "value": each, "timestamp": each} for each in range(number)]
    seen = cost(server, lambda: client.post("runs/log-batch", run_id=run, metrics=metrics))
    assert verbs(seen) == ["SELECT"]


@pytest.mark.parametrize("fields", [{"params": PAIR}, {"tags": PAIR}, {"params": PAIR, "tags": PAIR}])
def test_log_batch_of_words(server, client, run, fields):
    seen = cost(server, lambda: client.post("runs/log-batch", run_id=run, **fields))
    assert verbs(seen) == ["SELECT"]
    assert "log_words" in seen[0]


def test_log_batch_of_both(server, client, run):
    body = {"metrics": [POINT], "params": PAIR, "tags": PAIR}
    assert verbs(cost(server, lambda: client.post("runs/log-batch", run_id=run, **body))) == [
        "BEGIN",
        "SELECT",
        "SELECT",
        "COMMIT",
    ]


@pytest.mark.parametrize("path", ["log-parameter", "set-tag"])
def test_single_words(server, client, run, path):
    assert verbs(cost(server, lambda: client.post(f"runs/{path}", run_id=run, key="k", value="v"))) == ["SELECT"]


def test_create_run(server, client, experiment):
    assert len(cost(server, lambda: client.run(experiment, run_name="n", tags=PAIR))) == 1


def test_end_run(server, client, run):
    """The change, and after the answer a look whether the run's points should be put in order."""
    seen = cost(server, lambda: client.post("runs/update", run_id=run, status="FINISHED", end_time=1))
    assert len(seen) <= 2


def test_get_run(server, client, run):
    assert len(cost(server, lambda: client.get("runs/get", run_id=run))) <= 2
    client.post("runs/update", run_id=run, status="FINISHED")
    client.post("runs/search", experiment_ids=[client.get("runs/get", run_id=run)["run"]["info"]["experiment_id"]])
    assert len(cost(server, lambda: client.get("runs/get", run_id=run))) == 1


@pytest.mark.parametrize("number", [1, 100])
def test_a_page_of_runs(server, client, experiment, number):
    """As many statements for a hundred runs as for one: which they are, and what they carry."""
    for _ in range(number):
        client.post("runs/update", run_id=client.run(experiment), status="FINISHED")
    seen = cost(server, lambda: client.post("runs/search", experiment_ids=[experiment], max_results=1000))
    assert set(verbs(seen)) <= {"SELECT", "WITH"}
    assert len(seen) <= 3


def test_a_page_of_running_runs(server, client, experiment):
    """Documents are made for the answer: one statement more, however many runs."""
    for _ in range(30):
        client.run(experiment)
    seen = cost(server, lambda: client.post("runs/search", experiment_ids=[experiment], max_results=1000))
    assert len(seen) <= 4


def test_a_filtered_and_ordered_page(server, client, experiment):
    for number in range(30):
        run = client.run(experiment)
        client.post("runs/log-batch", run_id=run, metrics=[POINT], params=[{"key": "k", "value": str(number)}])
        client.post("runs/update", run_id=run, status="FINISHED")
    body = {
        "experiment_ids": [experiment],
        "filter": "metrics.m > 0 and params.k != '3'",
        "order_by": ["metrics.m DESC"],
    }
    seen = cost(server, lambda: client.post("runs/search", **body))
    assert len(seen) <= 8


def test_history(server, client, run):
    client.post("runs/log-metric", run_id=run, **POINT)
    assert len(cost(server, lambda: client.get("metrics/get-history", run_id=run, metric_key="m"))) == 2


def test_sampled_histories_of_many_runs(server, client, experiment):
    """Three statements for a chart of forty runs: which they are, how much there is, and all of it."""
    runs = [client.run(experiment) for _ in range(40)]
    for run in runs:
        client.post("runs/log-metric", run_id=run, **POINT)
    query = {"run_ids": runs, "metric_key": "m"}
    assert len(cost(server, lambda: client.get("metrics/get-history-bulk-interval", **query))) == 3


def test_reads_need_no_transaction(server, client, run, experiment):
    """No BEGIN and COMMIT around what is one statement anyway: two round trips less."""
    for work in (
        lambda: client.get("runs/get", run_id=run),
        lambda: client.get("experiments/get", experiment_id=experiment),
        lambda: client.get("experiments/get-by-name", experiment_name="Default"),
        lambda: client.get("experiments/search"),
    ):
        assert "BEGIN" not in verbs(cost(server, work))
    assert len(cost(server, lambda: client.get("experiments/get-by-name", experiment_name="Default"))) == 1
    assert len(cost(server, lambda: client.get("experiments/search"))) == 1


def test_health_asks_the_database(server, client):
    assert len(cost(server, lambda: client.call("GET", "/health"))) == 1
    assert cost(server, lambda: client.request("GET", "/version")) == []
