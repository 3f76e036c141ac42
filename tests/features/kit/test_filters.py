"""What the filter language accepts and means, and how it refuses."""

import contextlib
import math
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vocabularies import EXPERIMENTS, LOGGED_MODELS, RUNS

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import (
    LISTED,
    PRESENCE,
    Comparison,
    Entity,
    Kind,
    Op,
    Vocabulary,
    like_literal_runs,
    parse_filter,
)

A, M, P, T, D = Entity.ATTRIBUTE, Entity.METRIC, Entity.PARAM, Entity.TAG, Entity.DATASET
VOCABULARIES = [RUNS, EXPERIMENTS, LOGGED_MODELS]

CLAUSES = [
    # keys: prefixes, bare, quoted in every form
    ("metrics.a > 1", M, "a", ">", 1.0),
    ("metric.a > 1", M, "a", ">", 1.0),
    ("`metrics`.a > 1", M, "a", ">", 1.0),
    ("`metrics`.`a b` > 1", M, "a b", ">", 1.0),
    ("metrics.a.b.c > 1", M, "a.b.c", ">", 1.0),
    ("metrics.system/cpu-1 > 1", M, "system/cpu-1", ">", 1.0),
    ("metrics.1a > 1", M, "1a", ">", 1.0),
    ("metrics._ > 1", M, "_", ">", 1.0),
    ("metrics.`a.b/c d` > 1", M, "a.b/c d", ">", 1.0),
    ('metrics."a b" > 1', M, "a b", ">", 1.0),
    ("metrics.'a b' > 1", M, "a b", ">", 1.0),
    ("metrics.`a``b` > 1", M, "a`b", ">", 1.0),
    ("params.\"a`b\" = 'x'", P, "a`b", "=", "x"),
    ("tags.`a\"b` = 'x'", T, 'a"b', "=", "x"),
    ("tags.日本 = 'x'", T, "日本", "=", "x"),
    ("tags.mlflow.source.name = 'x'", T, "mlflow.source.name", "=", "x"),
    ("tags.and = 'x'", T, "and", "=", "x"),
    ("tags.case = 'x'", T, "case", "=", "x"),
    ("tag.a = 'x'", T, "a", "=", "x"),
    *[(f"{prefix}.a = 'x'", P, "a", "=", "x") for prefix in ("params", "param", "parameters", "parameter")],
    *[(f"{prefix}.status = 'x'", A, "status", "=", "x") for prefix in ("attributes", "attribute", "attr", "run")],
    *[(f"{prefix}.name = 'x'", D, "name", "=", "x") for prefix in ("datasets", "dataset")],
    # attributes and their spellings
    ("status='FINISHED'", A, "status", "=", "FINISHED"),
    ("`run name` = 'x'", A, "run_name", "=", "x"),
    ("\"Run name\" = 'x'", A, "run_name", "=", "x"),
    ("attributes.`Run Name` LIKE '%x%'", A, "run_name", "LIKE", "%x%"),
    ("run_name ILIKE 'x'", A, "run_name", "ILIKE", "x"),
    ("Created > 1", A, "start_time", ">", 1),
    ("attr.created > 1.5", A, "start_time", ">", 1.5),
    ("end_time != -1", A, "end_time", "!=", -1),
    ("user_id = 'x'", A, "user_id", "=", "x"),
    ("artifact_uri LIKE 's3:%'", A, "artifact_uri", "LIKE", "s3:%"),
    ("datasets.context IN ('a','b')", D, "context", "IN", ("a", "b")),
    ("dataset.digest != 'x'", D, "digest", "!=", "x"),
    # numbers
    *[
        (f"metrics.a = {number}", M, "a", "=", float(number))
        for number in ("0", "-1", "5.", ".5", "-.5", "1e5", "1E-5", "1e+16", "-1.5e-3", "1e999", "007")
    ],
    *[(f"metrics.a{op}1", M, "a", op, 1.0) for op in (">", ">=", "<", "<=", "=", "!=")],
    # strings
    ('params.a = "x"', P, "a", "=", "x"),
    ("params.a = ''", P, "a", "=", ""),
    ('params.a = "it\'s"', P, "a", "=", "it's"),
    ("params.a = 'it''s'", P, "a", "=", "it's"),
    (r"params.a = 'it\'s'", P, "a", "=", "it's"),
    ('params.a = "say ""x"""', P, "a", "=", 'say "x"'),
    ("params.a = '\"x\"'", P, "a", "=", '"x"'),
    ("params.a = 'C:\\dir\\new'", P, "a", "=", "C:\\dir\\new"),
    ("params.a = 'C:\\dir\\'", P, "a", "=", "C:\\dir\\"),
    ("params.a = 'C:\\dir\\\\'", P, "a", "=", "C:\\dir\\"),
    ("params.a = 'x AND y; -- (z)'", P, "a", "=", "x AND y; -- (z)"),
    ('params.a LIKE"%x"', P, "a", "LIKE", "%x"),
    ("params.a ilike '%x'", P, "a", "ILIKE", "%x"),
    # presence and lists
    ("params.a is null", P, "a", "IS NULL", None),
    ("tags.a IS   NOT   NULL", T, "a", "IS NOT NULL", None),
    ("run_id in ('a')", A, "run_id", "IN", ("a",)),
    ("run_id NOT IN ('a', \"b\",)", A, "run_id", "NOT IN", ("a", "b")),
    ("run_id IN" + str(("it's", 'a"b', "c\\d", "e\n", "é")), A, "run_id", "IN", ("it's", 'a"b', "c\\d", "e\n", "é")),
    (r"run_id IN ('\x41é\d')", A, "run_id", "IN", ("Aé\\d",)),
    ("run_id IN ('it''s')", A, "run_id", "IN", ("it's",)),
]


