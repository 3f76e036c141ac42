"""The filter language against MLflow's own parser: same verdict, same parts, or a difference that is listed here.

MLflow checks comparators after parsing, in its store; the verdict taken here is the one a client sees.
"""

import random

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.dbmodels.models import SqlLoggedModel
from mlflow.store.tracking.sqlalchemy_store import _get_search_experiments_filter_clauses
from mlflow.utils.search_logged_model_utils import EntityType, parse_filter_string
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchLoggedModelsUtils, SearchUtils
from vocabularies import EXPERIMENTS, LOGGED_MODELS, RUNS

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import order_of_field, parse_filter, parse_order

REFUSED = "refused"
ENTITIES = {"parameter": "param", "attributes": "attribute", "metrics": "metric", "params": "param", "tags": "tag"}
RUN_KEYS = {
    "created": "start_time",
    "Created": "start_time",
    **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
}
MODEL_KEYS = {
    "creation_timestamp_ms": "creation_timestamp",
    "last_updated_timestamp_ms": "last_updated_timestamp",
    "creation_time": "creation_timestamp",
}


def mlflow_runs(text: str):
    try:
        parsed = SearchUtils.parse_search_filter(text)
        for clause in parsed:
            op = clause["comparator"] = clause["comparator"].upper()
            kind, key = clause["type"], clause["key"]
            checks = (
                SearchUtils.is_metric(kind, op),
                SearchUtils.is_param(kind, op),
                SearchUtils.is_tag(kind, op),
                SearchUtils.is_attribute(kind, key, op),
                SearchUtils.is_dataset(kind, op),
            )
            assert any(checks)
            # a list compared by anything but IN is an error of the database
            if isinstance(clause["value"], tuple) != op.endswith("IN"):
                return REFUSED
    except (MlflowException, ValueError):
        return REFUSED
    return [
        (
            ENTITIES.get(c["type"], c["type"]),
            RUN_KEYS.get(c["key"], c["key"]) if c["type"] == "attribute" else c["key"],
            c["comparator"],
            float(c["value"]) if c["type"] == "metric" else c["value"],
        )
        for c in parsed
    ]


def mlflow_experiments(text: str):
    try:
        parsed = SearchExperimentsUtils.parse_search_filter(text)
        _get_search_experiments_filter_clauses(parsed, "sqlite")
        for clause in parsed:
            if isinstance(clause["value"], tuple) != clause["comparator"].endswith("IN"):
                return REFUSED
    except (MlflowException, ValueError):
        return REFUSED
    return [(c["type"], c["key"], c["comparator"], c["value"]) for c in parsed]


def mlflow_logged_models(text: str):
    try:
        parsed = parse_filter_string(text)
    except (MlflowException, ValueError, SyntaxError):
        return REFUSED
    for c in parsed:
        # a column that does not exist, or a list where none belongs, is an error of the store
        if c.entity.type is EntityType.ATTRIBUTE and not hasattr(SqlLoggedModel, c.entity.key):
            return REFUSED
        if isinstance(c.value, int | tuple) != c.op.endswith("IN"):
            return REFUSED
    return [(ENTITIES[c.entity.type.value], MODEL_KEYS.get(c.entity.key, c.entity.key), c.op, c.value) for c in parsed]


def ours(text: str, vocabulary):
    try:
        return [(str(c.entity), c.key, str(c.op), c.value) for c in parse_filter(text, vocabulary)]
    except InvalidParameter:
        return REFUSED


SEARCHES = {
    "runs": (RUNS, mlflow_runs),
    "experiments": (EXPERIMENTS, mlflow_experiments),
    "logged models": (LOGGED_MODELS, mlflow_logged_models),
}

# ── what both read alike ─────────────────────────────────────────────────────────────────────────────────────────────

