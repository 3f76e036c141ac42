"""No statement is built from words that a caller wrote: they arrive as parameters, whatever they are."""

from collections.abc import Iterator

import pytest

from server import Caller, Server

MARK = "zq';DROP--"  # stands in every word below and may stand in no statement
OPERATORS = ("=", "!=", "LIKE", "ILIKE")


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving(log_statements=True) as started:
        yield started


@pytest.fixture
def run(client: Caller) -> str:
    run_id = client.run(client.experiment(), run_name=MARK, tags=[{"key": MARK, "value": MARK}])
    client.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=[{"key": MARK, "value": 1, "timestamp": 1, "step": 1}],
        params=[{"key": MARK, "value": MARK}],
    )
    dataset = {"name": MARK, "digest": "d", "source_type": MARK, "source": MARK}
    client.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset}])
    return run_id


def quoted(word: str) -> str:
    return '"' + word + '"'


def filters() -> list[str]:
    texts = [f"{entity}.`{MARK}` {operator} {quoted(MARK)}" for entity in ("params", "tags") for operator in OPERATORS]
    texts += [f"attributes.run_name {operator} {quoted(MARK)}" for operator in OPERATORS]
    texts += [f"metrics.`{MARK}` > 0", f"params.`{MARK}` IS NOT NULL", f"tags.`{MARK}` IS NULL"]
    texts += [f"attributes.run_id IN ({quoted(MARK)})", f"datasets.name = {quoted(MARK)}"]
    return texts


def test_run_searches_carry_words_as_parameters(server: Server, client: Caller, run: str) -> None:
    experiment = client.get("runs/get", run_id=run)["run"]["info"]["experiment_id"]
    found = 0
    with server.statements() as statements:
        for text in filters():
            for order in ([], [f"metrics.`{MARK}` DESC"], [f"params.`{MARK}`"], [f"tags.`{MARK}` DESC"]):
                page = client.post("runs/search", experiment_ids=[experiment], filter=text, order_by=order)
                found += len(page.get("runs", []))
    assert found > 20
    assert len(statements) > 50
    assert [statement for statement in statements if "DROP--" in statement] == []


def test_other_words_are_parameters_too(server: Server, client: Caller) -> None:
    with server.statements() as statements:
        experiment = client.experiment(MARK, tags=[{"key": MARK, "value": MARK}])
        for operator in OPERATORS:
            client.post("experiments/search", filter=f"name {operator} {quoted(MARK)}")
            client.post("experiments/search", filter=f"tags.`{MARK}` {operator} {quoted(MARK)}", order_by=["name DESC"])
        run_id = client.run(experiment, run_name=MARK)
        client.post("runs/set-tag", run_id=run_id, key=MARK, value=MARK)
        client.post("runs/delete-tag", run_id=run_id, key=MARK)
        client.get("metrics/get-history", run_id=run_id, metric_key=MARK)
        client.post(
            "logged-models",
            experiment_id=experiment,
            name="m",
            params=[{"key": MARK, "value": MARK}],
            tags=[{"key": MARK, "value": MARK}],
        )
        for text in (
            f"params.`{MARK}` = {quoted(MARK)}",
            f"tags.`{MARK}` LIKE {quoted(MARK)}",
            f"metrics.`{MARK}` > 1",
        ):
            client.post(
                "logged-models/search",
                experiment_ids=[experiment],
                filter=text,
                datasets=[{"dataset_name": MARK, "dataset_digest": MARK}],
                order_by=[{"field_name": f"metrics.{MARK}", "dataset_name": MARK}],
            )
    assert len(statements) > 20
    assert [statement for statement in statements if "DROP--" in statement] == []
