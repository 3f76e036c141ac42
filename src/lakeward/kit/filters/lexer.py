r"""Text to tokens, in one pass and linear time.

Strings follow SQL with one addition. A quote inside is written twice; a backslash is an ordinary character unless it
stands directly before a quote, where `\'` is a quote and `\\` a backslash, so that every text can be written.
Inside parentheses strings follow Python instead, because clients build lists with `f"run_id IN {tuple(ids)}"`.
"""

import re
from dataclasses import dataclass
from enum import Enum

from lakeward.kit.errors import InvalidParameter

MAX_LENGTH = 200_000  # characters; a list of some thousand run ids is common
MAX_NUMBER = 400

_BLANK = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d][\w.\-/@]*")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_COMPARATOR = re.compile(r"[<>=!~]+")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "0": "\0", "\n": ""}


class T(Enum):
    WORD = "a name"
    NUMBER = "a number"
    STRING = "a quoted string"
    TICKED = "a name in backticks"
    COMPARATOR = "a comparator"
    OPEN = "("
    CLOSE = ")"
    COMMA = ","
    DOT = "."
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    kind: T
    text: str  # what it means: quotes removed, escapes resolved
    start: int
    end: int
    quote: str = ""


class Source:
    """The text being read, and how to complain about a place in it."""

    def __init__(self, text: str, what: str) -> None:
        self.text = text
        self.what = what
        if len(text) > MAX_LENGTH:
            raise InvalidParameter(f"The {what} is {len(text):,} characters long; at most {MAX_LENGTH:,} are allowed.")
        check_storable(text, what)

    def refusal(self, problem: str, start: int, end: int | None = None) -> InvalidParameter:
        excerpt = self.text[start : end if end is not None and end > start else start + 40].strip()
        if len(excerpt) > 60:
            excerpt = excerpt[:59] + "…"
        where = f"at character {start + 1}, {excerpt!r}" if excerpt else "at the end"
        return InvalidParameter(f"Invalid {self.what}, {where}: {problem}")


def check_storable(text: str, what: str) -> None:
    """PostgreSQL holds any Unicode text but U+0000 and halves of surrogate pairs."""
    if "\0" in text:
        raise InvalidParameter(f"The {what} contains the character U+0000, which no stored text can contain.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidParameter(f"The {what} contains half of a surrogate pair and is not valid Unicode.") from None


def tokenize(source: Source) -> list[Token]:
    """All tokens, closed by one END; raises InvalidParameter at the first character that starts none."""
    text, tokens, at, depth = source.text, list[Token](), 0, 0
    while at < len(text):
        if blank := _BLANK.match(text, at):
            at = blank.end()
            continue
        token = _token(source, at, in_list=depth > 0, after=tokens[-1] if tokens else None)
        depth += (token.kind is T.OPEN) - (token.kind is T.CLOSE)
        tokens.append(token)
        at = token.end
    tokens.append(Token(T.END, "", len(text), len(text)))
    return tokens


def _token(source: Source, at: int, *, in_list: bool, after: Token | None) -> Token:
    text = source.text
    char = text[at]
    if char in "'\"":
        return _python_string(source, at) if in_list else _sql_string(source, at)
    if char == "`":
        return _ticked(source, at)
    if char == "." and after is not None and after.kind is T.TICKED and after.end == at:
        return Token(T.DOT, ".", at, at + 1)
    for kind in (T.OPEN, T.CLOSE, T.COMMA):
        if char == kind.value:
            return Token(kind, char, at, at + 1)
    for kind, pattern in ((T.WORD, _WORD), (T.NUMBER, _NUMBER), (T.COMPARATOR, _COMPARATOR)):
        if match := pattern.match(text, at):
            return _plain(source, kind, at, match.end())
    if char == ";":
        raise source.refusal("only one expression is allowed; remove the semicolon.", at, at + 1)
    raise source.refusal("unexpected character. Keys with special characters go in backticks: metrics.`my key`.", at)


def _plain(source: Source, kind: T, start: int, end: int) -> Token:
    if kind is T.NUMBER:
        if end - start > MAX_NUMBER:
            raise source.refusal(f"a number has at most {MAX_NUMBER} characters.", start, start + 20)
        if end < len(source.text) and (source.text[end].isalnum() or source.text[end] in "_."):
            raise source.refusal("not a number.", start)
    return Token(kind, source.text[start:end], start, end)


def _ticked(source: Source, start: int) -> Token:
    text, parts, at = source.text, list[str](), start + 1
    while True:
        close = text.find("`", at)
        if close < 0:
            raise source.refusal("the name in backticks never ends; add a closing backtick.", start)
        parts.append(text[at:close])
        if text[close + 1 : close + 2] != "`":
            return Token(T.TICKED, "".join(parts), start, close + 1, "`")
        parts.append("`")
        at = close + 2


def _sql_string(source: Source, start: int) -> Token:
    text, quote = source.text, source.text[start]
    parts, at, escaped = list[str](), start + 1, (-1, 0)
    while True:
        close = text.find(quote, at)
        if close < 0:
            close, known = escaped
            if close < 0:
                raise source.refusal(f"the string never ends; add a closing {quote}.", start)
            # '…\' at the end of everything: the backslash was just a backslash
            return Token(T.STRING, "".join(parts[:known]) + "\\", start, close + 1, quote)
        run = text[at:close]
        bare = run.rstrip("\\")
        slashes = len(run) - len(bare)
        parts.append(bare + "\\" * (slashes // 2))
        if slashes % 2:
            escaped = (close, len(parts))
            at = close + 1
        elif text[close + 1 : close + 2] == quote:
            at = close + 2
        else:
            return Token(T.STRING, "".join(parts), start, close + 1, quote)
        parts.append(quote)


def _python_string(source: Source, start: int) -> Token:
    text, quote, at = source.text, source.text[start], start + 1
    while True:
        close = text.find(quote, at)
        if close < 0:
            raise source.refusal(f"the string never ends; add a closing {quote}.", start)
        run = text[at:close]
        if (len(run) - len(run.rstrip("\\"))) % 2:
            at = close + 1
        elif text[close + 1 : close + 2] == quote:
            at = close + 2
        else:
            break
    raw = text[start + 1 : close].replace(quote * 2, quote)
    value = _ESCAPE.sub(_unescape, raw) if "\\" in raw else raw
    check_storable(value, source.what)
    return Token(T.STRING, value, start, close + 1, quote)


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is not None:
        return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else match[0]
    if match[4] in "\\'\"":
        return match[4]
    return _ESCAPED.get(match[4], match[0])
