"""Names of catalogs, schemas and what stands in schemas: what may be one, and how they are kept.

Case does not count: ASCII letters are kept in lower case. A name is letters and digits of any script, underscores and
dashes, so that no name needs quoting in a path, a full name or a file's key.
"""

import string
import unicodedata
from collections.abc import Iterable
from typing import Final

from lakeward.kit.errors import InvalidParameter

MAX_NAME: Final = 255
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def fold(text: str) -> str:
    """The text by which names are compared: ASCII letters only, as the database folds them."""
    return text.translate(_LOWER)


def fits(name: str) -> bool:
    """Whether something may be called so."""
    return (
        0 < len(name) <= MAX_NAME
        and name[0] != "-"
        and all(each.isalnum() or each in "_-" for each in name)
        and unicodedata.is_normalized("NFC", name)
    )


def check_entries(what: str, entries: Iterable[tuple[str, int | None]]) -> None:
    """Of columns or parameters, as (name, position) in any order: each has a name, and a place if one says so, of its
    own.
    """
    named, placed = set(), set()
    for name, position in entries:
        if not name or not name.isprintable() or len(name) > MAX_NAME:
            raise InvalidParameter(f"Invalid name {name[:80]!r} of a {what}: 1 to {MAX_NAME} printable characters.")
        if fold(name) in named:
            raise InvalidParameter(
                f"Two of them are called {name!r}: each {what} needs a name of its own, in any case."
            )
        named.add(fold(name))
        if position is None:
            continue
        if position < 0 or position in placed:
            raise InvalidParameter(
                f"Invalid position {position} of the {what} {name!r}: 0 or more, each for one alone."
            )
        placed.add(position)


def checked(what: str, name: str) -> str:
    """A name that something may be given, as it is kept. Raises InvalidParameter."""
    if not name:
        raise InvalidParameter(f"Missing value for required parameter 'name': a {what} needs one.")
    if not fits(name):
        raise InvalidParameter(
            f"Invalid name {name[:80]!r} of a {what}: 1 to {MAX_NAME} letters, digits, underscores and dashes, and no"
            " dash at the beginning."
        )
    return fold(name)
