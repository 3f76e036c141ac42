"""Search: the grammar over the wire, order, data sets, pages; and a thousand searches against a naive evaluation."""

import random

import asyncpg
import naive
import pytest

from lakeward.kit import pages
from server import Server

EXPERIMENTS = (7001, 7002, 7003)
RUNS = [f"{n:032x}" for n in range(4)]
TEXTS = ["a", "b", "B", "ab", "a_b", "a%b", "a\\b", "", "it", "É", "é", "日本", "z" * 120, "z" * 120 + "y"]
VALUES = [-1.0, 0.0, 0.25, 0.5, 0.5, 0.75, 1.0, float("inf"), float("-inf"), float("nan")]
DATASETS = [("", ""), ("", ""), ("train", "d1"), ("train", "d2"), ("test", "d1"), ("test", ""), ("", "d9")]
STATUSES = ["LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"]


def made_up(rng: random.Random, number: int) -> naive.Model:
    values = {
        "id": f"m-{number:032x}",
        "experiment": str(rng.choice(EXPERIMENTS)),
        "name": rng.choice(["tree", "forest", "Tree", "net"]),
        "type": rng.choice(["", "Classifier", "Agent"]),
        "status": rng.choice(STATUSES),
        "run": rng.choice(RUNS),
        "created": 1000 + rng.randrange(20),
        "updated": 2000 + rng.randrange(20),
        "params": {key: rng.choice(TEXTS) for key in ("p", "q") if rng.random() < 0.8},
        "tags": {key: rng.choice(TEXTS) for key in ("t", "u") if rng.random() < 0.8},
    }
    return naive.Model(**values, points=[some_point(rng) for _ in range(rng.randrange(7))])


def some_point(rng: random.Random) -> naive.Point:
    key, value, on = rng.choice(["acc", "loss"]), rng.choice(VALUES), rng.choice(DATASETS)
    return naive.Point(key, value, rng.randrange(3), rng.randrange(3), *on, rng.choice(RUNS))


async def _store(dsn: str, found: list[naive.Model]) -> None:
    """As rows, so that times are as wanted; metrics through the package itself."""
    from lakeward import logged_models
    from lakeward.runtime.db import Database
    from lakeward.tracking.records import Point

    db = await Database.open(dsn)
    async with db.transaction() as tx:
        await tx.executemany(
            "INSERT INTO experiment (id, workspace_id, name, created_at, updated_at)"
            " VALUES ($1, 1, $1::bigint::text, 0, 0)",
            [(each,) for each in EXPERIMENTS],
        )
    await db.name_ids(["p", "q", "t", "u", "acc", "loss"])
    for m in found:
        async with db.transaction() as tx:
            seq = await tx.fetchval(
                "INSERT INTO logged_model (model_id, experiment_id, name, model_type, source_run_id, status,"
                " creator_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8) RETURNING seq",
                m.id, int(m.experiment), m.name, m.type, m.run, m.status, m.created, m.updated,
            )  # fmt: skip
            for table, entries in (("param", m.params), ("tag", m.tags)):
                for key, value in entries.items():
                    (key_id,) = await db.name_ids([key])
                    await tx.execute(
                        f"INSERT INTO logged_model_{table} (model_seq, key_id, experiment_id, value)"
                        " VALUES ($1, $2, $3, $4)",
                        seq, key_id, int(m.experiment), value,
                    )  # fmt: skip
            for p in m.points:
                point = Point(p.key, p.value, p.ts, p.step, m.id, p.dataset, p.digest)
                await logged_models.record_metrics(tx, p.run, EXPERIMENTS[0], [point])
    await db.close()


@pytest.fixture(scope="module")
def stored(server: Server) -> list[naive.Model]:
    rng = random.Random(7)
    found = [made_up(rng, number) for number in range(150)]
    server.backend.loop.run(_store(server.backend.dsn_of(server.database), found))
    return found


