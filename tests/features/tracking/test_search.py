"""The search of runs against a naive evaluation of the same filter and order over the same runs, on every path.

Which path a search takes depends on how many runs there are. The tests set the sizes at which it changes, so that a
hundred runs go through what a million do.
"""

import asyncio
import random
from collections.abc import Iterator

import asyncpg
import pytest

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter
from lakeward.tracking.search import search, walk
from search_world import ALIVE, DEAD, ORDER_KEYS, SMALL, Run, expected, random_clause, random_order, store, world
from server import Backend

WORKSPACE = 1
NAMES_OF_SIZES = ("FEW", "MOST_FEW", "SMALL", "FIRST", "FURTHER", "SLACK", "NEWEST", "RARE")
PATHS = {
    "few candidates": (100_000, 100_000, 0, 0, 0, 8, 0, 0),
    "newest": (0, 0, 0, 3, 0, 1, 1000, 0),
    "probes": (0, 0, 0, 100_000, 100_000, 2, 0, 0),
    "further probes": (0, 0, 0, 4, 100_000, 1, 0, 0),
    "probes run out": (0, 0, 0, 3, 12, 1, 4, 0),
    "small sets": (0, 0, 100_000, 5, 1_000, 1, 0, 0),
    "sets": (0, 0, 0, 0, 0, 1, 0, -1),
    "few in common": (0, 30, 0, 0, 0, 1, 0, 1),
    "mixed": (6, 6, 30, 5, 12, 2, 20, 0.2),
}


async def all_pages(connection, size: int, **query) -> list[int]:
    seqs, token = [], None
    for _ in range(2000):
        page, token = await search(connection, WORKSPACE, max_results=size, page_token=token, **query)
        assert len(page) <= size
        seqs += page
        if token is None:
            return seqs
        assert len(page) == size
    raise AssertionError("paging never ends")


