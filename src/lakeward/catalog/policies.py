"""The rules of governed tags: which values a key may have, and who may put it on things.

Whoever has ASSIGN on a policy may assign its key, and whoever manages the workspace. A key without a policy is free;
what was assigned before it had one stays as it is.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from lakeward import access
from lakeward.access import MANAGE, Gate, Kind, Level, Sight, Way
from lakeward.catalog import catalogs, properties, tags
from lakeward.catalog.records import TagPolicy
from lakeward.catalog.securable import unity
from lakeward.catalog.store import policies as store
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, LimitExceeded, NotFound
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor, Role

MAX_POLICIES: Final = 1_000
MAX_VALUES: Final = 500
_REMEMBER_SECONDS: Final = 1.0
_REMEMBER_AT_MOST: Final = 1_000
ASSIGN: Final = "ASSIGN"
_LEVELS: Final = (Level("tag_policy", "{o}.id::text"), *unity.IN_METASTORE)
TAG_POLICIES: Final = Kind(
    "tag_policy",
    _LEVELS,
    {
        unity.BROWSE: ((unity.held(_LEVELS, ASSIGN),),),
        ASSIGN: ((unity.held(_LEVELS, ASSIGN),),),
        MANAGE: ((unity.managed(_LEVELS),),),
    },
)
BY_TAG_KEY: Final = Way(
    TAG_POLICIES,
    "tag policy",
    'SELECT o.id, o.workspace_id FROM tag_policy o WHERE o.workspace_id = $2 AND o.tag_key = n.name COLLATE "C"',
    lambda key: NotFound(f"There is no tag policy for the key {key[:80]!r}."),
)
of_tag_policy: Final = access.named(BY_TAG_KEY)
access.add_securable(unity.Securable("TAG_POLICY", ("tag_policy",), BY_TAG_KEY, (ASSIGN, MANAGE)))
_known: WeakKeyDictionary[Database, dict[int, tuple[float, frozenset[str]]]] = WeakKeyDictionary()


async def create(
    tx: Tx, workspace: int, creator: Actor, key: str, *, description: str, values: Sequence[str]
) -> TagPolicy:
    """The key is governed from now on; the creator owns its policy. Needs a transaction."""
    tags.check_key(key)
    now = now_ms()
    said = properties.comment(description) or ""
    made = await store.add(tx, workspace, key, said, _checked(key, values), now, MAX_POLICIES)
    if made is None:
        if await store.find(tx, workspace, key) is None:
            raise LimitExceeded(f"There are {MAX_POLICIES} tag policies, which is the most there may be.")
        raise AlreadyExists(f"The tag {key!r} has a policy already.", code="ALREADY_EXISTS")
    await access.own(tx, TAG_POLICIES, workspace, str(made.id), creator.id)
    return made


async def get(tx: Tx, workspace: int, key: str) -> TagPolicy:
    found = await store.find(tx, workspace, key)
    if found is None:
        raise BY_TAG_KEY.unknown(key)
    return found


async def page(
    tx: Tx, workspace: int, sight: Sight | None, page_size: int | None, page_token: str | None
) -> tuple[list[TagPolicy], str | None]:
    """By key."""
    size = catalogs.size_of(page_size)
    context = pages.context_of("tag policies", workspace)
    [after] = pages.decode(page_token, context, [str]) if page_token else [""]
    found = await store.page(tx, workspace, sight, str(after), size + 1)
    return found[:size], pages.encode([found[size - 1].key], context) if len(found) > size else None


async def update(
    tx: Tx, workspace: int, key: str, *, description: str | None, values: Sequence[str] | None
) -> TagPolicy:
    """Only what is said changes. Tags that were assigned stay, whatever their value."""
    allowed = None if values is None else _checked(key, values)
    changed = await store.change(tx, workspace, key, properties.comment(description), allowed, now_ms())
    if changed is None:
        raise BY_TAG_KEY.unknown(key)
    return changed


async def delete(tx: Tx, workspace: int, key: str) -> None:
    """The key is free again; tags that were assigned stay."""
    if not await store.delete(tx, workspace, key):
        raise BY_TAG_KEY.unknown(key)


async def governed_keys(db: Database, workspace: int) -> frozenset[str]:
    """As they were a second ago at most: tags of models are written often, and few keys are governed."""
    known = _known.setdefault(db, {})
    found, now = known.get(workspace), time.monotonic()
    if found is None or found[0] < now:
        if len(known) >= _REMEMBER_AT_MOST:
            known.clear()
        async with db.connection() as connection:
            found = known[workspace] = now + _REMEMBER_SECONDS, frozenset(await store.keys(connection, workspace))
    return found[1]


def forget_keys(db: Database) -> None:
    """What this process changed, it knows at once."""
    _known.pop(db, None)


async def enter(
    tx: Tx, gate: Gate, actor: Actor, workspace: int, words: Mapping[str, str | None], *, at_home: bool
) -> None:
    """Raise unless the caller may assign these keys, as far as they are governed, and these values (None: take away).

    His role counts `at_home` alone, and EDIT is not enough.
    """
    for policy in await store.of_keys(tx, workspace, list(words)):
        if not (actor.is_admin or (at_home and actor.role_in(workspace) is Role.MANAGE)):
            await gate.require(actor, workspace, BY_TAG_KEY, [policy.key], ASSIGN)
        value = words[policy.key]
        if value is not None and policy.values and value not in policy.values:
            raise InvalidParameter(
                f"{value[:80]!r} is no value of the governed tag {policy.key!r}; {', '.join(policy.values)[:500]} are."
            )


def _checked(key: str, values: Sequence[str]) -> list[str]:
    if len(values) > MAX_VALUES:
        raise InvalidParameter(f"The policy of {key[:80]!r} has {len(values)} values; the maximum is {MAX_VALUES}.")
    for each in values:
        tags.check_value(key, each)
    return list(dict.fromkeys(values))
