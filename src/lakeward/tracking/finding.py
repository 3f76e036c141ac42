"""What lies in experiments, found by what somebody remembers of it: letters of a name, or how an id begins."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from lakeward import experiments, logged_models, tracing
from lakeward.access import Sight
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx
from lakeward.tracking import search
from lakeward.tracking.records import Found
from lakeward.tracking.store import runs as store

DEFAULT_RESULTS: Final = 5  # of each kind
MAX_RESULTS: Final = 20
MAX_WORDS: Final = 255
_MOST_EXPERIMENTS: Final = 10_000  # those that changed last
_MOST_OF_SESSIONS: Final = 2_000  # each of them is looked into: 10 µs
_ID: Final = re.compile(r"(m-|tr-)?([0-9a-f]{4,32})")


async def find(tx: Tx, workspace: int, sight: Sight | None, words: str, limit: int) -> list[Found]:
    """Up to `limit` of each kind in the experiments that the caller sees; without words the newest runs.

    An experiment is found by its number. Letters are looked for in names of runs and LoggedModels. Ids of runs,
    LoggedModels and traces may be cut short to four digits, those of sessions to any beginning.
    """
    if len(words) > MAX_WORDS:
        raise InvalidParameter(f"Invalid value for parameter 'words': at most {MAX_WORDS} characters.")
    if not 1 <= limit <= MAX_RESULTS:
        raise InvalidParameter(f"Invalid value for parameter 'max_results': from 1 to {MAX_RESULTS}.")
    seen = await experiments.latest_ids(tx, workspace, sight, _MOST_EXPERIMENTS)
    if not seen:
        return []
    found = [*_by_number(seen, words), *await _by_id(tx, seen, words, limit), *await _by_name(tx, seen, words, limit)]
    names = await experiments.names_of(tx, [each.experiment_id for each in found])
    return [each._replace(experiment_name=names.get(each.experiment_id, "")) for each in dict.fromkeys(found)]


def _of(kind: str, rows: Iterable[Any]) -> list[Found]:
    return [Found(kind, row[0], row[1], row[2]) for row in rows]


def _by_number(seen: Sequence[int], words: str) -> list[Found]:
    known = words.isascii() and words.isdigit() and int(words) in seen
    return [Found("experiment", str(int(words)), "", int(words))] if known else []


async def _by_id(tx: Tx, seen: Sequence[int], words: str, limit: int) -> list[Found]:
    identity = _ID.fullmatch(words)
    if not identity:
        return []
    prefix, digits = identity[1] or "", identity[2]
    found = []
    if not prefix:
        found += _of("run", await store.find_beginning(tx, seen, digits, limit))
    if prefix != "tr-":
        models = await logged_models.find_named(tx, seen, id_start=f"m-{digits}", limit=limit)
        found += _of("logged_model", models)
    if prefix != "m-":
        found += _of("trace", await tracing.find_traces(tx, seen, f"tr-{digits}", limit))
    return found


async def _by_name(tx: Tx, seen: Sequence[int], words: str, limit: int) -> list[Found]:
    found = _of("run", await store.find_names(tx, await search.named(tx, seen, words, limit)))
    if words:
        models = await logged_models.find_named(tx, seen, letters=words, limit=limit)
        sessions = await tracing.find_sessions(tx, seen[:_MOST_OF_SESSIONS], words, limit)
        found += _of("logged_model", models)
        found += _of("session", ((session, session, experiment) for session, experiment in sessions))
    return found