@pytest.mark.parametrize(("text", "entity", "key", "op", "value"), CLAUSES)
def test_one_clause(text, entity, key, op, value):
    (clause,) = parse_filter(text, RUNS)
    assert clause == Comparison(entity, key, Op(op), value)
    assert type(clause.value) is type(value)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (None, 0),
        ("", 0),
        (" \n", 0),
        ("AND", 0),
        ("metrics.a > 1 and metrics.b < 2 AND tags.c = 'd'", 3),
        ("params.a='x'and params.b='y'", 2),
        ("metrics.a > 1\n\tAND\n metrics.b > 2", 2),
        # MLflow's server takes these, so filters glued together by programs keep working
        ("AND metrics.a > 1 AND AND metrics.b > 2 AND", 2),
        ("metrics.a > 1 metrics.b > 2", 2),
        (" AND ".join(f"metrics.a{i} > {i}" for i in range(100)), 100),
    ],
)
def test_clauses_are_joined_by_and(text, count):
    assert len(parse_filter(text, RUNS)) == count


REFUSED = [
    (RUNS, "metrics.a > 1 OR metrics.b > 2", "OR is not supported"),
    (RUNS, "NOT metrics.a > 1", "NOT is not supported"),
    (RUNS, "(metrics.a > 1)", "parentheses"),
    (RUNS, "metrics.a > 1)", "closes nothing"),
    (RUNS, "metrics.a > 1;", "semicolon"),
    (RUNS, "metrics.a > 1 -- note", "unexpected character"),
    (RUNS, "metrics.a", "a comparator is expected"),
    (RUNS, "metrics.a >", "compared with a number"),
    (RUNS, "> 1", "starts with the name"),
    (RUNS, "1 < metrics.a", "starts with the name"),
    (RUNS, "'x' = params.a", "starts with the name"),
    (RUNS, "metrics.a == 1", "write ="),
    (RUNS, "metrics.a <> 1", "write !="),
    (RUNS, "metrics.a BETWEEN 1 AND 2", "a comparator is expected"),
    (RUNS, "metrics.a LIKE '1'", "invalid comparator LIKE for metrics.a; it can be compared by =, !=, <"),
    (RUNS, "metrics.a IS NULL", "invalid comparator IS NULL"),
    (RUNS, "metrics.a > '1'", "compared with a number, without quotes"),
    (RUNS, "metrics.a > nan", "compared with a number"),
    (RUNS, "metrics.a > 0x1F", "not a number"),
    (RUNS, "metrics.a > 1.2.3", "not a number"),
    (RUNS, "metrics.a > +1", "unexpected character"),
    (RUNS, "metrics.a > " + "9" * 401, "at most 400"),
    (RUNS, "start_time > 9223372036854775808", "64-bit"),
    (RUNS, "params.a = 1", "compared with a quoted string"),
    (RUNS, "params.a = x", "compared with a quoted string"),
    (RUNS, "params.a = `x`", "compared with a quoted string"),
    (RUNS, "params.a > 'x'", "invalid comparator >"),
    (RUNS, "params.a NOT LIKE 'x'", "only NOT IN"),
    (RUNS, "params.a IS 'x'", "only IS NULL and IS NOT NULL"),
    (RUNS, "params.a IN ('x')", "invalid comparator IN"),
    (RUNS, "status IN ('x')", "invalid comparator IN"),
    (RUNS, "params.a = 'x", "never ends"),
    (RUNS, 'params.a = "x', "never ends"),
    (RUNS, "params.`a = 'x'", "never ends"),
    (RUNS, "params.a = 'x' 'y'", "starts with the name"),
    (RUNS, "run_id IN ()", "the list is empty"),
    (RUNS, "run_id IN ('a' 'b')", "a comma"),
    (RUNS, "run_id IN ('a'", "a comma or the closing parenthesis"),
    (RUNS, "run_id IN ('a", "never ends"),
    (RUNS, "run_id IN ('a', 1)", "quoted strings only"),
    (RUNS, "run_id IN (('a'))", "quoted strings only"),
    (RUNS, "run_id IN 'a'", "a list is expected"),
    (RUNS, "run_id = ('a')", "only for IN and NOT IN"),
    (RUNS, r"run_id IN ('\x00')", "U+0000"),
    (RUNS, r"run_id IN ('\ud800')", "surrogate"),
    (RUNS, "run_id IN (" + "'a'," * 10_001 + ")", "at most 10,000"),
    (RUNS, "Metrics.a > 1", "did you mean metrics."),
    (RUNS, "foo.a > 1", "invalid entity type 'foo'; the search of runs knows metrics.<key>"),
    (RUNS, "name = 'x'", "invalid attribute key 'name'; the keys are run_id"),
    (RUNS, "datasets.source = 'x'", "the keys are name, digest, context"),
    (RUNS, "metrics. a > 1", "must follow the dot"),
    (RUNS, "metrics.`` > 1", "the key is empty"),
    (RUNS, "metrics.a.`b c` > 1", "quoted as a whole"),
    (RUNS, "metrics.`a`b > 1", "comparator"),
    (RUNS, "`metrics.a` > 1", "invalid attribute key"),
    (RUNS, "metrics.a b > 1", "a comparator is expected after metrics.a"),
    (RUNS, "params.a = 'x\0'", "U+0000"),
    (RUNS, "params.a = '\ud800'", "surrogate"),
    (RUNS, "params.a = '" + "x" * 200_000 + "'", "at most 200,000"),
    (RUNS, "metrics.a > 1 " * 101, "at most 100 clauses"),
    (EXPERIMENTS, "attributes.name = 'x'", "invalid entity type 'attributes'"),
    (EXPERIMENTS, "params.a = 'x'", "invalid entity type 'params'"),
    (EXPERIMENTS, "creation_time > 1.5", "a whole number"),
    (EXPERIMENTS, "creation_time > '1'", "compared with a number"),
    (EXPERIMENTS, "experiment_id LIKE '1'", "invalid comparator LIKE"),
    (EXPERIMENTS, "experiment_id = 1", "a quoted string"),
    (EXPERIMENTS, "name IN ('a')", "invalid comparator IN"),
    (LOGGED_MODELS, "params.a IS NULL", "invalid comparator IS NULL"),
    (LOGGED_MODELS, "param.a = 'x'", "invalid entity type 'param'"),
    (LOGGED_MODELS, "creation_timestamp > soon", "compared with a number"),
]


