"""What rights cost: the same load by the owner on loopback, and by members whose rights are grants to groups.

    python -m benchmarks.access [--quick]

A server of its own with 1,000 users, 200 groups (in groups), 200 experiments and 5,000 grants. `log_metric` over 16
connections and `search_runs` with a page of 1,000, the two callers in turn, so that the noise of the machine falls on
both. A member has the role USE, and may log through a group in a group. Must: less than a tenth is lost.
"""

import argparse
import asyncio
import hashlib
import random
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from benchmarks.calls import Calls, MetricStream, RunShape, pairs, run_id_of
from benchmarks.forms import FORMS, Server
from benchmarks.measure import Load, drive
from benchmarks.wire import Connection, connections, plain
from lakeward.runtime.postgres import running_dsn

USERS, GROUPS, EXPERIMENTS, GRANTS = 1_000, 200, 200, 5_000
LEVELS = ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")
CONNECTIONS = 16
MUST = 0.10


class MemberCalls(Calls):
    """The same requests with a token."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(port)
        self._headers += f"Authorization: Bearer {token}\r\n"


def token_of(user: int) -> str:
    return f"lkw_bench{user:030d}"


async def populate(dsn: str, pick: random.Random) -> list[str]:
    """Principals, nested groups, experiments and grants, straight into the database; the experiments' ids."""
    connection = await asyncpg.connect(dsn)
    added = "INSERT INTO principal (kind, name) SELECT $1, $2 || n FROM generate_series(1, $3::int) n RETURNING id"
    users = [row[0] for row in await connection.fetch(added, "USER", "member-", USERS)]
    groups = [row[0] for row in await connection.fetch(added, "GROUP", "team-", GROUPS)]
    members = {(pick.choice(groups), user) for user in users for _ in range(3)}
    members |= {(groups[place // 5], group) for place, group in enumerate(groups) if place}  # a tree of groups
    await connection.executemany("INSERT INTO group_member VALUES ($1, $2) ON CONFLICT DO NOTHING", list(members))
    await connection.executemany("INSERT INTO workspace_member VALUES (1, $1, 'USE')", [(user,) for user in users])
    await connection.executemany(
        "INSERT INTO access_token (id, principal_id, hash) VALUES ($1, $2, $3)",
        [(f"bench-{user}", user, hashlib.sha256(token_of(user).encode()).digest()) for user in users],
    )
    experiments = [
        row[0]
        for row in await connection.fetch(
            "INSERT INTO experiment (workspace_id, name, created_at, updated_at)"
            " SELECT 1, 'bench-' || n, 0, 0 FROM generate_series(1, $1::int) n RETURNING id::text",
            EXPERIMENTS,
        )
    ]
    given = {(pick.choice(experiments), pick.choice([*users, *groups]), pick.choice(LEVELS)) for _ in range(GRANTS)}
    while len(given) < GRANTS - 1:
        given.add((pick.choice(experiments), pick.choice([*users, *groups]), pick.choice(LEVELS)))
    given.add((experiments[0], groups[0], "CAN_EDIT"))  # the root of the tree: everybody who is in any group
    await connection.executemany(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " VALUES (1, 'experiment', $1, $2, $3) ON CONFLICT DO NOTHING",
        list(given),
    )
    await connection.execute("ANALYZE")
    await connection.close()
    return [experiments[0], *(str(user) for user in users)]


async def fill(port: int, calls: Calls, experiment: str, count: int) -> list[str]:
    """Runs as rich as real ones; their ids."""
    made: list[str] = []
    shapes = iter([RunShape(number) for number in range(count)])

    def filler(connection: Connection) -> Callable[[], Awaitable[None]]:
        async def one() -> None:
            shape = next(shapes)
            run = run_id_of(plain(await connection.call(calls.create_run(experiment, shape.name)))).decode()
            batch = calls.log_batch(run, metrics=shape.metric_points(run), params=pairs(shape.params))
            await connection.call(batch)
            await connection.call(calls.end_run(run)[1])
            made.append(run)

        return one

    async with connections(port, 8, calls.greeting()) as opened:
        await drive([filler(connection) for connection in opened], 3600, at_most=count)
    return made


async def log_metric(port: int, callers: list[Calls], runs: list[str], seconds: float) -> Load:
    async with connections(port, CONNECTIONS, callers[0].greeting()) as opened:
        streams = [
            MetricStream(callers[number % len(callers)], runs[number], "access/loss") for number in range(CONNECTIONS)
        ]
        workers = [_sender(*pair) for pair in zip(opened, streams, strict=True)]
        await drive(workers, 0.5)
        return await drive(workers, seconds)


async def search(port: int, callers: list[Calls], experiment: str, seconds: float) -> Load:
    request = callers[0].search_runs(experiment, size=1_000)
    async with connections(port, 1, callers[0].greeting()) as (connection,):
        workers: list[Callable[[], Awaitable[bytes]]] = [lambda: connection.call(request)]
        await drive(workers, 0.5)
        return await drive(workers, seconds)


def _sender(connection: Connection, stream: MetricStream) -> Callable[[], Awaitable[bytes]]:
    return lambda: connection.call(stream.next())


async def measure(port: int, dsn: str, rounds: int, seconds: float) -> bool:
    experiment, *users = await populate(dsn, random.Random(1))
    owner = Calls(port)
    members: list[Calls] = [MemberCalls(port, token_of(int(user))) for user in users[:CONNECTIONS]]
    runs = await fill(port, owner, experiment, 1_000)
    found: dict[tuple[str, str], list[float]] = {}
    cpu: dict[tuple[str, str], list[float]] = {}

    def note(line: str, who: str, load: Load) -> None:
        found.setdefault((line, who), []).append(load.rate)
        cpu.setdefault((line, who), []).append(1000 * load.server_cpu.all / load.operations)

    for _ in range(rounds):
        for who, callers in (("owner", [owner]), ("members", members)):
            note("log_metric, req/s", who, await log_metric(port, callers, runs, seconds))
            note("search_runs, pages/s", who, await search(port, callers, experiment, seconds))
    kept = True
    for line in ("log_metric, req/s", "search_runs, pages/s"):
        free, paid = (statistics.median(found[line, who]) for who in ("owner", "members"))
        lost = 1 - paid / free
        kept = kept and lost < MUST
        print(f"{line:<22} owner {free:>10,.1f}   members {paid:>10,.1f}   lost {lost:>6.1%} (must < {MUST:.0%})")
        free, paid = (statistics.median(cpu[line, who]) for who in ("owner", "members"))
        print(f"{'  CPU of the server, ms':<22} owner {free:>9,.3f}   members {paid:>10,.3f} (+{paid / free - 1:.1%})")
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.access", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: to see that it works")
    parser.add_argument("--port", type=int, default=24_100)
    options = parser.parse_args()
    [form] = [each for each in FORMS if each.key == "lakeward"]
    rounds, seconds = (1, 0.8) if options.quick else (5, 3.0)
    with tempfile.TemporaryDirectory(prefix="lakeward-access-") as directory:
        server = Server(form, Path(directory) / "server", options.port)
        try:
            server.start()
            dsn = running_dsn(server.directory / "data")
            assert dsn is not None
            kept = asyncio.run(measure(options.port, dsn, rounds, seconds))
        finally:
            server.stop()
    return 0 if kept or options.quick else 2


if __name__ == "__main__":
    raise SystemExit(main())
