"""How long is how long: the tags of experiments, as MLflow spells them, and the server's setting."""

from typing import Final, NamedTuple

from lakeward.experiments import ARCHIVE_NOW, RETENTION, archival_of
from lakeward.kit.errors import InvalidParameter

_DAY: Final = 86_400_000


class Term(NamedTuple):
    """What is due for an experiment: spans of traces that began before then may leave (epoch milliseconds).

    `ended`: only traces that have ended, as somebody asks for it now; `asked` is the value of the tag that does.
    """

    experiment_id: int
    workspace_id: int
    until_ms: int
    asked: str | None = None
    ended: bool = False


def retention_of(tag: str | None, default_days: int) -> int | None:
    """In milliseconds; None keeps all. A tag that cannot be read was set before it was checked, and says nothing."""
    if tag is not None:
        try:
            return archival_of(RETENTION, tag)
        except InvalidParameter:
            pass
    return default_days * _DAY if default_days else None


def age_of(asked: str) -> int:
    """How old a trace must be that somebody asked to move now, in milliseconds."""
    try:
        return archival_of(ARCHIVE_NOW, asked)
    except InvalidParameter:
        return 0


def until(now: int, retention: int) -> int:
    """Whole days leave together, so that a day is few files; of shorter retentions, what is older."""
    moment = now - retention
    return moment - moment % _DAY if retention >= _DAY else moment


__all__ = ["ARCHIVE_NOW", "RETENTION", "Term", "age_of", "retention_of", "until"]
