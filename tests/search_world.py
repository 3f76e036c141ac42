"""Random runs with many ties and every kind of absence, random searches over them, and a naive evaluation of those."""

import functools
import math
import random
from dataclasses import dataclass, field

import asyncpg

from lakeward.kit.filters import Comparison, Entity, Op, Order, parse_filter, parse_order
from lakeward.tracking.search.vocabulary import VOCABULARY

ALIVE, SMALL, DEAD = 11, 12, 13
LONG = "z" * 99
DELETED_AT = {True: 9, False: None}
TEXTS = [
    "a",
    "b",
    "B",
    "ab",
    "a_b",
    "a%b",
    "a\\b",
    "",
    "it's",
    "é",
    "É",
    "日本",
    LONG + "1",
    LONG + "12",
    LONG + "2",
    "z" * 5000,
]
NUMBERS = [0.0, -0.0, 1.0, 2.5, -3.0, 1e300, math.inf, -math.inf, math.nan, 0.1]
NAMES = ["calm-heron-1", "calm-heron-12", "CALM-crane-7", "x", "", "ñandú-ant-3", "brave_ant%9", "calm\\ant"]


@dataclass
class Run:
    seq: int
    run_id: str
    experiment: int
    name: str
    status: str
    user_id: str
    start_time: int
    end_time: int | None
    deleted: bool
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    datasets: list[tuple[str, str, str | None]] = field(default_factory=list)

    @property
    def artifact_uri(self) -> str:
        root = "s3://bucket/root" if self.experiment == SMALL else f"mlflow-artifacts:/{self.experiment}"
        return f"{root}/{self.run_id}/artifacts"


def world(rng: random.Random, count: int) -> list[Run]:
    """Many ties, few values, every kind of absence."""
    runs = []
    for seq in range(1, count + 1):
        start = rng.choice([1000, 1000, 2000, rng.randrange(5000)])
        run = Run(
            seq,
            f"{rng.getrandbits(128):032x}",
            rng.choice([ALIVE, ALIVE, ALIVE, SMALL, DEAD]),
            rng.choice(NAMES),
            rng.choice(["RUNNING", "FINISHED", "FAILED"]),
            rng.choice(["u1", "u2"]),
            start,
            rng.choice([None, start + rng.randrange(3)]),
            rng.random() < 0.15,
        )
        for key in ("p", "q"):
            if rng.random() < 0.7:
                run.params[key] = rng.choice(TEXTS)
        for key in ("t", "p"):
            if rng.random() < 0.6:
                run.tags[key] = rng.choice(TEXTS)
        for key in ("m", "n", "p"):
            if rng.random() < 0.7:
                run.metrics[key] = rng.choice(NUMBERS)
        run.metrics["same"] = 1.0
        for name, digest in {(rng.choice("DE"), rng.choice("12")) for _ in range(rng.randrange(3))}:
            run.datasets.append((name, digest, rng.choice([None, "train", "eval"])))
        runs.append(run)
    return runs


