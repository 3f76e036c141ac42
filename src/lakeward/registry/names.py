"""Names of registered models: what may be one, and which model it means.

Every model has a place in a catalog and a schema. A name of three parts, `main.default.iris`, says all of it, if the
first two may be names of a catalog and a schema; any other stands in the default schema as it is, so `iris` and
`main.default.iris` are one model. Case counts.
"""

import string
from typing import Final

import msgspec

from lakeward import catalog
from lakeward.kit.errors import InvalidParameter
from lakeward.registry.records import MAX_ALIAS, MAX_NAME

_RESERVED_IN_URIS: Final = "/:"
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Name(msgspec.Struct, frozen=True):
    """`written` is the caller's spelling, `full` the one by which the model is found."""

    written: str
    catalog: str
    schema: str
    full: str


def parse(written: str, *, field: str = "name") -> Name:
    """The name of a model as http clients write it. `field` is what the request calls it, for messages."""
    if not written.strip():
        raise InvalidParameter(f"Missing value for required parameter '{field}'.")
    if any(mark in written for mark in _RESERVED_IN_URIS):
        raise InvalidParameter(f"Invalid model name '{written}'. Names cannot contain '/' or ':'.")
    if written == "." or written.startswith("..") or not written.isprintable():
        raise InvalidParameter(f"Invalid value {written!r} for parameter '{field}': it cannot be a name in a path.")
    if len(written) > MAX_NAME:
        raise InvalidParameter(f"A model name has at most {MAX_NAME} characters, not {len(written)}.")
    return Name(written, *place(written))


def place(written: str) -> tuple[str, str, str]:
    """(catalog, schema, full name) that this spelling means, whether such a model may be or not."""
    parts = written.split(".")
    if len(parts) == 3 and parts[2] and catalog.fits(parts[0]) and catalog.fits(parts[1]):
        return parts[0], parts[1], written
    return catalog.MAIN, catalog.DEFAULT, f"{catalog.MAIN}.{catalog.DEFAULT}.{written}"


def fold(text: str) -> str:
    """The text by which names are compared in any case: ASCII letters only, as the database's index has it."""
    return text.translate(_LOWER)


def parse_version(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise InvalidParameter(f"Invalid value {text!r} for parameter 'version': it must be an integer.") from None
    return number if 0 < number < 2**31 else 0  # a version that no model has


def check_alias(alias: str) -> str:
    if not alias:
        raise InvalidParameter("Registered model alias name cannot be empty.")
    if not all(each.isalnum() or each in "_-" for each in alias):
        raise InvalidParameter(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_) and dashes (-)."
        )
    if len(alias) > MAX_ALIAS:
        raise InvalidParameter(f"Registered model alias name exceeds the maximum length of {MAX_ALIAS} characters.")
    return alias


def check_new_alias(alias: str) -> str:
    """An alias that may be set: not one that URIs read as something else."""
    check_alias(alias)
    if alias.lower() == "latest":
        raise InvalidParameter("'latest' alias name (case insensitive) is reserved.")
    if alias[0] in "vV" and alias[1:].isdecimal() and alias.isascii():
        raise InvalidParameter(f"Version alias name '{alias}' is reserved.")
    return alias
