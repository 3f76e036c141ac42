"""The engine's SQL against a naive decision in memory, on random principals, nested groups, objects and grants."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from lakeward.access import Asked, Sight, Way, explain, unity
from lakeward.access import store as access_store
from lakeward.experiments import BY_ID
from lakeward.registry import securable as registry
from lakeward.runtime.http import Actor
from lakeward.runtime.sql import Parameters
from server import Server

LEVELS = ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")
GRADES = (
    "CAN_READ", "CAN_EDIT", "CAN_MANAGE_STAGING_VERSIONS", "CAN_MANAGE_PRODUCTION_VERSIONS", "CAN_MANAGE",
)  # fmt: skip
EVERYTHING = ("ALL_PRIVILEGES", "MANAGE", "OWN")
CREATIONS = ("CREATE_FUNCTION", "CREATE_TABLE", "CREATE_VOLUME", "APPLY_TAG")
Grant = tuple[str, str, int, str]  # (kind, object, principal, privilege)
Naive = Callable[[set[int], set[Grant], str, str], bool]


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


def naive_experiment(held: set[int], grants: set[Grant], experiment: str, right: str) -> bool:
    wanted = {"READ": 0, "EDIT": 1, "MANAGE": 2}[right]
    for kind, name, principal, privilege in grants:
        if kind == "experiment" and name == experiment and principal in held:
            rank = 2 if privilege == "OWN" else LEVELS.index(privilege)
            if rank >= wanted:
                return True
    return False


def naive_model(held: set[int], grants: set[Grant], name: str, right: str) -> bool:
    """`name` is id catalog schema."""
    model, catalog, schema = name.lower().split(" ")
    places = [("registered_model", model), ("schema", f"{catalog}.{schema}"), ("catalog", catalog), ("metastore", "")]
    mine = {(kind, where, privilege) for kind, where, principal, privilege in grants if principal in held}

    def anywhere(at: list[tuple[str, str]], *privileges: str) -> bool:
        return any((*place, privilege) in mine for place in at for privilege in privileges)

    may_use = anywhere(places[2:], "USE_CATALOG", *EVERYTHING) and anywhere(places[1:], "USE_SCHEMA", *EVERYTHING)
    if any((*places[0], grade) in mine for grade in (*GRADES, "OWN")):
        best = max(
            4 if p == "OWN" else GRADES.index(p) for k, w, p in mine if (k, w) == places[0] and p in (*GRADES, "OWN")
        )
    else:
        best = -1
    grade, privilege = {
        "BROWSE": (0, "EXECUTE"), "READ": (0, "EXECUTE"), "REVIEW": (0, "EXECUTE"), "APPLY_TAG": (1, "APPLY_TAG"),
        "CREATE_MODEL_VERSION": (1, "CREATE_MODEL_VERSION"), "EDIT": (1, None),
        "MANAGE_STAGING_VERSIONS": (2, None), "MANAGE_PRODUCTION_VERSIONS": (3, None), "MANAGE": (4, None),
    }[right]  # fmt: skip
    if best >= grade or (right == "BROWSE" and anywhere(places, "BROWSE", *EVERYTHING)):
        return True
    wanted = ("MANAGE", "OWN") if privilege is None else (privilege, *EVERYTHING)
    return may_use and anywhere(places, *wanted)


def naive_schema(held: set[int], grants: set[Grant], name: str, right: str) -> bool:
    catalog, _, _ = name.partition(".")
    places = [("schema", name), ("catalog", catalog), ("metastore", "")]
    mine = {(kind, where, privilege) for kind, where, principal, privilege in grants if principal in held}

    def anywhere(at: list[tuple[str, str]], *privileges: str) -> bool:
        return any((*place, privilege) in mine for place in at for privilege in privileges)

    use_catalog = anywhere(places[1:], "USE_CATALOG", *EVERYTHING)
    use = use_catalog and anywhere(places, "USE_SCHEMA", *EVERYTHING)
    return {
        "BROWSE": use or anywhere(places, "BROWSE", *EVERYTHING),
        "USE_SCHEMA": use,
        "CREATE_MODEL": use and anywhere(places, "CREATE_MODEL", "CREATE_FUNCTION", *EVERYTHING),
        **{each: use and anywhere(places, each, *EVERYTHING) for each in CREATIONS},
        "MANAGE": use_catalog and anywhere(places, "MANAGE", "OWN"),
    }[right]


# --- random worlds


async def populate(connection: Any, pick: random.Random) -> SimpleNamespace:
    """Users, groups in groups, experiments and models; nothing is granted yet."""
    stem = f"{pick.random()}"
    added = "INSERT INTO principal (kind, name) SELECT $1, $2 || n FROM generate_series(1, $3::int) n RETURNING id"
    users = [row[0] for row in await connection.fetch(added, "USER", f"u{stem}-", 20)]
    groups = [row[0] for row in await connection.fetch(added, "GROUP", f"g{stem}-", 12)]
    members = {(pick.choice(groups), pick.choice(users)) for _ in range(30)}
    members |= {tuple(pick.sample(groups, 2)) for _ in range(10)}  # nested, in circles too
    members |= {(pick.choice(groups), 2)} if pick.random() < 0.5 else set()  # everybody in a group
    await connection.executemany("INSERT INTO group_member VALUES ($1, $2)", list(members))
    experiments = await connection.fetch(
        "INSERT INTO experiment (workspace_id, name, created_at, updated_at)"
        " SELECT 1, 'e' || n || $1, 0, 0 FROM generate_series(1, 30) n RETURNING id::text",
        stem,
    )
    places = [(pick.choice(("Prod", "dev")), pick.choice(("a", "B", "c"))) for _ in range(30)]
    models = await connection.fetch(
        "INSERT INTO registered_model (workspace_id, name, full_name, catalog_name, schema_name, is_prompt,"
        " description, deployment_job_id, created_by, created_at, updated_at)"
        " SELECT 1, n, n, c, s, false, '', '', '', 0, 0 FROM unnest($1::text[], $2::text[], $3::text[]) AS t(n, c, s)"
        " RETURNING id || ' ' || catalog_name || ' ' || schema_name",
        [f"{c}.{s}.m{number}{stem[2:]}" for number, (c, s) in enumerate(places)],
        [c for c, _ in places], [s for _, s in places],
    )  # fmt: skip
    schemas = [f"{c}.{s}" for c in ("prod", "dev") for s in "abc"]
    await connection.executemany(
        "SELECT stand_in_schema(1, split_part($1, '.', 1), split_part($1, '.', 2), '')", [(each,) for each in schemas]
    )
    return SimpleNamespace(
        users=users, anybody=[*users, *groups, *groups, 2], members=members, grants=set(),
        experiments=[row[0] for row in experiments], models=[row[0] for row in models],
        schemas=schemas,
    )  # fmt: skip


async def give(connection: Any, world: SimpleNamespace, grants: Sequence[Grant]) -> None:
    owned: set[tuple[str, str]] = set()
    for grant in grants:
        if grant[3] != "OWN" or grant[:2] not in owned:
            world.grants.add(grant)
        if grant[3] == "OWN":
            owned.add((grant[0], grant[1]))
    await connection.executemany(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege) VALUES (1, $1, $2, $3, $4)",
        list(world.grants),
    )


def random_grants(world: SimpleNamespace, pick: random.Random) -> list[Grant]:
    def to_somebody(kind: str, name: str, *privileges: str) -> Grant:
        return kind, name, pick.choice(world.anybody), pick.choice(privileges)

    found = [to_somebody("experiment", pick.choice(world.experiments), *LEVELS, "OWN") for _ in range(50)]
    on_models = (*GRADES, "OWN", "EXECUTE", "APPLY_TAG", "CREATE_MODEL_VERSION", "BROWSE", "MANAGE", "ALL_PRIVILEGES")
    found += [to_somebody("registered_model", pick.choice(world.models).split(" ")[0], *on_models) for _ in range(40)]
    on_schemas = ("USE_SCHEMA", "USE_SCHEMA", "EXECUTE", "CREATE_MODEL", "MANAGE", "BROWSE", "ALL_PRIVILEGES", "OWN")
    found += [to_somebody("schema", pick.choice(world.schemas), *on_schemas) for _ in range(14)]
    on_catalogs = (
        "USE_CATALOG",
        "USE_CATALOG",
        "USE_SCHEMA",
        "EXECUTE",
        "APPLY_TAG",
        "CREATE_FUNCTION",
        "MANAGE",
        "OWN",
    )
    found += [to_somebody("catalog", pick.choice(("prod", "dev")), *on_catalogs) for _ in range(10)]
    return [*found, to_somebody("metastore", "", "MANAGE", "OWN")]


async def compared(
    connection: Any, world: SimpleNamespace, way: Way, names: list[str], naive: Naive, table: str = ""
) -> int:
    """How many decisions were compared: each in the form for one object, and in the form for lists."""
    count = 0
    said = [name.split(" ")[0] for name in names]  # as the way takes it
    for user, right in itertools.product(world.users, way.kind.rights):
        held = groups_of(user, world.members)
        expected = [naive(held, world.grants, name, right) for name in names]
        assert await access_store.decide(connection, way, right, 1, held, said) == expected
        count += len(names)
        if table:
            parameters = Parameters()
            sight = Sight(way.kind, right, Actor(user, "", principals=frozenset(held)), 1)
            where = sight.condition(parameters, "o")
            listed = await connection.fetch(f"SELECT o.id::text FROM {table} o WHERE {where}", *parameters.values)
            assert {row[0] for row in listed} & set(said) == set(itertools.compress(said, expected))
            count += len(names)
    return count


async def explained(connection: Any, world: SimpleNamespace, pick: random.Random) -> int:
    """Explanations come to the same answer, and give a reason for it."""
    await connection.execute("INSERT INTO workspace_member VALUES (1, 2, 'USE') ON CONFLICT DO NOTHING")
    names = dict(await connection.fetch("SELECT id, name FROM principal"))
    yes = 0
    for _ in range(400):
        user = pick.choice(world.users)
        held = groups_of(user, world.members)
        kind, way, name, naive = pick.choice((
            ("experiments", BY_ID, pick.choice(world.experiments), naive_experiment),
            ("registered-models", registry.BY_ID, pick.choice(world.models), naive_model),
            ("schema", unity.BY_SCHEMA, pick.choice(world.schemas), naive_schema),
        ))  # fmt: skip
        right = pick.choice(list(way.kind.rights))
        told = await explain(connection, 1, Asked(names[user], right, f"{kind}/{name.split(' ')[0]}"))
        expected = naive(held, world.grants, name, right)
        assert (told.allowed, bool(told.because)) == (expected, True), told
        assert expected == (not any("It would take" in reason for reason in told.because)), told
        yes += expected
    return yes


@pytest.mark.parametrize("seed", range(3))
def test_sql_decides_as_the_pages_say(server: Server, seed: int):
    async def check() -> int:
        connection = await asyncpg.connect(server.backend.dsn_of(server.database))
        world_of_its_own = connection.transaction()
        await world_of_its_own.start()
        try:
            pick = random.Random(seed)
            await connection.execute("DELETE FROM access_grant")
            world = await populate(connection, pick)
            await give(connection, world, random_grants(world, pick))
            for user in world.users:
                rows = await connection.fetch("SELECT principals_of($1)", user)
                assert {row[0] for row in rows} == groups_of(user, world.members)
            count = await compared(connection, world, BY_ID, world.experiments, naive_experiment, "experiment")
            count += await compared(connection, world, registry.BY_ID, world.models, naive_model, "registered_model")
            count += await compared(connection, world, unity.BY_SCHEMA, world.schemas, naive_schema)
            yes = await explained(connection, world, pick)
            assert 20 < yes < 380  # neither answer is rare
            return count
        finally:
            await world_of_its_own.rollback()
            await connection.close()

    assert server.backend.loop.run(check()) >= 10_000
