"""Number types of the protobuf-JSON dialect that MLflow clients speak."""

import math
from typing import Annotated

import msgspec

# int64 arrives as a number or a string (protobuf JSON); the bounds are PostgreSQL's bigint.
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

# JSON has no NaN: protobuf spells it, and clients parse the spelling.
Float = float | str


def spell(value: float) -> Float:
    """The JSON form of a double."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
