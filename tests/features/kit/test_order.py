"""Sort keys of the three searches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vocabularies import EXPERIMENTS, LOGGED_MODELS, RUNS

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import Entity, Order, order_of_field, parse_order

A, M, P, T = Entity.ATTRIBUTE, Entity.METRIC, Entity.PARAM, Entity.TAG


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("metrics.a", Order(M, "a")),
        ("metrics.a ASC", Order(M, "a")),
        ("metric.a desc", Order(M, "a", ascending=False)),
        ("metrics.a\n  Desc ", Order(M, "a", ascending=False)),
        ("metrics.`a b`", Order(M, "a b")),
        ('metrics."a b" DESC', Order(M, "a b", ascending=False)),
        ("metrics.'a b' DESC", Order(M, "a b", ascending=False)),
        ("`metrics.a b` desc", Order(M, "a b", ascending=False)),
        ('"metrics.a b" desc', Order(M, "a b", ascending=False)),
        ("`metrics`.`a` desc", Order(M, "a", ascending=False)),
        ("metrics.desc", Order(M, "desc")),
        ("metrics.asc DESC", Order(M, "asc", ascending=False)),
        ("metrics.system/cpu desc", Order(M, "system/cpu", ascending=False)),
        ("params.x", Order(P, "x")),
        ("parameter.x asc", Order(P, "x")),
        ("tags.mlflow.user", Order(T, "mlflow.user")),
        ("start_time", Order(A, "start_time")),
        ("Created DESC", Order(A, "start_time", ascending=False)),
        ("attributes.end_time", Order(A, "end_time")),
        ("run.status", Order(A, "status")),
        ("attr.run_name", Order(A, "run_name")),
        ("attribute.artifact_uri", Order(A, "artifact_uri")),
    ],
)
def test_orders_of_runs(text, order):
    assert parse_order([text], RUNS) == (order,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("desc", "invalid attribute key"),
        ("metrics.a foo", "only ASC or DESC"),
        ("metrics.a asc desc", "only ASC or DESC"),
        ("metrics.a, metrics.b", "only ASC or DESC"),
        ("metrics.a nulls last", "only ASC or DESC"),
        ("metrics.a;", "semicolon"),
        ("(metrics.a)", "starts with the name"),
        ("1", "starts with the name"),
        ("experiment_id", "invalid attribute key"),
        ("datasets.name", "runs cannot be ordered by a dataset"),
        ("foo.a", "invalid entity type"),
        ("metrics.`a", "never ends"),
    ],
)
def test_refused_orders_of_runs(text, said):
    with pytest.raises(InvalidParameter) as caught:
        parse_order([text], RUNS)
    assert said in caught.value.message
    assert "order_by" in caught.value.message


def test_orders_come_in_their_order():
    assert parse_order(["metrics.b DESC", "params.a", "start_time"], RUNS) == (
        Order(M, "b", ascending=False),
        Order(P, "a"),
        Order(A, "start_time"),
    )
    assert parse_order(None, RUNS) == parse_order([], RUNS) == ()


@pytest.mark.parametrize("pair", [("metrics.a", "metric.`a` DESC"), ("Created", "attributes.start_time")])
def test_runs_refuse_one_key_twice(pair):
    with pytest.raises(InvalidParameter, match="duplicate"):
        parse_order(pair, RUNS)


def test_experiments_drop_a_key_that_comes_twice():
    assert parse_order(["name DESC", "attribute.name"], EXPERIMENTS) == (Order(A, "name", ascending=False),)


@pytest.mark.parametrize("text", ["tags.a", "attributes.name", "metrics.a", "start_time"])
def test_refused_orders_of_experiments(text):
    with pytest.raises(InvalidParameter):
        parse_order([text], EXPERIMENTS)


def test_too_many_orders():
    with pytest.raises(InvalidParameter, match="at most 20"):
        parse_order([f"metrics.a{i}" for i in range(21)], RUNS)


@pytest.mark.parametrize(
    ("field", "more", "order"),
    [
        ("metrics.a", {}, Order(M, "a")),
        ("metrics.a b.c/d", {"ascending": False}, Order(M, "a b.c/d", ascending=False)),
        ("metrics.`a b`", {}, Order(M, "a b")),
        ("creation_time", {}, Order(A, "creation_timestamp")),
        ("last_updated_timestamp_ms", {}, Order(A, "last_updated_timestamp")),
        (" name ", {}, Order(A, "name")),
        ("metrics.a", {"dataset_name": "d"}, Order(M, "a", True, "d")),
        ("metrics.a", {"dataset_name": "d", "dataset_digest": "1"}, Order(M, "a", True, "d", "1")),
        ("metrics.a", {"dataset_name": "", "dataset_digest": ""}, Order(M, "a")),
    ],
)
def test_order_structs_of_logged_models(field, more, order):
    assert order_of_field(field, LOGGED_MODELS, **more) == order


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("params.a", {}),
        ("metrics.", {}),
        ("nothing", {}),
        ("", {}),
        ("metrics.a\0", {}),
        ("metrics.a", {"dataset_digest": "1"}),
    ],
)
def test_refused_order_structs_of_logged_models(field, more):
    with pytest.raises(InvalidParameter):
        order_of_field(field, LOGGED_MODELS, **more)


@given(st.one_of(st.text(max_size=40), st.text(st.sampled_from("metrics.a `\"'descASC ,"), max_size=30)))
@settings(max_examples=1000, deadline=None)
def test_random_text_is_an_order_or_refused(text):
    for vocabulary in (RUNS, EXPERIMENTS, LOGGED_MODELS):
        try:
            parse_order([text], vocabulary)
            order_of_field(text, vocabulary)
        except InvalidParameter:
            pass