def some_clause(rng: random.Random) -> naive.Clause:
    numeric, textual = ["=", "!=", "<", "<=", ">", ">="], ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"]
    entity = rng.choice(["metrics", "params", "tags", "attributes"])
    if entity == "metrics":
        return naive.Clause(
            entity, rng.choice(["acc", "loss", "none"]), rng.choice(numeric), rng.choice([0.25, 0.5, 0, 1.0])
        )
    if entity == "attributes":
        key = rng.choice(
            ["name", "model_type", "status", "source_run_id", "experiment_id", "creation_time", "model_id"]
        )
        if key == "creation_time":
            return naive.Clause(entity, key, rng.choice(numeric), 1000 + rng.randrange(20))
        words = {
            "name": ["tree", "Tree", "net"], "model_type": ["", "Agent"], "status": STATUSES, "source_run_id": RUNS,
            "experiment_id": [str(each) for each in EXPERIMENTS], "model_id": [f"m-{3:032x}", f"m-{9:032x}"],
        }[key]  # fmt: skip
    else:
        key = rng.choice(["p", "q", "none"] if entity == "params" else ["t", "u", "none"])
        words = TEXTS
    op = rng.choice(textual)
    if op in ("IN", "NOT IN"):
        value = tuple(rng.sample([word for word in words if "\\" not in word], k=min(2, len(words) - 1)))
    elif op in ("LIKE", "ILIKE"):
        value = rng.choice(["%", "_", "a%", "%b", "%é%", "a_b", "%E%", "Tr%", "z%y", "%READY", "\\%"])
    else:
        value = rng.choice(words)
    return naive.Clause(entity, key, op, value)


def some_order(rng: random.Random) -> dict:
    key = rng.choice(
        ["metrics.acc", "metrics.loss", "metrics.none", "metrics.acc", "name", "status", "creation_time", "model_id",
         "last_updated_timestamp", "experiment_id", "model_type", "source_run_id"]
    )  # fmt: skip
    order = {"field_name": key, "ascending": rng.random() < 0.5}
    if key.startswith("metrics"):
        order |= rng.choice(
            [{}, {"dataset_name": "train"}, {"dataset_name": "test"}, {"dataset_name": "train", "dataset_digest": "d1"},
             {"dataset_name": "nowhere"}]
        )  # fmt: skip
    return order


@pytest.mark.parametrize("seed", range(40))
def test_against_the_naive_evaluation(models, stored, seed):
    rng = random.Random(seed)
    for _ in range(10):
        experiments = rng.sample(EXPERIMENTS, rng.randint(1, 3))
        clauses = [some_clause(rng) for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))]
        datasets = rng.sample([("train", ""), ("test", ""), ("train", "d2"), ("x", "")], rng.choice([0, 0, 0, 1, 2]))
        orders = [some_order(rng) for _ in range(rng.choice([0, 1, 1, 1, 2, 3]))]
        seen = [m for m in stored if int(m.experiment) in experiments]
        expected = naive.search(seen, clauses, datasets, orders)
        question = {
            "filter": " AND ".join(map(str, clauses)),
            "datasets": [{"dataset_name": name, "dataset_digest": digest} for name, digest in datasets],
            "order_by": orders,
        }
        for size in (1000, rng.choice([1, 3, 7, 20])):
            if size > 1 or len(expected) < 30:
                found = models.search(*map(str, experiments), max_results=size, **question)
                assert found == expected, (size, question)


def test_more_experiments_than_branches(models, client):
    experiments = [client.experiment() for _ in range(35)]
    ids = [models.id(experiment, name=f"{n:02}") for n, experiment in enumerate(experiments)]
    run = client.run(experiments[0])
    for n, model in enumerate(ids):
        if n % 3:
            models.measure(run, model, "many", n % 5)
    order = [{"field_name": "metrics.many", "ascending": False}, {"field_name": "name"}]
    measured = sorted((n for n in range(35) if n % 3), key=lambda n: (-(n % 5), n))
    expected = [ids[n] for n in measured] + [ids[n] for n in range(0, 35, 3)]
    assert models.search(*experiments, order_by=order, max_results=4) == expected
    assert models.search(*experiments, filter="metrics.many > 3") == [ids[n] for n in reversed(measured) if n % 5 == 4]


