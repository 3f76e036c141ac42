"""Names of catalogs, schemas and what stands in schemas: what may be one, and how they are kept.

Case does not count: ASCII letters are kept in lower case. A name is letters and digits of any script, underscores and
dashes, so that no name needs quoting in a path, a full name or a file's key.
"""

import string
import unicodedata
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