@pytest.mark.parametrize(("vocabulary", "text", "said"), REFUSED)
def test_refused_with_the_reason(vocabulary, text, said):
    with pytest.raises(InvalidParameter) as caught:
        parse_filter(text, vocabulary)
    assert said in caught.value.message
    assert len(caught.value.message) < 600


def test_the_message_names_clause_and_position():
    with pytest.raises(InvalidParameter) as caught:
        parse_filter("metrics.a > 1 AND params.lr > 'x'", RUNS)
    assert "at character 29, '>'" in caught.value.message
    assert "params.lr" in caught.value.message


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("params.lr = 0.01", Comparison(P, "lr", Op.EQ, "0.01")),
        ("name = READY", Comparison(A, "name", Op.EQ, "READY")),
        ('name = "x"', Comparison(A, "name", Op.EQ, "x")),
        ("model_id IN ('a')", Comparison(A, "model_id", Op.IN, ("a",))),
        ("tags.a not in ('a', 5)", Comparison(T, "a", Op.NOT_IN, ("a", "5"))),
        ("metrics.a > inf", Comparison(M, "a", Op.GT, math.inf)),
        ("creation_time >= 10", Comparison(A, "creation_timestamp", Op.GE, 10.0)),
        ("attributes.last_updated_timestamp_ms < 1", Comparison(A, "last_updated_timestamp", Op.LT, 1.0)),
    ],
)
def test_logged_models_take_bare_values(text, clause):
    assert parse_filter(text, LOGGED_MODELS) == (clause,)


# ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────────

anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
awkward = st.text(st.sampled_from("a'\"`\\%_ .()nx0é\n;-"), max_size=12)
words = st.one_of(anything, awkward)


@st.composite
def comparisons(draw, vocabulary: Vocabulary):
    entity = draw(st.sampled_from(sorted(vocabulary.fields)))
    known = vocabulary.fields[entity]
    if isinstance(known, dict):
        field = draw(st.sampled_from(list(known.values())))
        key = field.key
    else:
        field, key = known, draw(words.filter(bool))
    op = draw(st.sampled_from(sorted(field.ops)))
    if op in PRESENCE:
        value = None
    elif op in LISTED:
        value = tuple(draw(st.lists(words, min_size=1, max_size=4)))
    elif field.kind is Kind.TEXT:
        value = draw(words)
    elif field.kind is Kind.FLOAT:
        value = draw(st.floats(allow_nan=False, allow_infinity=False))
    elif field.kind is Kind.INTEGER:
        value = draw(st.integers(-(2**63), 2**63 - 1))
    else:
        value = draw(st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)))
    return Comparison(entity, key, op, value)


def quoted(value: str) -> str:
    """As a person would write it: quotes doubled; backslashes matter only before a quote or the end."""
    pieces = value.split("'")
    doubled = [piece + piece[len(piece.rstrip("\\")) :] for piece in pieces]
    return "'" + "''".join(doubled) + "'"


def printed(clause: Comparison, vocabulary: Vocabulary) -> str:
    prefix = next(known for known, entity in vocabulary.prefixes.items() if entity is clause.entity)
    key = clause.key.replace("`", "``")
    left = f"{prefix}.`{key}` {clause.op}"
    if clause.value is None:
        return left
    if isinstance(clause.value, tuple):
        return f"{left} {clause.value!r}"
    return f"{left} {quoted(clause.value) if isinstance(clause.value, str) else repr(clause.value)}"


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda v: v.subject)
@given(data=st.data())
@settings(max_examples=250, deadline=None)
def test_what_is_printed_is_read_back(vocabulary, data):
    clauses = tuple(data.draw(st.lists(comparisons(vocabulary), max_size=4)))
    text = data.draw(st.sampled_from([" AND ", "\nand ", " "])).join(printed(c, vocabulary) for c in clauses)
    assert parse_filter(text, vocabulary) == clauses


FRAGMENTS = re.split(
    r"\s+",
    """metrics. params. tags. attributes. datasets. a `a` 'a' "a" = != > >= LIKE IN NOT IS NULL AND OR ( ) , 1 -1.5 1e5
    'x 'x'' \\ \\' run_id start_time status name nan ; -- /* . ..""",
)
pieces = st.one_of(words, st.sampled_from(FRAGMENTS), st.just(" "))


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda v: v.subject)
@given(text=st.lists(pieces, max_size=25).map("".join))
@settings(max_examples=600, deadline=None)
def test_random_text_is_read_or_refused(vocabulary, text):
    try:
        clauses = parse_filter(text, vocabulary)
    except InvalidParameter as error:
        clauses = ()
        if not error.message.startswith(("Invalid filter", "The filter")):
            raise
    assert all(isinstance(clause, Comparison) for clause in clauses)


@pytest.mark.parametrize(
    "text",
    [
        "params.a = '" + "\\'" * 99_000,
        "params.a = '" + "''" * 99_000,
        "run_id IN ('" + "\\'" * 99_000,
        "run_id IN (" + "'a'," * 49_000,
        "(" * 199_000,
        "metrics." + "`" * 190_000,
        "metrics." + "a." * 90_000 + " > 1",
        "AND " * 49_000,
        "metrics.a > 1" + " " * 190_000,
        "\\" * 190_000,
        "params.a = '" + "\\" * 190_000 + "'",
    ],
    ids=range(11),
)
def test_hostile_text_takes_linear_time(text):
    start = time.process_time()
    with contextlib.suppress(InvalidParameter):
        parse_filter(text, RUNS)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("pattern", "runs"),
    [
        ("%abc%", ["abc"]),
        ("abc", ["abc"]),
        ("a_c%de%%f", ["a", "c", "de", "f"]),
        ("%", []),
        ("", []),
        ("10\\%", ["10\\"]),
    ],
)
def test_literal_runs_of_a_pattern(pattern, runs):
    assert like_literal_runs(pattern) == runs