# ── the grammar over the wire ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "condition",
    ["name='x'", "name = 'x'", "attributes.name = 'x'", "`name` = 'x'", "name = x", "metrics.`my metric` >= .5", "",
     "metrics.m > 0.1 AND params.p != 'a' AND tags.t LIKE '%'", "status = 'READY'", "tags.t in ('a', 'b')",
     "creation_timestamp > 0", "last_updated_time <= 10", "params.p NOT IN ('a')", "model_id like 'm-%'"],
)  # fmt: skip
def test_spellings(models, experiment, condition):
    model = models.id(experiment, name="y")
    found = models.search(experiment, filter=condition)
    assert found == ([model] if condition in ("", "creation_timestamp > 0", "model_id like 'm-%'") else [])


@pytest.mark.parametrize("spelling", ["READY", "LOGGED_MODEL_READY", "ready"])
def test_a_status_by_the_name_people_see(models, experiment, spelling):
    ready, pending = models.id(experiment), models.id(experiment)
    models.patch(ready, status=2)
    assert models.search(experiment, filter=f"status = '{spelling}'") == [ready]
    assert models.search(experiment, filter=f"status != '{spelling}'") == [pending]
    assert models.search(experiment, filter=f"status IN ('{spelling}', 'FAILED')") == [ready]


@pytest.mark.parametrize(
    "condition",
    ["name", "name =", "= 'x'", "name = 'x' OR name = 'y'", "nothing = 'x'", "metrics.m = 'x'", "metrics.m LIKE 'x'",
     "name > 'x'", "runs.name = 'x'", "(name = 'x')", "name = 'x';", "name IS NULL", "metrics. > 1", "name = 'x' 'y'"],
)  # fmt: skip
def test_no_filter(client, experiment, condition):
    body = {"experiment_ids": [experiment], "filter": condition}
    refused = client.refused("POST", "logged-models/search", body)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    "body",
    [{"order_by": [{"field_name": "params.p"}]}, {"order_by": [{"field_name": "nothing"}]}, {"order_by": [{}]},
     {"order_by": [{"field_name": "metrics.m", "dataset_digest": "d"}]}, {"order_by": ["name"]},
     {"order_by": [{"field_name": "name"}] * 21}, {"datasets": [{"dataset_digest": "d"}]}, {"datasets": [{}]},
     {"datasets": [{"dataset_name": "x"}] * 101}, {"max_results": -1}, {"max_results": 50_001}, {"page_token": "x"},
     {"experiment_ids": []}, {"experiment_ids": "1"}, {"max_results": "many"}],
)  # fmt: skip
def test_what_is_refused(client, experiment, body):
    refused = client.refused("POST", "logged-models/search", {"experiment_ids": [experiment]} | body)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_a_search_names_its_experiments(client):
    assert client.refused("POST", "logged-models/search", {}).code == "INVALID_PARAMETER_VALUE"
    assert client.post("logged-models/search", experiment_ids=["123456789"]) == {"models": []}


def test_without_a_word_newest_first(models, experiment):
    ids = [models.id(experiment) for _ in range(3)]
    created = {m: models.get(m)["info"]["creation_timestamp_ms"] for m in ids}
    assert models.search(experiment) == sorted(ids, key=lambda m: (-created[m], m))


def test_a_hundred_to_a_page(models, client, experiment):
    for _ in range(101):
        models.id(experiment)
    for size in ({}, {"max_results": 0}):
        page = client.post("logged-models/search", experiment_ids=[experiment], **size)
        assert len(page["models"]) == 100
        assert page["next_page_token"]
    assert len(models.search(experiment)) == 101


def test_a_page_token_belongs_to_its_question(client, models, experiment):
    for _ in range(3):
        models.id(experiment)
    question = {"experiment_ids": [experiment], "max_results": 1}
    token = client.post("logged-models/search", **question)["next_page_token"]
    for other in (
        {"filter": "name != 'x'"},
        {"order_by": [{"field_name": "name"}]},
        {"datasets": [{"dataset_name": "x"}]},
        {"experiment_ids": [experiment, "1"]},
    ):
        refused = client.refused("POST", "logged-models/search", question | other | {"page_token": token})
        assert refused.code == "INVALID_PARAMETER_VALUE"
    assert len(client.post("logged-models/search", **question | {"max_results": 2, "page_token": token})["models"]) == 2