async def store(connection: asyncpg.Connection, runs: list[Run]) -> None:
    await connection.executemany(
        "INSERT INTO experiment (id, workspace_id, name, artifact_location, created_at, updated_at, deleted_at)"
        " VALUES ($1, 1, $2, $3, 0, 0, $4)",
        [(ALIVE, "alive", None, None), (SMALL, "small", "s3://bucket/root", None), (DEAD, "dead", None, 5)],
    )
    await connection.executemany("INSERT INTO key_name (text) VALUES ($1)", [(key,) for key in "pqtmn"] + [("same",)])
    keys = {row["text"]: row["id"] for row in await connection.fetch("SELECT * FROM key_name")}
    await connection.executemany(
        "INSERT INTO run (seq, run_id, experiment_id, name, status, user_id, start_time, end_time, deleted_at)"
        " OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            (
                r.seq,
                r.run_id,
                r.experiment,
                r.name,
                r.status,
                r.user_id,
                r.start_time,
                r.end_time,
                9 if r.deleted else None,
            )
            for r in runs
        ],
    )
    for table, of, more in (
        ("run_param", "params", ""),
        ("run_tag", "tags", ""),
        ("latest_metric", "metrics", ", 0, 0"),
    ):
        columns = "run_seq, key_id, experiment_id, value" + (", step, ts" if more else "")
        await connection.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ($1, $2, $3, $4{more})",
            [(r.seq, keys[key], r.experiment, value) for r in runs for key, value in getattr(r, of).items()],
        )
    for run in runs:
        for name, digest, context in run.datasets:
            await connection.execute(
                "WITH made AS (INSERT INTO dataset (experiment_id, name, digest, source_type, source)"
                " VALUES ($1, $2, $3, '', '') ON CONFLICT (experiment_id, name, digest) DO UPDATE SET source = ''"
                " RETURNING id) INSERT INTO run_dataset (run_seq, dataset_id, context) SELECT $4, id, $5 FROM made",
                run.experiment, name, digest, run.seq, context,
            )  # fmt: skip


# ── the naive evaluation ─────────────────────────────────────────────────────────────────────────────────────────────


def like(pattern: str, text: str) -> bool:
    """By dynamic programming: `%` any text, `_` one character."""
    reach = {0}
    for char in pattern:
        if char == "%":
            reach = set(range(min(reach), len(text) + 1)) if reach else set()
        else:
            reach = {at + 1 for at in reach if at < len(text) and char in ("_", text[at])}
    return len(text) in reach


def compare(op: Op, left, right) -> bool:
    if op is Op.LIKE:
        return like(right, left)
    if op is Op.ILIKE:
        return like(right.lower(), left.lower())
    tests = {
        Op.EQ: lambda: left == right,
        Op.NE: lambda: left != right,
        Op.LT: lambda: left < right,
        Op.LE: lambda: left <= right,
        Op.GT: lambda: left > right,
        Op.GE: lambda: left >= right,
        Op.IN: lambda: left in right,
        Op.NOT_IN: lambda: left not in right,
    }
    return tests[op]()


def value_of(run: Run, entity: Entity, key: str):
    if entity is Entity.ATTRIBUTE:
        return run.name if key == "run_name" else getattr(run, key)
    return {Entity.METRIC: run.metrics, Entity.PARAM: run.params, Entity.TAG: run.tags}[entity].get(key)


def passes(run: Run, clause: Comparison) -> bool:
    if clause.entity is Entity.DATASET:
        place = ("name", "digest", "context").index(clause.key)
        return any(each[place] is not None and compare(clause.op, each[place], clause.value) for each in run.datasets)
    value = value_of(run, clause.entity, clause.key)
    if clause.op is Op.IS_NULL:
        return value is None
    if clause.op is Op.IS_NOT_NULL:
        return value is not None
    return value is not None and compare(clause.op, value, clause.value)


def shown(run: Run, view: str) -> bool:
    deleted = run.deleted or run.experiment == DEAD
    return view == "ALL" or deleted == (view == "DELETED_ONLY")


def before(orders: tuple[Order, ...], a: Run, b: Run) -> int:
    for order in orders:
        left, right = (value_of(run, order.entity, order.key) for run in (a, b))
        ranks = [2 if v is None else 1 if isinstance(v, float) and math.isnan(v) else 0 for v in (left, right)]
        if ranks[0] != ranks[1]:
            return ranks[0] - ranks[1]
        if ranks[0] == 0 and left != right:
            # Text is ordered by its bytes, which is the order of code points.
            return -1 if (left < right) == order.ascending else 1
    by_start = any(order.key == "start_time" and order.entity is Entity.ATTRIBUTE for order in orders)
    if not by_start and a.start_time != b.start_time:
        return b.start_time - a.start_time
    return -1 if a.run_id < b.run_id else 1


