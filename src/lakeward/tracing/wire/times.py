"""Times and durations of protobuf JSON: RFC 3339, and seconds with an `s`. Here they are milliseconds. And states."""

import re
from datetime import UTC, datetime
from typing import Final

from lakeward.kit.errors import InvalidParameter
from lakeward.tracing.records import STATES

_DURATION: Final = re.compile(r"(-?\d{1,15})(?:\.(\d{1,9}))?s")


def rfc3339(ms: int) -> str:
    try:
        moment = datetime.fromtimestamp(ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return "9999-12-31T23:59:59.999Z"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def epoch_ms(text: str, what: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(f"The {what} {text[:40]!r} is not an RFC 3339 time.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def duration_text(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}s"


def duration_ms(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise InvalidParameter(f"The execution_duration {text[:40]!r} is not a duration as in '1.5s'.")
    return int(found[1]) * 1000 + int((found[2] or "0").ljust(9, "0")[:3])


def state_of(given: str | int) -> str:
    """A trace state by its name or protobuf number."""
    if isinstance(given, str) and given.isdecimal() and len(given) < 3:
        given = int(given)
    if isinstance(given, int):
        given = STATES[given] if 0 <= given < len(STATES) else str(given)
    if given == "TRACE_STATUS_UNSPECIFIED":
        return STATES[0]
    if given not in STATES:
        raise InvalidParameter(f"{given!r} is not the state of a trace: it is one of {', '.join(STATES)}.")
    return given
