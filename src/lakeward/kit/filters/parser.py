"""Tokens to comparisons. Clauses are joined by AND; there is nothing else to nest, so nothing recurses.

Redundant and missing ANDs are accepted, because MLflow's server accepts them and filters are often glued together.
"""

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters.lexer import Source, T, Token, tokenize
from lakeward.kit.filters.vocabulary import LISTED, NUMERIC, PRESENCE, Comparison, Entity, Field, Kind, Op, Vocabulary

MAX_CLAUSES = 100
MAX_LIST = 10_000
INT64 = range(-(2**63), 2**63)
ORDERED = frozenset({Op.LT, Op.LE, Op.GT, Op.GE})
COMPARATORS = frozenset(op.value for op in NUMERIC)
NOT_FINITE = ("nan", "inf", "infinity")


def parse_filter(text: str | None, vocabulary: Vocabulary) -> tuple[Comparison, ...]:
    """The clauses of a filter, in its order. Raises InvalidParameter and nothing else."""
    if not text:
        return ()
    parser = Parser(Source(text, "filter"), vocabulary)
    clauses: list[Comparison] = []
    while parser.next_clause():
        if len(clauses) == MAX_CLAUSES:
            raise parser.refusal(f"a filter has at most {MAX_CLAUSES} clauses.")
        clauses.append(parser.comparison())
    return tuple(clauses)


