"""The registry: versions being made, tagged and promoted; a version by its alias; models and versions looked for."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import msgspec

from benchmarks import copies
from benchmarks.calls import Calls
from benchmarks.goals import Line, Times
from benchmarks.measure import Bench, Wrong, drive, latency, repeat, throughput
from benchmarks.wire import Connection, connections, plain

LINES = (
    Line(
        "registry_writes", "registry writes (new version, its tag, its alias), 4 connections", "req/s", True,
        Times(10), Times(20),
    ),
    Line("registry_alias", "model version by alias, one client, p50", "ms", False, Times(3), Times(6)),
    Line("registry_models", "search of models by name and tag, first 100 of 10,000 models", "ms", False, Times(5)),
    Line("registry_versions", "all 1,000 versions of one model", "ms", False, Times(5)),
)  # fmt: skip
WRITERS = 4
WRITES = 3  # requests of one round
MODELS = 10_000
TEAMS = 10
VERSIONS = 1_000
ALIAS = "champion"
SOURCE = "s3://models/m"


async def run(bench: Bench) -> None:
    await _writes(bench)
    await _by_alias(bench)
    await _searches(bench)


class Requests:
    """The requests of the client for one model."""

    def __init__(self, calls: Calls, name: str) -> None:
        self._calls = calls
        self.name = name

    def model(self, **more: Any) -> bytes:
        return self._calls.post_json("registered-models/create", {"name": self.name, **more})

    def version(self) -> bytes:
        return self._calls.post_json("model-versions/create", {"name": self.name, "source": SOURCE})

    def tag(self, version: str) -> bytes:
        body = {"name": self.name, "version": version, "key": "stage", "value": f"v{version}"}
        return self._calls.post_json("model-versions/set-tag", body)

    def alias(self, version: str) -> bytes:
        body = {"name": self.name, "alias": ALIAS, "version": version}
        return self._calls.post_json("registered-models/alias", body)

    def by_alias(self) -> bytes:
        return self._calls.get("registered-models/alias", {"name": self.name, "alias": ALIAS})

    def versions(self, size: int, token: str = "") -> bytes:
        query: dict[str, str | int] = {"filter": f"name = '{self.name}'", "max_results": size}
        return self._calls.get("model-versions/search", query | ({"page_token": token} if token else {}))


async def _writes(bench: Bench) -> None:
    """Each connection promotes versions of a model of its own, as pipelines do."""
    async with connections(bench.port, WRITERS, bench.calls.greeting()) as opened:
        made = [Requests(bench.calls, f"written-{number}") for number in range(WRITERS)]
        for requests in made:
            await opened[0].call(requests.model())
        workers = [_promoter(*pair) for pair in zip(opened, made, strict=True)]
        loads = await repeat(bench, "registry_writes", workers, at_least=WRITERS)
        throughput(bench, "registry_writes", loads, per_operation=WRITES)
        for requests in made:
            await _verify(opened[0], requests)


def _promoter(connection: Connection, requests: Requests) -> Callable[[], Awaitable[None]]:
    async def promote() -> None:
        version = _version(plain(await connection.call(requests.version())))["version"]
        await connection.call(requests.tag(version))
        await connection.call(requests.alias(version))

    return promote


def _version(answer: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(answer)["model_version"]
    return found


async def _verify(connection: Connection, requests: Requests) -> None:
    """The versions are numbered without a gap, each has its tag, and the alias leads to the last."""
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = msgspec.json.decode(plain(await connection.call(requests.versions(10_000, token))))
        found += page.get("model_versions", [])
        if not (token := page.get("next_page_token", "")):
            break
    tagged = {int(each["version"]): [tag["value"] for tag in each.get("tags", [])] for each in found}
    if tagged != {number: [f"v{number}"] for number in range(1, len(found) + 1)}:
        raise Wrong(f"{requests.name}: its {len(found)} versions are not 1, 2, 3… with their tags")
    last = _version(plain(await connection.call(requests.by_alias())))["version"]
    if int(last) != len(found):
        raise Wrong(f"{requests.name}: the alias leads to version {last} of {len(found)}")


async def _by_alias(bench: Bench) -> None:
    requests = Requests(bench.calls, "written-0")
    async with connections(bench.port, 1, bench.calls.greeting()) as (connection,):
        latency(
            bench,
            "registry_alias",
            await repeat(bench, "registry_alias", [lambda: connection.call(requests.by_alias())], at_least=3),
        )


async def _searches(bench: Bench) -> None:
    calls, many = bench.calls, Requests(bench.calls, "many-versions")
    await _fill(bench, many)
    query: dict[str, str | int] = {"filter": "name LIKE 'found-%' AND tags.team = 'team-3'", "max_results": 100}
    names = [_name(number) for number in range(3, MODELS, TEAMS)][:100]
    found = await _ask(bench, "registry_models", calls.get("registered-models/search", query), "registered_models")
    if [each["name"] for each in found] != names:
        raise Wrong("registry_models: the models found are not those of team 3 by name")
    found = await _ask(bench, "registry_versions", many.versions(VERSIONS), "model_versions")
    if sorted(int(each["version"]) for each in found) != list(range(1, VERSIONS + 1)):
        raise Wrong(f"registry_versions: {len(found)} versions found, {VERSIONS} expected")


async def _fill(bench: Bench, many: Requests) -> None:
    """All models, and all versions of one. The reference gets most of them as copies of rows: it takes minutes else."""
    calls, reference = bench.calls, bench.server.form.is_reference
    async with connections(bench.port, 8, calls.greeting()) as opened:
        turn = count()

        def filler(connection: Connection) -> Callable[[], Awaitable[None]]:
            async def fill() -> None:
                number = next(turn)
                tags = [{"key": "team", "value": f"team-{number % TEAMS}"}]
                await connection.call(Requests(calls, _name(number)).model(tags=tags))

            return fill

        await drive([filler(connection) for connection in opened], 3600, at_most=TEAMS if reference else MODELS)
        await opened[0].call(many.model())
        for _ in range(1 if reference else VERSIONS):
            await opened[0].call(many.version())
    if reference:
        teams = {_name(team): [_name(number) for number in range(team + TEAMS, MODELS, TEAMS)] for team in range(TEAMS)}
        await copies.models(bench.server, teams)
        await copies.versions(bench.server, many.name, range(2, VERSIONS + 1))


def _name(number: int) -> str:
    return f"found-{number:05d}"


async def _ask(bench: Bench, line: str, request: bytes, kind: str) -> list[dict[str, Any]]:
    """Ask the same question over one connection. Returns what was found, to be checked outside the clock."""
    async with connections(bench.port, 1, bench.calls.greeting()) as (connection,):
        found: list[dict[str, Any]] = msgspec.json.decode(plain(await connection.call(request))).get(kind, [])
        latency(bench, line, await repeat(bench, line, [lambda: connection.call(request)], at_least=3))
        return found
