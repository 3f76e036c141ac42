"""Credentials of our own, by their shape: where somebody gives one for a name or an id, it is not repeated."""

import re

# lkw_ tokens, lko_ and lkr_ of OAuth, lks_ secrets, lkc_ sessions: the prefix and 43 characters, or most of them
_SHAPE = re.compile(r"(?<![A-Za-z])(lk[a-z]_)[A-Za-z0-9_-]{20,}")


def redacted(text: str) -> str:
    """The text with `lkw_***` where a token was."""
    return _SHAPE.sub(r"\1***", text) if "lk" in text else text