PREFIXES = {
    "runs": "metrics metric params param parameter parameters tags tag attributes attribute attr run datasets dataset",
    "experiments": "tags tag attribute",
    "logged models": "metrics params tags attributes",
}
ATTRIBUTES = {
    "runs": [
        "run_id",
        "status",
        "user_id",
        "artifact_uri",
        "run_name",
        "start_time",
        "end_time",
        "created",
        "Created",
        "`run name`",
        "`Run name`",
        "`Run Name`",
        '"run name"',
        "`start_time`",
    ],
    "experiments": ["name", "experiment_id", "creation_time", "last_update_time", "`name`"],
    "logged models": [
        "name",
        "model_id",
        "model_type",
        "source_run_id",
        "creation_timestamp",
        "last_updated_timestamp",
        "creation_time",
        "creation_timestamp_ms",
        "`name`",
    ],
}
KEYS = [
    "a",
    "a1",
    "loss",
    "val_loss",
    "a.b",
    "mlflow.source.name",
    "_x",
    "日本",
    "é",
    "select",
    "order",
    "and",
    "`a b`",
]
KEYS += ["`a.b/c-d`", "`x'y`", '`x"y`', "`x=1`", "name", "digest", "context", "`context`"]
QUOTED_KEYS = ['"a b"', "'a b'", '"a`b"', '"val/loss"']  # the search of LoggedModels keeps the quotes (listed below)
NUMBERS = ["0", "1", "-1", "1.5", "-0.25", ".5", "-.5", "5.", "1e5", "1E5", "1.5e-3", "-2e-7", "12345678901234"]
TEXTS = ["'x'", "''", "'a b'", "'%x%'", "'a_b'", "'=<>!'", "'AND'", "' '", "'日本'", "'a\"b'", "'a`b'", "'1'", "'a;b'"]
TEXTS += ["'(x)'", "'C:\\dir\\x'", "'--'", "'/*'", "'x\ny'"]
DOUBLE = ['"x"', '"it\'s"', '"a b"', '""']  # likewise
LISTS = ["('a')", "('a', 'b')", "('a',)", '("a","b")', "( 'a' , 'b' )", "('1','2')"]
WRONG = ["x", "`x`", "'x", '"x', "()", "(1)", "0x1F", "NULL", "", "1 2", "'x' 'y'", "1;"]


NUMERIC_OPS = ["=", "!=", "<", "<=", ">", ">="]
TEXT_OPS = ["=", "!=", "LIKE", "ILIKE"]
OTHER_OPS = ["IN", "NOT IN", "IS NULL", "IS NOT NULL"]
WRONG_OPS = ["==", "<>", "RLIKE", "BETWEEN", "NOT LIKE", "=<"]


def random_left(search: str, rng: random.Random) -> str:
    if rng.random() < 0.05:
        return rng.choice(["foo.a", "nothing", "1", "'x'", "Metrics.a", "TAGS.a"])
    if rng.random() < 0.3:
        left = rng.choice(ATTRIBUTES[search])
        if not left.startswith('"') and rng.random() < 0.4:
            return f"{'attribute' if search == 'experiments' else 'attributes'}.{left}"
        return left
    prefix = rng.choice(PREFIXES[search].split())
    if prefix.startswith("dataset") and rng.random() < 0.8:
        return f"{prefix}.{rng.choice(['name', 'digest', 'context', '`name`'])}"
    if prefix.startswith(("attr", "run")) and rng.random() < 0.8:
        return f"{prefix}.{rng.choice(ATTRIBUTES[search])}"
    return f"{prefix}.{rng.choice(KEYS if search == 'logged models' else KEYS + QUOTED_KEYS)}"


def random_clause(search: str, rng: random.Random) -> str:
    """Mostly what a user might write; now and then a wrong comparator, value or key."""
    left, models = random_left(search, rng), search == "logged models"
    numeric = left.startswith("metric") or any(word in left for word in ("time", "reated"))
    usual = NUMERIC_OPS if numeric else TEXT_OPS + OTHER_OPS
    op = rng.choice(usual if rng.random() < 0.85 else NUMERIC_OPS + TEXT_OPS + OTHER_OPS + WRONG_OPS)
    if rng.random() < 0.3:
        op = op.lower()
    if "null" in op.lower():
        return f"{left} {op}"
    if op.upper().endswith("IN"):
        return f"{left} {op} {rng.choice(LISTS)}"
    values = NUMBERS if numeric else TEXTS + ([] if models else DOUBLE)
    if rng.random() < 0.1:
        values = NUMBERS + TEXTS + [w for w in WRONG if not (models and w in ("x", "`x`"))]
    space = "" if not op[-1].isalpha() and rng.random() < 0.3 else " "
    return f"{left}{space}{op}{space}{rng.choice(values)}"


