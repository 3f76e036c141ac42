"""Page tokens are not signed: whoever makes one that fits this very query gets a page or a refusal, never a fault."""

import itertools
import math
from typing import Any

import pytest

from lakeward.kit import pages
from server import Caller

FORGED: list[list[Any]] = [
    [], [1], ["x"], [None], [1, 2], [1, "x"], ["x", 1], [1, 2, 3], [1, 1, 1.5], [1, 1, "x"], [1, None, 1.0],
    [1.5, 1, 1.0], [0, 1, 1, "x"], [0, "x", 1, "x"], [9, 1, 1, "x"], [True, 1, 1, "x"], [0, math.nan, 1, "x"],
    [-1, None, 1, "x"], [2**63 - 1, 2**63 - 1, 1.0], [2**63 - 1], ["a\x00b", 1], ["'; DROP TABLE run; --", 1], [1] * 50,
    [0, 1.5, 1, "a\x00b"],
]  # fmt: skip


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def experiment(server) -> str:
    client = server.local
    made = client.experiment()
    for number in range(3):
        run = client.run(made)
        client.post("runs/log-metric", run_id=run, key="m", value=number, timestamp=number)
    return made


def taken_or_refused(client: Caller, method: str, path: str, fields: dict[str, Any]) -> None:
    how = {"params": fields} if method == "GET" else {"json": fields}
    response = client.request(method, path, **how)
    assert response.status_code in (200, 400), response.text


@pytest.mark.parametrize("parts", FORGED, ids=repr)
def test_forged_tokens(client: Caller, experiment, parts):
    for filter_, order in itertools.product((None, "name LIKE '%'"), ([], ["name"], ["creation_time DESC", "name"])):
        context = pages.context_of("experiments", 1, filter_, order, "ACTIVE_ONLY")
        token = pages.encode(parts, context)
        body = {"filter": filter_, "order_by": order, "page_token": token, "max_results": 1}
        taken_or_refused(client, "POST", "experiments/search", body)
    for order in ([], ["metrics.m"], ["params.p DESC"], ["attributes.start_time ASC"], ["tags.t", "metrics.m DESC"]):
        context = pages.context_of("runs", 1, [experiment], None, order, "ACTIVE_ONLY")
        body = {"experiment_ids": [experiment], "order_by": order, "page_token": pages.encode(parts, context)}
        taken_or_refused(client, "POST", "runs/search", body)
    run = client.post("runs/search", experiment_ids=[experiment])["runs"][0]["info"]["run_id"]
    token = pages.encode(parts, pages.context_of("history", run, "m"))
    query = {"run_id": run, "metric_key": "m", "max_results": 1, "page_token": token}
    taken_or_refused(client, "GET", "metrics/get-history", query)


def test_the_forger_knows_the_form(client: Caller, experiment):
    """The contexts above are those of the server, or the test would have forged nothing."""
    for path, body, context in (
        ("experiments/search", {"order_by": ["name"]}, ("experiments", 1, None, ["name"], "ACTIVE_ONLY")),
        ("runs/search", {"experiment_ids": [experiment]}, ("runs", 1, [experiment], None, [], "ACTIVE_ONLY")),
    ):
        token = client.post(path, max_results=1, **body)["next_page_token"]
        assert pages.decode(token, pages.context_of(*context))