@pytest.fixture(scope="module")
def filled(backend: Backend) -> Iterator[tuple[str, list[Run]]]:
    runs = world(random.Random(42), 120)

    async def fill(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await store(connection, runs)
        await connection.execute("ANALYZE")
        await connection.close()

    with backend.database() as name:
        asyncio.run(fill(backend.dsn_of(name)))
        yield backend.dsn_of(name), runs


@pytest.fixture(params=PATHS)
def path(request, monkeypatch) -> str:
    for name, value in zip(NAMES_OF_SIZES, PATHS[request.param], strict=True):
        monkeypatch.setattr(walk, name, value)
    return request.param


SCOPES = [[ALIVE], [ALIVE, SMALL], [ALIVE, SMALL, DEAD], [SMALL], [DEAD], [ALIVE, SMALL, DEAD, 999]]


def test_random_searches_agree_with_naive_evaluation(filled, path):
    dsn, runs = filled
    rng = random.Random(path)

    async def check() -> int:
        connection = await asyncpg.connect(dsn)
        hits = 0
        for _ in range(70):
            scope = rng.choice(SCOPES)
            text = " AND ".join(random_clause(rng, runs) for _ in range(rng.choice([0, 1, 1, 2, 3])))
            order_by = random_order(rng)
            view = rng.choice(["ACTIVE_ONLY", "ACTIVE_ONLY", "DELETED_ONLY", "ALL"])
            size = rng.choice([1, 2, 7, 1000]) if rng.random() < 0.5 else 20
            query = {
                "experiment_ids": [str(each) for each in scope],
                "filter": text,
                "order_by": order_by,
                "view": view,
            }
            want = expected(runs, scope, text, order_by, view)
            got = await all_pages(connection, size, **query)
            assert got == want, (query, size)
            hits += bool(want)
        await connection.close()
        return hits

    assert asyncio.run(check()) > 25


@pytest.mark.parametrize(
    "order_by", [[], *([key] for key in ORDER_KEYS), ["metrics.m DESC"], ["params.p DESC", "metrics.m"]]
)
@pytest.mark.parametrize("size", [2, 50])
def test_paging_gives_every_run_once(filled, path, order_by, size):
    dsn, runs = filled
    scope = [ALIVE, SMALL]

    async def pages() -> list[int]:
        connection = await asyncpg.connect(dsn)
        try:
            return await all_pages(
                connection, size, experiment_ids=["11", "12"], filter="", order_by=order_by, view="ACTIVE_ONLY"
            )
        finally:
            await connection.close()

    got = asyncio.run(pages())
    assert len(got) == len(set(got))
    assert got == expected(runs, scope, "", order_by, "ACTIVE_ONLY")


# ── refusals and edges ───────────────────────────────────────────────────────────────────────────────────────────────


def ask(dsn: str, **given):
    query = {"experiment_ids": ["11"], "filter": "", "order_by": [], "view": "ACTIVE_ONLY"}
    query |= {"max_results": 2, "page_token": None, **given}

    async def call():
        connection = await asyncpg.connect(dsn)
        try:
            return await search(connection, WORKSPACE, **query)
        finally:
            await connection.close()

    return asyncio.run(call())


@pytest.mark.parametrize(
    "changed",
    [{"filter": "metrics.m > 1"}, {"order_by": ["metrics.m"]}, {"experiment_ids": ["12"]}, {"view": "ALL"}],
)
def test_a_page_token_belongs_to_its_search(filled, changed):
    dsn, _ = filled
    _, token = ask(dsn)
    with pytest.raises(InvalidParameter, match="another search"):
        ask(dsn, page_token=token, **changed)
    assert ask(dsn, page_token=token, max_results=5)[0]  # the size of pages may change


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [0, 1.0],
        [0, "x", 1, "a"],
        [0, None, 1, "a"],
        [1, 2.0, 1, "a"],
        [3, None, 1, "a"],
        [0, 1.0, "1", "a"],
        [0, 1.0, 1, None],
        [0, 1.0, 0, 1.0, 1, "a"],
    ],
)
def test_forged_positions_are_refused(filled, parts):
    dsn, _ = filled
    context = pages.context_of("runs", WORKSPACE, ["11"], "", ["metrics.m"], "ACTIVE_ONLY")
    with pytest.raises(InvalidParameter, match="page token"):
        ask(dsn, order_by=["metrics.m"], page_token=pages.encode(parts, context))


@pytest.mark.parametrize("size", [0, -1, 50_001])
def test_page_sizes_are_bounded(filled, size):
    with pytest.raises(InvalidParameter, match="max_results"):
        ask(filled[0], max_results=size)


@pytest.mark.parametrize("ids", [[], ["999"], ["nothing"], ["11x", "-1", "1" * 30]])
def test_experiments_that_are_not_there_hold_no_runs(filled, ids):
    assert ask(filled[0], experiment_ids=ids) == ([], None)


def test_another_workspace_sees_nothing(filled):
    dsn, _ = filled

    async def call():
        connection = await asyncpg.connect(dsn)
        try:
            return await search(
                connection,
                2,
                experiment_ids=["11"],
                filter="",
                order_by=[],
                view="ALL",
                max_results=9,
                page_token=None,
            )
        finally:
            await connection.close()

    assert asyncio.run(call()) == ([], None)


def test_artifact_uris_are_those_the_caller_sees(filled):
    dsn, runs = filled
    wanted = {run.seq for run in runs if run.experiment == ALIVE and not run.deleted}
    http = {"filter": "attributes.artifact_uri LIKE 'mlflow-artifacts:/11/%/artifacts'", "max_results": 500}
    assert set(ask(dsn, **http)[0]) == wanted
    assert ask(dsn, **http, databricks=True)[0] == []
    databricks = {"filter": "artifact_uri LIKE 'dbfs:/databricks/mlflow-tracking/11/%'", "max_results": 500}
    assert set(ask(dsn, **databricks, databricks=True)[0]) == wanted
