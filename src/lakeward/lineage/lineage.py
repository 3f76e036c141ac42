"""The rules of lineage: which objects there are, which links lead from each of them, and pages of these."""

import json
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import msgspec

from lakeward import registry
from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.lineage import relationships
from lakeward.lineage.records import Anchor, Direction, End, Found, Kind, Link, Node
from lakeward.lineage.store import external
from lakeward.lineage.store import links as store
from lakeward.runtime.db import Tx

DEFAULT: Final = 100
MOST: Final = 1_000

_Find = Callable[[Tx, int, Anchor, int, int], Awaitable[list[Found]]]


class _Entry(msgspec.Struct):
    name: str
    version: str | int


_entries = msgspec.json.Decoder(list[_Entry])


async def page(
    tx: Tx, workspace: int, anchor: Anchor, direction: Direction | None, *,
    max_results: int | None, page_token: str | None,
) -> tuple[list[Link], str | None]:  # fmt: skip
    """Links of an object, upstream first; None for both ways."""
    limit = pages.page_size(max_results, DEFAULT, MOST)
    ways = [each for each in _WAYS[anchor.node.kind] if direction in (None, each.direction)]
    context = pages.context_of("lineage", workspace, msgspec.structs.astuple(anchor.node)[:5], direction)
    first, after = 0, -1
    if page_token:
        parts = pages.decode(page_token, context, [int, int])
        first, after = int(parts[0] or 0), int(parts[1] or 0)
        if not 0 <= first < len(ways):
            raise pages.misfit()
    links: list[Link] = []
    for number in range(first, len(ways)):
        way = ways[number]
        found = await way.find(tx, workspace, anchor, after, limit + 1 - len(links))
        room = limit - len(links)
        links += [Link(way.direction, way.relation, each.node) for each in found[:room]]
        if len(found) > room:
            last = found[room - 1].place if room else after
            return links, pages.encode([number, last], context)
        after = -1
    return links, None


# ── where to begin ───────────────────────────────────────────────────────────────────────────────────────────────────


async def find(tx: Tx, workspace: int, kind: Kind, *, id: str, name: str, version: str, digest: str) -> Anchor:  # noqa: A002 - as on the wire
    """The object itself; NotFound if the caller's workspace has none."""
    if kind in (Kind.MODEL_VERSION, Kind.PROMPT_VERSION):
        _needed(name=name, version=version)
        return await _version(tx, workspace, kind, name, version)
    if kind is Kind.DATASET:
        _needed(name=name, digest=digest)
        if not await store.has_dataset(tx, workspace, name, digest):
            raise NotFound(f"No data set with the name '{name}' and the digest '{digest}' was read by a run.")
        return Anchor(Node(kind, name=name, digest=digest))
    if kind in (Kind.TABLE, Kind.FUNCTION, Kind.PATH, Kind.EXTERNAL_METADATA):
        return await _named(tx, workspace, kind, name)
    _needed(id=id)
    look_up = {Kind.RUN: store.find_run, Kind.LOGGED_MODEL: store.find_model, Kind.TRACE: store.find_trace}[kind]
    found = await look_up(tx, workspace, id)
    if found is None:
        raise NotFound(f"No {kind.replace('_', ' ').lower()} with the id '{id}' exists.")
    return found


async def _named(tx: Tx, workspace: int, kind: Kind, name: str) -> Anchor:
    end = await relationships.end(tx, workspace, kind, name)
    return Anchor(Node(kind, "" if kind is Kind.PATH else end.key, end.name))


def _needed(**fields: str) -> None:
    for field, value in fields.items():
        if not value:
            raise InvalidParameter(f"Missing value for required parameter '{field}'.")


async def _version(tx: Tx, workspace: int, kind: Kind, name: str, version: str) -> Anchor:
    found = await registry.get_version(tx, workspace, name, version)
    if found.is_prompt is not (kind is Kind.PROMPT_VERSION):
        raise NotFound(f"{'Prompt' if kind is Kind.PROMPT_VERSION else 'Model'} version {name}/{version} not found")
    node = Node(kind, name=found.name, version=found.version, status=found.status, at=found.created_at)
    return Anchor(
        node, found.model_id,
        full_name=found.full_name, origin_run=found.run_id, origin_model=found.logged_model_id, source=found.source,
    )  # fmt: skip


# ── links that need more than one statement ──────────────────────────────────────────────────────────────────────────


def _spellings(anchor: Anchor) -> list[str]:
    return list(dict.fromkeys((anchor.node.name, anchor.full_name)))


def _marks(anchor: Anchor) -> list[str]:
    """How clients write this prompt version into the list they keep in a tag: with spaces and escapes or without."""
    version = anchor.node.version
    return [
        f'"name":{gap}{word},{gap}"version":{gap}"{version}"'
        for name in _spellings(anchor)
        for word in dict.fromkeys((json.dumps(name), json.dumps(name, ensure_ascii=False)))
        for gap in (" ", "")
    ]