def random_filter(search: str, rng: random.Random) -> str:
    clauses = [random_clause(search, rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    # Without AND MLflow reads on through a list or NULL of the next clause, so those are not compared.
    plain = not any(op in " ".join(clauses).upper() for op in (" IN ", " NULL"))
    joint = rng.choice([" and ", " AND ", "  AND\n", " And ", " OR ", " " if plain else " and "])
    return joint.join(clauses)


def is_meant(search: str, text: str, theirs, mine) -> bool:
    """The differences that random filters run into; `DIFFERENCES` below lists the others one by one."""
    if theirs != REFUSED or mine == REFUSED:
        return False
    if search == "experiments":
        # The store compares keywords in upper case only, and reads the ids as numbers: here the feature does that.
        lower = any(f" {word} " in text for word in ("like", "ilike", "in", "not in"))
        return lower or any(key == "experiment_id" for _, key, _, _ in mine)
    # Aliases work without a prefix and fail with it.
    return search == "logged models" and ("attributes.creation" in text or "attributes.last_updated" in text)


@pytest.mark.parametrize("search", SEARCHES)
def test_same_verdict_and_same_parts(search):
    vocabulary, mlflow_parse = SEARCHES[search]
    rng = random.Random(20_240_601)
    accepted = 0
    for _ in range(3_000):
        text = random_filter(search, rng)
        theirs, mine = mlflow_parse(text), ours(text, vocabulary)
        if theirs != mine and not is_meant(search, text, theirs, mine):
            pytest.fail(f"{text!r}\n  mlflow: {theirs}\n  here:   {mine}")
        accepted += theirs != REFUSED
    assert accepted > 750


# ── what is meant to differ ──────────────────────────────────────────────────────────────────────────────────────────

DIFFERENCES = [
    # (search, filter, MLflow, here, why)
    ("runs", "params.a = 'it''s'", ("=", "it''s"), ("=", "it's"), "a doubled quote is one quote, as in SQL"),
    ("runs", "params.a = 'it\\'s'", ("=", "it\\'s"), ("=", "it's"), "an escaped quote is a quote"),
    ("runs", "params.a = 'a\\\\'", ("=", "a\\\\"), ("=", "a\\"), "so that text can end in a backslash"),
    ("runs", "run_id IN ('it''s')", ("IN", ("its",)), ("IN", ("it's",)), "Python glues two strings"),
    ("runs", "run_id IN ('a' 'b')", ("IN", ("ab",)), REFUSED, "a forgotten comma"),
    ("runs", "run_id IN (r'a')", ("IN", ("a",)), REFUSED, "a Python prefix"),
    ("runs", "run_id IN (('a'), 'b')", ("IN", ("a", "b")), REFUSED, "nested parentheses"),
    ("runs", "metrics.a > 1e+5", REFUSED, (">", 1e5), "Python prints large numbers so"),
    ("runs", "metrics.f1.5 > 5", REFUSED, (">", 5.0), "a key may go on with digits"),
    ("runs", "tags.v1.2.3 = 'x'", REFUSED, ("=", "x"), "likewise"),
    ("runs", "tags.in = 'x'", REFUSED, ("=", "x"), "a key may be any SQL word"),
    ("runs", "metrics.val-loss/a > 1", REFUSED, (">", 1.0), "keys with - and / need no quotes"),
    ("runs", "tags.a IS NOT  NULL", REFUSED, ("IS NOT NULL", None), "any white space"),
    ("runs", "metrics. a > 1", (">", 1.0), REFUSED, "the key would be ' a'"),
    ("runs", "params. = 'x'", ("=", "x"), REFUSED, "the key would be empty"),
    ("runs", "tags.a.`b c` = 'x'", ("=", "x"), REFUSED, "the key would hold the backticks"),
    ("runs", "tags.a[0] = 'x'", ("=", "x"), REFUSED, "keys with brackets are quoted"),
    ("runs", "tags.'`a`' = 'x'", ("=", "x"), ("=", "x"), "one layer of quotes is removed, not two"),
    ("runs", "metrics.`a``b` > 1", (">", 1.0), (">", 1.0), "a doubled backtick is one"),
    ("runs", " ", REFUSED, None, "blank is empty"),
    ("experiments", "name like 'a'", REFUSED, ("LIKE", "a"), "keywords in any case"),
    ("experiments", "experiment_id = 'x'", REFUSED, ("=", "x"), "the feature checks the number"),
    ("logged models", 'params.a = "x"', ("=", '"x"'), ("=", "x"), "the quotes stay in the value"),
    ("logged models", "params.\"a b\" = 'x'", ("=", "x"), ("=", "x"), "the quotes stay in the key"),
    ("logged models", "name = `x`", ("=", "`x`"), REFUSED, "the backticks stay in the value"),
    ("logged models", "name IN ()", ("IN", ()), REFUSED, "an empty list"),
    ("logged models", "name IN (1)", ("IN", 1), ("IN", ("1",)), "numbers in a list are text"),
    ("logged models", "attributes.creation_time > 1", REFUSED, (">", 1.0), "aliases work with the prefix too"),
    ("logged models", "last_updated_time > 1", REFUSED, (">", 1.0), "the alias the order takes"),
    ("logged models", "params.a@b = 'x'", ("=", "x"), ("=", "x"), ""),
    ("logged models", "params.a(b) = 'x'", ("=", "x"), REFUSED, "keys with brackets are quoted"),
]


@pytest.mark.parametrize(("search", "text", "theirs", "mine", "why"), DIFFERENCES, ids=[d[1] for d in DIFFERENCES])
def test_listed_differences(search, text, theirs, mine, why):
    vocabulary, mlflow_parse = SEARCHES[search]
    for got, expected in ((mlflow_parse(text), theirs), (ours(text, vocabulary), mine)):
        assert got == ([] if expected is None else expected) or got[0][2:] == expected


# ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def mlflow_order(parse, keys):
    def order(text: str):
        try:
            entity, key, ascending = parse(text)
        except (MlflowException, ValueError):
            return REFUSED
        return (ENTITIES.get(entity, entity), keys.get(key, key), ascending)

    return order


DIRECTIONS = ["", " ASC", " DESC", " asc", " desc", "  Desc", "\tdesc", " foo", " asc desc", " nulls last"]
ORDERS = {
    "runs": (RUNS, mlflow_order(SearchUtils.parse_order_by_for_search_runs, RUN_KEYS)),
    "experiments": (EXPERIMENTS, mlflow_order(SearchExperimentsUtils.parse_order_by_for_search_experiments, {})),
}


@pytest.mark.parametrize("search", ORDERS)
def test_same_orders(search):
    vocabulary, parse = ORDERS[search]
    rng = random.Random(7)
    accepted = 0
    for _ in range(1_500):
        direction = rng.choice(DIRECTIONS)
        text = random_left(search, rng) + direction
        theirs = parse(text)
        try:
            (order,) = parse_order([text], vocabulary)
            mine = (str(order.entity), order.key, order.ascending)
        except InvalidParameter:
            mine = REFUSED
        # Both stores refuse these after parsing; runs by `run name` are only refused by the parser.
        if theirs != REFUSED and (theirs[0] == "dataset" or (search == "experiments" and theirs[0] == "tag")):
            theirs = REFUSED
        if theirs == REFUSED and (mine[:2] == ("attribute", "run_name") or text.count('"') == 1 or '"a`b"' in text):
            continue  # they turn backticks into double quotes, which then end early
        assert theirs == mine, text
        accepted += theirs != REFUSED
    assert accepted > 400


@pytest.mark.parametrize(
    "order",
    [
        {"field_name": "metrics.a"},
        {"field_name": "metrics.a.b c", "ascending": False},
        {"field_name": "name"},
        {"field_name": " creation_time "},
        {"field_name": "creation_timestamp", "ascending": False},
        {"field_name": "metrics.a", "dataset_name": "d", "dataset_digest": "1"},
        {"field_name": "metrics.a", "dataset_digest": "1"},
        {"field_name": "params.a"},
        {"field_name": "nothing"},
        {"field_name": "source_run_id"},
        {"field_name": "model_id"},
    ],
)
def test_same_order_structs(order):
    def theirs():
        parsed = SearchLoggedModelsUtils.parse_order_by_for_logged_models(order)
        return parsed.field_name.removeprefix("metrics."), parsed.ascending, parsed.dataset_name, parsed.dataset_digest

    def mine():
        parsed = order_of_field(
            order["field_name"], LOGGED_MODELS, **{k: v for k, v in order.items() if k != "field_name"}
        )
        return parsed.key, parsed.ascending, parsed.dataset_name, parsed.dataset_digest

    try:
        expected = theirs()
    except MlflowException:
        with pytest.raises(InvalidParameter):
            mine()
    else:
        assert mine() == expected
