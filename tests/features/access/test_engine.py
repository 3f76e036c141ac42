"""The engine's SQL against a naive decision in memory, on random principals, nested groups, objects and grants."""

import itertools
import random
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import asyncpg
import pytest

from lakeward.access import Sight, Way
from lakeward.access import store as access_store
from lakeward.experiments import BY_ID
from lakeward.runtime.http import Actor
from lakeward.runtime.sql import Parameters
from server import Server

LEVELS = ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")
Grants = set[tuple[str, str, int, str]]  # (kind, object, principal, privilege)


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving() as started:
        yield started


# --- the naive decision: written from docs/access.md, not from the kinds


def groups_of(user: int, members: set[tuple[int, int]]) -> set[int]:
    """The user, `users`, and every group reached from either by membership."""
    held = {user, 2}
    while True:
        more = {group for group, member in members if member in held} - held
        if not more:
            return held
        held |= more


def naive_experiment(held: set[int], grants: Grants, experiment: str, right: str) -> bool:
    wanted = {"READ": 0, "EDIT": 1, "MANAGE": 2}[right]
    for kind, name, principal, privilege in grants:
        if kind == "experiment" and name == experiment and principal in held:
            rank = 2 if privilege == "OWN" else LEVELS.index(privilege)
            if rank >= wanted:
                return True
    return False


# --- random worlds


async def populate(connection, pick: random.Random) -> SimpleNamespace:
    users = await connection.fetch(
        "INSERT INTO principal (name) SELECT 'u' || n || '-' || $1 FROM generate_series(1, 24) n RETURNING id",
        str(pick.random()),
    )
    groups = await connection.fetch(
        "INSERT INTO principal (kind, name) SELECT 'GROUP', 'g' || n || '-' || $1 FROM generate_series(1, 12) n"
        " RETURNING id",
        str(pick.random()),
    )
    users, groups = [row[0] for row in users], [row[0] for row in groups]
    members = {(pick.choice(groups), pick.choice(users)) for _ in range(30)}
    members |= {(a, b) for a, b in (pick.sample(groups, 2) for _ in range(10))}  # nested, in circles too
    members |= {(pick.choice(groups), 2)} if pick.random() < 0.3 else set()  # all users in a group
    await connection.executemany("INSERT INTO group_member VALUES ($1, $2)", list(members))
    experiments = await connection.fetch(
        "INSERT INTO experiment (workspace_id, name, created_at, updated_at)"
        " SELECT 1, 'e' || n || '-' || $1, 0, 0 FROM generate_series(1, 40) n RETURNING id::text",
        str(pick.random()),
    )
    return SimpleNamespace(
        users=users, groups=groups, members=members, experiments=[row[0] for row in experiments], grants=set()
    )


async def give(connection, world: SimpleNamespace, grants: Sequence[tuple[str, str, int, str]]) -> None:
    owned = set()
    for grant in grants:
        if grant[3] == "OWN":
            if grant[:2] in owned:
                continue
            owned.add(grant[:2])
        world.grants.add(grant)
    await connection.executemany(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege) VALUES (1, $1, $2, $3, $4)",
        list(world.grants),
    )


async def compared(connection, world: SimpleNamespace, way: Way, table: str, names: list[str], naive) -> int:
    """How many decisions were compared: each in the form for one object, and in the form for lists."""
    count = 0
    for user, right in itertools.product(world.users, way.kind.rights):
        held = groups_of(user, world.members)
        rows = await connection.fetch("SELECT principals_of($1)", user)
        assert {row[0] for row in rows} == held
        expected = [naive(held, world.grants, name, right) for name in names]
        assert await access_store.decide(connection, way, right, 1, held, names) == expected
        parameters = Parameters()
        sight = Sight(way.kind, right, Actor(user, "", principals=frozenset(held)), 1)
        where = sight.condition(parameters, "o")
        own = way.kind.levels[0].name.format(o="o")
        listed = await connection.fetch(f"SELECT {own} FROM {table} o WHERE {where}", *parameters.values)
        wanted = {name for name, allowed in zip(names, expected, strict=True) if allowed}
        assert {row[0] for row in listed} & set(names) == wanted
        count += 2 * len(names)
    return count


def test_experiments(server: Server):
    async def check() -> int:
        connection = await asyncpg.connect(server.backend.dsn_of(server.database))
        count = 0
        try:
            for seed in range(3):
                pick = random.Random(seed)
                world = await populate(connection, pick)
                anybody = [*world.users, *world.groups, 2]
                await give(connection, world, [
                    ("experiment", pick.choice(world.experiments), pick.choice(anybody), pick.choice([*LEVELS, "OWN"]))
                    for _ in range(60)
                ])  # fmt: skip
                count += await compared(
                    connection, world, BY_ID, "experiment", world.experiments, naive_experiment
                )
        finally:
            await connection.close()
        return count

    assert server.backend.loop.run(check()) >= 10_000