class Parser:
    """A position in the tokens of one text."""

    def __init__(self, source: Source, vocabulary: Vocabulary) -> None:
        self.source = source
        self.vocabulary = vocabulary
        self.tokens = tokenize(source)
        self.at = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def advance(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind is not T.END
        return token

    def refusal(self, problem: str, token: Token | None = None) -> InvalidParameter:
        token = token or self.token
        return self.source.refusal(problem, token.start, token.end)

    def word(self, *words: str) -> bool:
        """Step over one of these keywords, if it comes next."""
        found = self.token.kind is T.WORD and self.token.text.upper() in words
        self.at += found
        return found

    # ── clauses ──────────────────────────────────────────────────────────────────────────────────────────────────

    def next_clause(self) -> bool:
        while self.word("AND"):
            pass
        token = self.token
        if token.kind is T.OPEN:
            raise self.refusal("parentheses only hold the list after IN; clauses are joined by AND, not grouped.")
        if token.kind is T.CLOSE:
            raise self.refusal("this parenthesis closes nothing.")
        if token.kind is T.WORD and token.text.upper() in ("OR", "NOT", "XOR"):
            raise self.refusal(f"{token.text.upper()} is not supported; clauses can only be joined by AND.")
        return token.kind is not T.END

    def comparison(self) -> Comparison:
        start = self.token
        entity, spelling = self.identifier()
        named = self.source.text[start.start : self.tokens[self.at - 1].end]
        field = self.resolve(entity, spelling, start)
        op_token = self.token
        op = self.comparator(named)
        if op not in field.ops:
            allowed = ", ".join(known for known in Op if known in field.ops)
            raise self.refusal(f"invalid comparator {op} for {named}; it can be compared by {allowed}.", op_token)
        key = field.key or spelling
        if op in PRESENCE:
            return Comparison(entity, key, op, None)
        if op in LISTED:
            return Comparison(entity, key, op, self.list_value(named))
        return Comparison(entity, key, op, self.value(field, op, named))

    # ── the left side ────────────────────────────────────────────────────────────────────────────────────────────

    def identifier(self) -> tuple[Entity, str]:
        """`key`, `` `key` ``, `prefix.key`, or a prefix, a dot and a quoted key."""
        token = self.advance()
        if token.kind is T.WORD:
            prefix, dot, key = token.text.partition(".")
            if not dot:
                return Entity.ATTRIBUTE, self._whole(token.text)
            entity = self._entity(prefix, token)
            if entity is Entity.SPAN and key == "attributes." and self.token.kind in (T.TICKED, T.STRING):
                return entity, key + self._quoted_key(token)
            return entity, self._whole(key) if key else self._quoted_key(token)
        if token.kind is T.TICKED and self.token.kind is T.DOT:
            return self._entity(token.text, token), self._key_after(self.advance())
        if token.kind is T.TICKED or token.quote == '"':
            return Entity.ATTRIBUTE, token.text
        if token.kind is T.END:
            raise self.refusal(f"a comparison is expected; {self._prefixes()}.", token)
        raise self.refusal(f"a comparison starts with the name of what is compared; {self._prefixes()}.", token)

    def _entity(self, prefix: str, token: Token) -> Entity:
        entity = self.vocabulary.prefixes.get(prefix)
        if entity is None:
            near = next((known for known in self.vocabulary.prefixes if known == prefix.lower()), None)
            hint = f"did you mean {near}.?" if near else f"{self._prefixes()}."
            raise self.refusal(f"invalid entity type {prefix!r}; {hint}", token)
        return entity

    def _prefixes(self) -> str:
        known = ", ".join(f"{prefix}.<key>" for prefix in self.vocabulary.prefixes)
        return f"the search of {self.vocabulary.subject} knows {known}, or an attribute without a prefix"

    def _whole(self, key: str) -> str:
        before, token = self.tokens[self.at - 1], self.token
        if token.start == before.end and token.kind in (T.TICKED, T.STRING):
            raise self.refusal("a key is quoted as a whole: metrics.`a.b c`.", token)
        return key

    def _key_after(self, dot: Token) -> str:
        if self.token.kind is T.WORD and self.token.start == dot.end:
            return self._whole(self.advance().text)
        return self._quoted_key(dot)

    def _quoted_key(self, before: Token) -> str:
        token = self.token
        if token.start != before.end or token.kind not in (T.TICKED, T.STRING):
            raise self.refusal("a key must follow the dot at once.", before)
        self.advance()
        return self._whole(token.text)

    def resolve(self, entity: Entity, spelling: str, token: Token) -> Field:
        field = self.vocabulary.field(entity, spelling)
        if field is None:
            known = ", ".join(self.vocabulary.keys(entity))
            raise self.refusal(f"invalid {entity} key {spelling!r}; the keys are {known}.", token)
        if not spelling:
            raise self.refusal("the key is empty.", token)
        return field

    # ── comparators and values ───────────────────────────────────────────────────────────────────────────────────

    def comparator(self, named: str) -> Op:
        token = self.advance()
        if token.kind is T.COMPARATOR:
            if token.text in COMPARATORS:
                return Op(token.text)
            hint = {"==": "; write =", "<>": "; write !=", "=<": "; write <=", "=>": "; write >="}.get(token.text, "")
            raise self.refusal(f"invalid comparator {token.text!r}{hint}.", token)
        word = token.text.upper() if token.kind is T.WORD else ""
        if word in ("LIKE", "ILIKE", "RLIKE", "IN"):
            return Op(word)
        if word == "NOT":
            if self.word("IN"):
                return Op.NOT_IN
            raise self.refusal("only NOT IN is supported.", token)
        if word == "IS":
            negated = self.word("NOT")
            if self.word("NULL"):
                return Op.IS_NOT_NULL if negated else Op.IS_NULL
            raise self.refusal("only IS NULL and IS NOT NULL are supported.", token)
        raise self.refusal(f"a comparator is expected after {named}: one of {', '.join(Op)}.", token)

    def value(self, field: Field, op: Op, named: str) -> str | int | float:
        token = self.advance()
        if field.kind is Kind.TEXT or (field.kind is Kind.JUDGED and op not in ORDERED):
            return self._text(token, named)
        bare = token.kind is T.WORD and self.vocabulary.bare_values and token.text.lower() in NOT_FINITE
        if token.kind is not T.NUMBER and not bare:
            raise self.refusal(f"{named} is compared with a number, without quotes.", token)
        if field.kind is Kind.FLOAT:
            return float(token.text)
        if not token.text.lstrip("-").isdigit():
            if field.kind is Kind.INTEGER or bare:
                raise self.refusal(f"{named} is compared with a whole number.", token)
            return float(token.text)
        if (number := int(token.text)) not in INT64:
            raise self.refusal(f"{named} is a 64-bit integer; this number is too large.", token)
        return number

    def _text(self, token: Token, named: str) -> str:
        bare = self.vocabulary.bare_values and token.kind in (T.WORD, T.NUMBER) and token.text.upper() != "AND"
        if token.kind is not T.STRING and not bare:
            got = "a list is only for IN and NOT IN; " if token.kind is T.OPEN else ""
            raise self.refusal(f"{got}{named} is compared with a quoted string, as in {named} = 'value'.", token)
        return token.text

    def list_value(self, named: str) -> tuple[str, ...]:
        opening = self.advance()
        if opening.kind is not T.OPEN:
            raise self.refusal(f"a list is expected, as in {named} IN ('a', 'b').", opening)
        items: list[str] = []
        while True:
            token = self.advance()
            if token.kind is T.CLOSE and items:
                break
            items.append(self._item(token, opening))
            closing = self.advance()
            if closing.kind is T.CLOSE:
                break
            if closing.kind is not T.COMMA:
                raise self.refusal("a comma or the closing parenthesis is expected.", closing)
        if len(items) > MAX_LIST:
            raise self.refusal(f"a list has at most {MAX_LIST:,} values.", opening)
        return tuple(items)

    def _item(self, token: Token, opening: Token) -> str:
        bare = self.vocabulary.bare_values and token.kind is T.NUMBER
        if token.kind is T.STRING or bare:
            return token.text
        if token.kind is T.CLOSE:
            raise self.refusal("the list is empty; give at least one quoted string.", opening)
        raise self.refusal("a list holds quoted strings only.", token)
