"""Types of fields: numbers of the protobuf-JSON dialect that MLflow clients speak, and secrets."""

import math
from typing import Annotated

import msgspec

# int64 arrives as a number or a string (protobuf JSON); the bounds are PostgreSQL's bigint.
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

# Taken from the body alone: addresses are kept in histories and in the logs of proxies.
HIDDEN = msgspec.Meta(extra_json_schema={"writeOnly": True, "format": "password"})
Secret = Annotated[str, HIDDEN]

# JSON has no NaN: protobuf spells it, and clients parse the spelling.
Float = float | str


def spell(value: float) -> Float:
    """The JSON form of a double."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
