"""The tags by which an experiment says how long spans of its traces stay in the database (mlflow 3.17)."""

import re
from typing import Final

import msgspec

from lakeward.kit.errors import InvalidParameter

RETENTION: Final = "mlflow.trace.archivalRetention"
ARCHIVE_NOW: Final = "mlflow.trace.archiveNow"
_DURATION: Final = re.compile(r"\s*([1-9][0-9]{0,8})([mhd])\s*")
_UNITS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST: Final = 36_500 * _UNITS["d"]


class _Words(msgspec.Struct):
    type: str | None = None
    value: str | None = None
    older_than: str | None = None


_decode = msgspec.json.Decoder(_Words).decode


def duration_ms(text: str) -> int:
    """30d, 12h or 45m as milliseconds."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidParameter(
            f"Invalid duration {text[:40]!r}: a number and m, h or d are expected, as in 30d or 12h."
        )
    return min(int(match[1]) * _UNITS[match[2]], _LONGEST)


def archival_of(key: str, value: str) -> int:
    """What one of these tags says, in milliseconds. compat(mlflow 3.17): JSON; a retention is also taken bare, as 30d.

    An ARCHIVE_NOW that names no duration is 0: of any age.
    """
    if key == RETENTION and _DURATION.fullmatch(value):
        return duration_ms(value)
    try:
        said = _decode(value)
    except msgspec.DecodeError as error:
        said = None
        if key == RETENTION or value.strip():
            raise _wrong(key) from error
    if key == ARCHIVE_NOW:
        return 0 if said is None or said.older_than is None else duration_ms(said.older_than)
    if said is None or said.type != "duration" or said.value is None:
        raise _wrong(key)
    return duration_ms(said.value)


def _wrong(key: str) -> InvalidParameter:
    form = '{"type": "duration", "value": "30d"}' if key == RETENTION else '{} or {"older_than": "30d"}'
    return InvalidParameter(f"Invalid value of the tag {key}: {form} is expected.")
