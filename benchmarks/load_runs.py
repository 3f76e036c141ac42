"""Fills a database with many runs, so that searches can be measured at 100,000 and 1,000,000.

    python -m benchmarks.load_runs --dsn postgresql://… --runs 1000000

Every run has 10 params, 10 metrics and 5 tags. Half of the runs are in one experiment, the rest in 199 others; names
are an adjective, a noun and a number. Values come from a hash of the run's number: two loads are equal. PostgreSQL
makes the rows itself (`INSERT … SELECT`), with foreign keys and secondary indexes put aside and made again at the
end, so a million runs take minutes and the heap looks as if runs had been logged one after the other. Needs an empty
`run` table.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from typing import Any

import asyncpg

WORDS = {
    "adjective": "amber bold brave calm clever daring eager fast gentle happy keen lucky merry noble proud quick rare",
    "noun": "ant bear crane deer eagle finch goat hawk ibis jay kite lark mole newt otter pike quail raven seal tern",
    "optimizer": "adam sgd adamw rmsprop lion",
    "model": "mlp resnet18 resnet50 vit_b vit_l lstm gru xgboost lightgbm forest svm logreg",
    "data": "digits cifar10 imagenet-1k c4 wiki",
}


def uniform(salt: int) -> str:
    """A number in [0, 1) from the run's number."""
    return f"((hashint8extended(s, {salt}) & 9007199254740991) / 9007199254740992.0::float8)"


def below(salt: int, n: int) -> str:
    return f"(hashint8extended(s, {salt}) & 9223372036854775807) % {n}"


def word(kind: str, salt: int) -> str:
    words = WORDS[kind].split()
    listed = ", ".join(f"'{each}'" for each in words)
    return f"(ARRAY[{listed}])[1 + {below(salt, len(words))}]"


NAME = f"{word('adjective', 1)} || '-' || {word('noun', 2)} || '-' || ({below(3, 1000)})::text"
PARAMS = {
    "learning_rate": f"round((10 ^ (-5 + 4 * {uniform(11)}))::numeric, 8)::text",
    "batch_size": f"(16 << ({below(12, 6)})::int)::text",
    "optimizer": word("optimizer", 13),
    "model": word("model", 14),
    "dropout": f"round(({uniform(15)} / 2)::numeric, 2)::text",
    "layers": f"(1 + {below(16, 24)})::text",
    "seed": f"({below(17, 1_000_000)})::text",
    "dataset": word("data", 18),
    "weight_decay": f"round((10 ^ (-6 + 4 * {uniform(19)}))::numeric, 9)::text",
    "config_hash": "md5(s::text)",
}
METRICS = {
    "accuracy": f"0.4 + 0.6 * sqrt({uniform(31)})",
    "loss": f"-ln(1e-9 + {uniform(31)})",  # the same number as the accuracy: they go together
    "val_accuracy": f"0.35 + 0.6 * sqrt({uniform(31)}) + 0.05 * {uniform(33)}",
    "val_loss": f"-ln(1e-9 + {uniform(31)}) + 0.1 * {uniform(34)}",
    "f1": uniform(35),
    "auc": f"0.5 + {uniform(36)} / 2",
    "epoch": f"({below(37, 100)})::float8",
    "train_seconds": f"exp(10 * {uniform(38)})",
    "grad_norm": f"CASE WHEN {below(39, 100)} = 0 THEN 'NaN' ELSE {uniform(40)} * 10 END",
    "system/cpu_utilization_percentage": f"100 * {uniform(41)}",
}
TAGS = {
    "mlflow.user": f"'user' || {below(51, 200)}",
    "mlflow.source.name": f"'train_' || {below(52, 30)} || '.py'",
    "mlflow.runName": NAME,
    "team": f"'team-' || floor(40 * {uniform(53)} ^ 3)::int",
    "release": f"CASE WHEN {below(54, 5000)} = 0 THEN 'candidate' ELSE 'v' || {below(55, 300)} END",
}
BIG, OTHERS = 1_000, 199  # experiment ids: the big one, and where the others start after it
BEGIN_MS, SPREAD_MS = 1_600_000_000_000, 150_000_000_000


@dataclass(frozen=True)
class Shape:
    """What every run has, and in which of the experiments it is: expressions over `s`, the run's number."""

    params: dict[str, str]
    metrics: dict[str, str]
    tags: dict[str, str]
    experiment: str
    status: str
    trashed: str


SEARCHED = Shape(
    PARAMS,
    METRICS,
    TAGS,
    f"CASE WHEN s % 2 = 0 THEN {BIG} ELSE {BIG + 1} + {below(4, OTHERS)} END",
    f"(ARRAY['FINISHED', 'FINISHED', 'FINISHED', 'FAILED', 'RUNNING'])[1 + {below(5, 5)}]",
    f"{below(7, 50)} = 0",
)


