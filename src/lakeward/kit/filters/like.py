"""LIKE patterns: `%` is any text, `_` any one character; there is no escape character, as in MLflow's SQL store."""

import re

_WILDCARDS = re.compile(r"[%_]+")


def like_literal_runs(pattern: str) -> list[str]:
    """The literal pieces between the wildcards: whatever matches the pattern contains every one of them."""
    return [run for run in _WILDCARDS.split(pattern) if run]


def containing(letters: str) -> str:
    """The pattern of texts that have these letters somewhere; `%` and `_` among them match more than themselves."""
    return f"%{letters}%"