async def _runs_of_prompt(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    return await store.runs_of_prompt(tx, workspace, _marks(anchor), after, limit)


async def _models_of_prompt(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    return await store.models_of_prompt(tx, workspace, _marks(anchor), after, limit)


async def _traces_of_prompt(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    targets = [f"{name}/{anchor.node.version}" for name in _spellings(anchor)]
    return await store.traces_linked(tx, workspace, "prompt", targets, after, limit)


async def _traces_of_run(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    return await store.traces_linked(tx, workspace, "run", [anchor.node.id], after, limit)


async def _prompts_listed(_tx: Tx, _workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    """The prompt versions that a run or LoggedModel lists in its tag."""
    try:
        listed = [(each.name, str(each.version)) for each in _entries.decode(anchor.prompts or "[]")]
    except msgspec.DecodeError:
        return []
    return _prompts(listed, after, limit)


async def _prompts_of_trace(tx: Tx, _workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    listed = [target.rpartition("/")[::2] for target in await store.prompts_of_trace(tx, anchor.seq)]
    return _prompts(listed, after, limit)


def _prompts(listed: list[tuple[str, str]], after: int, limit: int) -> list[Found]:
    found = [
        Found(place, Node(Kind.PROMPT_VERSION, name=name, version=int(version)))
        for place, (name, version) in enumerate(listed)
        if version.isascii() and version.isdecimal() and len(version) < 10
    ]
    return [each for each in found if each.place > after][:limit]


async def _copies(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    sources = [f"models:/{name}/{anchor.node.version}" for name in _spellings(anchor)]
    return await store.versions_from(tx, workspace, sources, after, limit)


async def _original(tx: Tx, workspace: int, anchor: Anchor, after: int, _limit: int) -> list[Found]:
    """The version that this one is a copy of; deleted, it is still known by its name."""
    name, _, version = anchor.source.removeprefix("models:/").rpartition("/")
    if after >= 0 or not anchor.source.startswith("models:/") or not name or not version.isdecimal():
        return []
    try:
        found = await registry.get_version(tx, workspace, name, version)
    except NotFound:
        return [Found(0, Node(Kind.MODEL_VERSION, name=name, version=int(version), deleted=True))]
    node = Node(Kind.MODEL_VERSION, name=found.name, version=found.version, status=found.status, at=found.created_at)
    return [Found(0, node)]


# ── what is declared, and what versions say of themselves ────────────────────────────────────────────────────────────


def _end(anchor: Anchor) -> End:
    node = anchor.node
    if node.kind is Kind.MODEL_VERSION:
        return End(node.kind, str(anchor.seq), node.name, node.version)
    return End(node.kind, node.id or node.name, node.name)


def _declared(direction: Direction) -> _Find:
    async def find(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
        found = await external.page(tx, workspace, _end(anchor), direction, after, limit)
        return [
            Found(
                each.seq,
                Node(
                    each.other.kind,
                    id=each.other.key if each.other.kind in (Kind.TABLE, Kind.EXTERNAL_METADATA) else "",
                    name=each.other.name, version=each.other.version, at=each.relationship.updated_at,
                ),
            )
            for each in found
        ]  # fmt: skip

    return find


def _inputs(kind: Kind) -> _Find:
    async def find(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
        return await external.inputs_of_version(tx, workspace, anchor.seq, anchor.node.version, kind, after, limit)

    return find


async def _versions_of_input(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    return await external.versions_of_input(tx, workspace, anchor.node.kind, anchor.node.name, after, limit)


class _Way(NamedTuple):
    direction: Direction
    relation: str
    find: _Find


_UP, _DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM
_DECLARED: Final = (_Way(_UP, "EXTERNAL", _declared(_UP)), _Way(_DOWN, "EXTERNAL", _declared(_DOWN)))
_WAYS: Final[dict[Kind, tuple[_Way, ...]]] = {
    Kind.DATASET: (_Way(_DOWN, "READ", store.runs_of_dataset),),
    Kind.RUN: (
        _Way(_UP, "READ", store.datasets_of_run),
        _Way(_UP, "READ", store.models_read_by_run),
        _Way(_UP, "USED", _prompts_listed),
        _Way(_DOWN, "MADE", store.models_of_run),
        _Way(_DOWN, "REGISTERED", store.versions_of_run),
        _Way(_DOWN, "MADE", _traces_of_run),
    ),
    Kind.LOGGED_MODEL: (
        _Way(_UP, "MADE", store.runs_that_made_model),
        _Way(_UP, "USED", _prompts_listed),
        _Way(_DOWN, "REGISTERED", store.versions_of_model),
        _Way(_DOWN, "READ", store.runs_that_read_model),
        _Way(_DOWN, "MADE", store.traces_of_model),
    ),
    Kind.MODEL_VERSION: (
        _Way(_UP, "REGISTERED", store.model_of_origin),
        _Way(_UP, "REGISTERED", store.run_of_version),
        _Way(_UP, "COPIED", _original),
        _Way(_UP, "READ", _inputs(Kind.TABLE)),
        _Way(_UP, "USED", _inputs(Kind.FUNCTION)),
        _DECLARED[0],
        _Way(_DOWN, "COPIED", _copies),
        _DECLARED[1],
    ),
    Kind.TABLE: (_DECLARED[0], _Way(_DOWN, "READ", _versions_of_input), _DECLARED[1]),
    Kind.FUNCTION: (_Way(_DOWN, "USED", _versions_of_input),),
    Kind.PATH: _DECLARED,
    Kind.EXTERNAL_METADATA: _DECLARED,
    Kind.PROMPT_VERSION: (
        _Way(_DOWN, "USED", _runs_of_prompt),
        _Way(_DOWN, "USED", _models_of_prompt),
        _Way(_DOWN, "USED", _traces_of_prompt),
    ),
    Kind.TRACE: (
        _Way(_UP, "USED", _prompts_of_trace),
        _Way(_UP, "MADE", store.runs_of_trace),
        _Way(_UP, "MADE", store.model_of_origin),
    ),
}
