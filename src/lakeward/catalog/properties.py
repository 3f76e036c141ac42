"""Comments and properties: what may be written to them."""

from collections.abc import Mapping

import msgspec

from lakeward.catalog.records import MAX_COMMENT, MAX_PROPERTIES, MAX_PROPERTY
from lakeward.kit.errors import InvalidParameter


def comment(text: str | None) -> str | None:
    if text is not None and len(text) > MAX_COMMENT:
        raise InvalidParameter(f"'comment' has {len(text)} characters; the maximum is {MAX_COMMENT}.")
    return text


def as_json(field: str, given: Mapping[str, str] | None) -> str | None:
    """As it is kept; None for what is not said."""
    if given is None:
        return None
    if len(given) > MAX_PROPERTIES:
        raise InvalidParameter(f"'{field}' has {len(given)} entries; the maximum is {MAX_PROPERTIES}.")
    for key, value in given.items():
        if not key or not key.isprintable() or len(key) > MAX_PROPERTY or len(value) > MAX_PROPERTY:
            raise InvalidParameter(
                f"Invalid entry {key[:80]!r} of '{field}': a key of printable characters, and key and value with at"
                f" most {MAX_PROPERTY} characters."
            )
        if "\0" in value:
            raise InvalidParameter(f"The value of {key[:80]!r} in '{field}' has a NUL character.")
    return msgspec.json.encode(given).decode()