def wide(runs: int, columns: int, running: int) -> Shape:
    """Runs of one experiment with so many params and metrics, half and half; the last ones are still going on."""
    half = columns // 2
    return Shape(
        {f"param_{at:03d}": f"round(({uniform(100 + at)})::numeric, 4)::text" for at in range(half)},
        {f"metric_{at:03d}": uniform(1_000 + at) for at in range(columns - half)},
        TAGS,
        f"{BIG}",
        f"CASE WHEN s > {runs - running} THEN 'RUNNING' WHEN {below(5, 20)} = 0 THEN 'FAILED' ELSE 'FINISHED' END",
        "false",
    )


async def load(connection: Any, runs: int, shape: Shape = SEARCHED) -> None:
    if await connection.fetchval("SELECT EXISTS (SELECT FROM run)"):
        raise SystemExit("The database has runs already; give an empty one.")
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = off; SET LOCAL maintenance_work_mem = '512MB'")
        await experiments(connection)
        put_back = await set_aside(connection)
        await connection.execute(
            f"""
            INSERT INTO run (seq, run_id, experiment_id, name, status, user_id, start_time, end_time, deleted_at)
            OVERRIDING SYSTEM VALUE
            SELECT s, md5('run' || s), {shape.experiment}, {NAME}, {shape.status},
                   'user' || {below(51, 200)}, t, t + 1000 + {below(6, 10_000_000)},
                   CASE WHEN {shape.trashed} THEN t + 20000000 END
            FROM generate_series(1, $1::bigint) AS s,
                 LATERAL (SELECT {BEGIN_MS} + s * {SPREAD_MS} / $1 + {below(8, 1000)} AS t) AS clock
            """,
            runs,
        )
        say("runs")
        for table, columns, made in (
            ("run_param", "run_seq, key_id, experiment_id, value", shape.params),
            ("run_tag", "run_seq, key_id, experiment_id, value", shape.tags),
            ("latest_metric", "run_seq, key_id, experiment_id, value, step, ts", shape.metrics),
        ):
            await values(connection, table, columns, made)
            say(table)
        for statement in put_back:
            await connection.execute(statement)
            say(statement[:100])
        await connection.execute("SELECT setval(pg_get_serial_sequence('run', 'seq'), $1)", runs)
    await connection.execute("VACUUM (ANALYZE) run, run_param, run_tag, latest_metric")
    say("vacuum")


async def experiments(connection: Any) -> None:
    await connection.execute(
        f"INSERT INTO experiment (id, workspace_id, name, created_at, updated_at)"
        f" SELECT id, 1, 'experiment ' || id, {BEGIN_MS}, {BEGIN_MS} FROM generate_series({BIG}, {BIG + OTHERS}) AS id"
    )


async def set_aside(connection: Any) -> list[str]:
    """Drop foreign keys, primary keys' companions and other indexes of the big tables; how to make them again."""
    tables = ["run", "run_param", "run_tag", "latest_metric"]
    again: list[str] = []
    for kind, again_as in (("f", "{} NOT VALID"), ("p", "{}")):
        for table, name, definition in await connection.fetch(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = ANY($1::regclass[]) AND contype = $2 AND conrelid <> 'run'::regclass",
            tables,
            kind.encode(),
        ):
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            again.insert(0, f"ALTER TABLE {table} ADD CONSTRAINT {name} {again_as.format(definition)}")
    for name, definition in await connection.fetch(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY($1::regclass[]) AND NOT indisunique",
        tables,
    ):
        await connection.execute(f"DROP INDEX {name}")
        again.append(definition)
    return again


async def values(connection: Any, table: str, columns: str, made: dict[str, str]) -> None:
    """The key-value rows of every run, in the order in which runs log them: run by run."""
    await connection.executemany(
        "INSERT INTO key_name (text) VALUES ($1) ON CONFLICT DO NOTHING", [(key,) for key in made]
    )
    known = await connection.fetch("SELECT text, id FROM key_name WHERE text = ANY($1::text[])", list(made))
    more = ", 100, start_time" if table == "latest_metric" else ""
    rows = ", ".join(f"({key_id}, ({made[text]})::{'float8' if more else 'text'})" for text, key_id in known)
    await connection.execute(
        f"INSERT INTO {table} ({columns}) SELECT s, key_id, experiment_id, value{more}"
        f" FROM (SELECT seq AS s, experiment_id, start_time FROM run ORDER BY seq) AS run,"
        f" LATERAL (VALUES {rows}) AS made(key_id, value)"
    )


_started = time.monotonic()


def say(what: str) -> None:
    print(f"{time.monotonic() - _started:7.1f} s  {what}", flush=True)


async def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--dsn", required=True)
    words.add_argument("--runs", type=int, default=100_000)
    options = words.parse_args()
    connection = await asyncpg.connect(options.dsn, command_timeout=7200)
    try:
        await load(connection, options.runs)
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