def expected(runs: list[Run], experiments: list[int], text: str, order_by: list[str], view: str) -> list[int]:
    clauses, orders = parse_filter(text, VOCABULARY), parse_order(order_by, VOCABULARY)
    found = [
        run
        for run in runs
        if run.experiment in experiments and shown(run, view) and all(passes(run, clause) for clause in clauses)
    ]
    return [run.seq for run in sorted(found, key=functools.cmp_to_key(functools.partial(before, orders)))]


# ── random searches ──────────────────────────────────────────────────────────────────────────────────────────────────


def literal(text: str) -> str:
    return "'" + "''".join(piece + piece[len(piece.rstrip("\\")) :] for piece in text.split("'")) + "'"


PATTERNS = ["%", "a%", "%b", "_", "a_b", "a\\%", "%é%", "É%", LONG + "%", "%2", "zz%12", "%zzz%", "A%", "calm%"]
PATTERNS += ["%HERON%", "%-%1_", "%heron%"]
SIGNS = ["<", "<=", ">", ">=", "=", "!="]
WORDS = ["=", "=", "!=", "LIKE", "LIKE", "ILIKE"]


def metric_clause(rng: random.Random) -> str:
    number = rng.choice(["0", "1", "2.5", "-3", "0.1", "1e300", "1e999", "-1e999", "7"])
    return f"metrics.{rng.choice(['m', 'n', 'p', 'same', 'none'])} {rng.choice(SIGNS)} {number}"


def time_clause(rng: random.Random) -> str:
    return f"{rng.choice(['start_time', 'end_time'])} {rng.choice(SIGNS)} {rng.choice([1000, 1001, 2000, 1500.5])}"


def text_clause(rng: random.Random) -> str:
    left, op = rng.choice(["params.p", "params.q", "params.none", "tags.t", "tags.p", "tags.none"]), rng.choice(WORDS)
    return f"{left} {op} {literal(rng.choice(PATTERNS if 'LIKE' in op else TEXTS))}"


def presence_clause(rng: random.Random) -> str:
    left = rng.choice(["params.p", "params.q", "tags.t", "params.none", "tags.none"])
    return f"{left} IS {rng.choice(['', 'NOT '])}NULL"


def dataset_clause(rng: random.Random) -> str:
    name, op = rng.choice(["name", "digest", "context"]), rng.choice(WORDS)
    if rng.random() < 0.3:
        return f"datasets.{name} {rng.choice(['IN', 'NOT IN'])} ('D', '1', 'train')"
    return f"datasets.{name} {op} {literal(rng.choice(['D', 'E', '1', 'train', 'eval', '%a%', 'd']))}"


def attribute_clause(rng: random.Random, runs: list[Run]) -> str:
    name, op = rng.choice(["run_id", "status", "user_id", "artifact_uri", "run_name", "run_name"]), rng.choice(WORDS)
    values = [value_of(run, Entity.ATTRIBUTE, name) for run in rng.sample(runs, 3)]
    if name == "run_id" and rng.random() < 0.5:
        return f"run_id {rng.choice(['IN', 'NOT IN'])} {tuple(values)!r}"
    middle = f"%{values[0][2:8]}%"
    return f"{name} {op} {literal(rng.choice([*PATTERNS, middle, middle.upper()]) if 'LIKE' in op else values[0])}"


def random_clause(rng: random.Random, runs: list[Run]) -> str:
    kinds = [metric_clause, text_clause, text_clause, time_clause, presence_clause, dataset_clause]
    return attribute_clause(rng, runs) if rng.random() < 0.2 else rng.choice(kinds)(rng)


ORDER_KEYS = ["metrics.m", "metrics.n", "metrics.same", "metrics.none", "params.p", "params.q", "tags.t", "tags.none"]
ORDER_KEYS += ["start_time", "end_time", "status", "run_name", "user_id", "run_id", "artifact_uri"]


def random_order(rng: random.Random) -> list[str]:
    keys = rng.sample(ORDER_KEYS, rng.choice([0, 1, 1, 1, 2, 2, 3]))
    return [f"{key} {rng.choice(['ASC', 'DESC'])}" for key in keys]
