"""SCIM filters as SQL: `userName eq "ada" and (active eq true or displayName sw "A")`.

The grammar of RFC 7644 §3.4.2.2 without filters inside of values. Text is compared without regard to case, as the RFC
has it for names. A value may stand in double quotes, in single quotes or bare, as the platform takes it.
"""

import json
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from lakeward.identity.records import Kind
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.sql import Parameters

_LONGEST: Final = 4_000
_DEEPEST: Final = 16
_TOKEN: Final = re.compile(r"""\s*(?:([()])|("(?:[^"\\]|\\.)*"|'[^']*')|([^\s()"']+))""")
_OPERATORS: Final = ("eq", "ne", "co", "sw", "ew", "pr")

_ANY: Final[dict[str, str]] = {
    "id": "p.id::text",
    "externalid": "p.external_id",
    "meta.created": "p.created_at::text",
}
_PERSON: Final = _ANY | {"displayname": "p.display_name"}
COLUMNS: Final[Mapping[Kind, Mapping[str, str]]] = {
    "USER": _PERSON
    | {
        "username": "p.name",
        "name.givenname": "coalesce(p.profile->>'given_name', '')",
        "name.familyname": "coalesce(p.profile->>'family_name', '')",
        "emails": "coalesce((p.profile->'emails')::text, '')",
    },
    "SERVICE_PRINCIPAL": _PERSON | {"applicationid": "p.name", "username": "p.name"},
    "GROUP": _ANY | {"displayname": "p.name"},
}
_EMAIL: Final = "EXISTS (SELECT FROM jsonb_array_elements(p.profile->'emails') e WHERE {})"
_TESTS: Final = {
    "eq": "lower({0}) = lower({1}::text)",
    "ne": "lower({0}) <> lower({1}::text)",
    "co": "strpos(lower({0}), lower({1}::text)) > 0",
    "sw": "starts_with(lower({0}), lower({1}::text))",
    "ew": "right(lower({0}), length({1}::text)) = lower({1}::text)",
}


class Query(NamedTuple):
    """A condition and an order over `principal p`, and the values of `$n`; `$1` is the workspace."""

    where: str
    ordering: str
    parameters: Parameters


def query(kind: Kind, workspace: int | None, filter_text: str, sort_by: str, *, descending: bool) -> Query:
    """The search of a list of this kind. Raises InvalidParameter with the code `invalidFilter`."""
    parameters = Parameters()
    parameters.add(workspace)
    where = f"p.kind = {parameters.add(kind)}"
    if filter_text.strip():
        where += f" AND ({_Parser(filter_text, COLUMNS[kind], parameters).whole()})"
    ordering = "p.id DESC" if descending else "p.id"
    if sort_by:
        column = COLUMNS[kind].get(sort_by.lower())
        if column is None:
            raise InvalidParameter(f"Cannot sort by {sort_by!r}.", code="invalidPath")
        ordering = f"{column} DESC, p.id DESC" if descending else f"{column}, p.id"
    return Query(where, ordering, parameters)


class _Parser:
    """Recursive descent over the words of a filter."""

    def __init__(self, text: str, columns: Mapping[str, str], parameters: Parameters) -> None:
        if len(text) > _LONGEST:
            raise _wrong(f"it is longer than {_LONGEST} characters")
        self._columns = columns
        self._parameters = parameters
        self._words = list(_words(text.rstrip()))
        self._at = 0

    def whole(self) -> str:
        made = self._either(0)
        if self._at < len(self._words):
            raise _wrong(f"{self._words[self._at]!r} is one word too many")
        return made

    def _either(self, depth: int) -> str:
        if depth > _DEEPEST:
            raise _wrong("it is nested too deeply")
        parts = [self._all(depth)]
        while self._peek() == "or":
            self._at += 1
            parts.append(self._all(depth))
        return f"({' OR '.join(parts)})"

    def _all(self, depth: int) -> str:
        parts = [self._one(depth)]
        while self._peek() == "and":
            self._at += 1
            parts.append(self._one(depth))
        return " AND ".join(parts)

    def _one(self, depth: int) -> str:
        negated = self._peek() == "not"
        if negated:
            self._at += 1
        if self._peek() == "(":
            self._at += 1
            inner = self._either(depth + 1)
            if self._next() != ")":
                raise _wrong("a parenthesis is not closed")
            return f"NOT {inner}" if negated else inner
        if negated:
            raise _wrong("`not` takes a parenthesis")
        return self._comparison()

    def _comparison(self) -> str:
        attribute = self._next().lower()
        operator = self._next().lower()
        if operator not in _OPERATORS:
            raise _wrong(f"{operator!r} is no operator; there are {', '.join(_OPERATORS)}")
        if attribute == "active":
            return self._active(operator)
        attribute = "emails" if attribute in ("emails.value", "emails") else attribute
        column = self._columns.get(attribute)
        if column is None:
            raise _wrong(f"{attribute!r} cannot be filtered by")
        if operator == "pr":
            return f"{column} <> ''"
        mark = self._parameters.add(_value(self._next()))
        if attribute == "emails":
            column = "(e->>'value')"
            return _EMAIL.format(_TESTS[operator].format(column, mark))
        return _TESTS[operator].format(column, mark)

    def _active(self, operator: str) -> str:
        if operator == "pr":
            return "true"
        value = _value(self._next()).lower()
        if operator not in ("eq", "ne") or value not in ("true", "false"):
            raise _wrong("`active` takes `eq true` or `eq false`")
        return "p.is_active" if (operator == "eq") == (value == "true") else "NOT p.is_active"

    def _peek(self) -> str:
        """The word that comes, if it can be one of the grammar's own."""
        word = self._words[self._at] if self._at < len(self._words) else ""
        return word.lower()

    def _next(self) -> str:
        if self._at >= len(self._words):
            raise _wrong("it ends too early")
        word = self._words[self._at]
        self._at += 1
        return word


def _words(text: str) -> list[str]:
    found = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _wrong("a quotation mark is not closed")
        found.append(match[1] or match[2] or match[3])
        position = match.end()
    return found


def _value(word: str) -> str:
    if word.startswith("'"):
        return word[1:-1]
    if not word.startswith('"'):
        return word
    try:
        value = json.loads(word, strict=False)
    except ValueError as error:
        raise _wrong(f"{word} is no text") from error
    return str(value)


def _wrong(why: str) -> InvalidParameter:
    return InvalidParameter(f"The filter cannot be read: {why}.", code="invalidFilter")