@pytest.mark.parametrize(
    "parts",
    [[], [0], ["x"], [None], [2, 1, 1, "x"], [0, 1, "x"], [0, "x", "x"], [0, 1.5, "x"], [1, 1, "x"], [0, None, None],
     [0, float("nan"), 1, "x"], [0, 2**63 - 1, 0, "x"], [0, 0.5, 1, "a\0b"], [1, 1.0, 1.0, 1.0], [0] * 40],
    ids=repr,
)  # fmt: skip
def test_a_forged_token_gets_a_page_or_a_refusal(client, models, experiment, parts):
    run = client.run(experiment)
    models.measure(run, models.id(experiment), "m", 1)
    models.id(experiment)
    for order in ([], [("metrics.m", False, "", "")], [("name", True, "", ""), ("metrics.m", True, "", "")]):
        context = pages.context_of("logged_models", 1, [int(experiment)], None, [], order)
        named = [dict(zip(("field_name", "ascending"), each[:2], strict=True)) for each in order]
        question = {"experiment_ids": [experiment], "order_by": named, "max_results": 1}
        token = client.post("logged-models/search", **question)["next_page_token"]
        assert pages.decode(token, context), "the context is the server's, or nothing would be forged"
        body = question | {"page_token": pages.encode(parts, context)}
        assert client.request("POST", "logged-models/search", json=body).status_code in (200, 400)


def test_models_made_meanwhile_neither_repeat_nor_hide_others(client, models, experiment):
    ids = [models.id(experiment, name=f"{n}") for n in range(6)]
    question = {"experiment_ids": [experiment], "max_results": 2, "order_by": [{"field_name": "name"}]}
    seen, token = [], None
    while token != "":
        page = client.post("logged-models/search", **question, **({"page_token": token} if token else {}))
        seen += [m["info"]["model_id"] for m in page["models"]]
        token = page.get("next_page_token", "")
        models.id(experiment, name="!")
    assert seen == ids


# ── cost ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_is_three_statements_whatever_it_holds(serving):
    with serving(log_statements=True) as server:
        client = server.local
        experiment = client.experiment()
        for n in range(5):
            client.post("logged-models", experiment_id=experiment, params=[{"key": "p", "value": str(n)}])
        question = {"experiment_ids": [experiment], "max_results": 3}
        for more, count in (({}, 3), ({"filter": "params.p != 'x'"}, 4)):
            with server.statements() as seen:
                client.post("logged-models/search", **question, **more)
            # the driver asks about a type when a connection meets it first
            asked = [each for each in seen if "typeinfo" not in each and "current_setting('jit')" not in each]
            assert len(asked) == count, asked


def test_rankings_walk_the_index_that_is_named_for_them(server: Server):
    """Whatever the planner thinks of small tables: the order is read from the index, not sorted."""
    from lakeward.logged_models import search as searching

    async def plan(order: tuple[str, bool, str, str], known: searching.Known) -> str:
        question = searching.parse(1, [1], filter=None, datasets=[], order_by=[order] if order else [], limit=10)
        connection = await asyncpg.connect(server.backend.dsn_of(server.database))
        try:
            await connection.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
            text, arguments = question.statement(known, (0, None), 11)
            return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {text}", *arguments))
        finally:
            await connection.close()

    known = searching.Known([1], {"acc": 1}, {("", ""): 0, ("test", ""): 3})
    for order, index in (
        (("metrics.acc", False, "test", ""), "Backward using logged_model_rank_best_on_dataset"),
        (("metrics.acc", True, "", ""), "using logged_model_rank_best_on_dataset"),
        ((), "using logged_model_newest_in_experiment"),
    ):
        shown = server.backend.loop.run(plan(order, known))
        assert index in shown, shown
        assert "Sort Key: m.created_at" not in shown
        assert "Sort Key: r0.value DESC\n" not in shown
