"""Page tokens survive the trip and belong to one query."""

import math
import urllib.parse

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter

HERE = pages.context_of("runs", ["1"], "metrics.a > 1", ["metrics.a"])
part = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"])),
)


def same(a: pages.Part, b: pages.Part) -> bool:
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    return (
        type(a) is type(b)
        and a == b
        and math.copysign(1, a or 0 if not isinstance(a, str) else 0)
        == math.copysign(1, b or 0 if not isinstance(b, str) else 0)
    )


@given(st.lists(part, max_size=6))
@example([math.nan, math.inf, -math.inf, -0.0, 2**63 - 1, "", None])
@settings(deadline=None)
def test_round_trip(parts):
    token = pages.encode(parts, HERE)
    assert urllib.parse.quote(token, safe="") == token
    back = pages.decode(token, HERE)
    assert len(back) == len(parts)
    assert all(map(same, parts, back))
    assert pages.decode(token + "=" * (-len(token) % 4), HERE) is not None


def test_the_token_of_another_query_is_refused():
    token = pages.encode([1, "a"], HERE)
    for other in (("runs", ["1"], "metrics.a > 2", ["metrics.a"]), ("runs", ["2"], "metrics.a > 1", ["metrics.a"]), ()):
        with pytest.raises(InvalidParameter, match="another search"):
            pages.decode(token, pages.context_of(*other))


def test_contexts_do_not_run_into_each_other():
    assert pages.context_of("a", "bc") != pages.context_of("ab", "c")
    assert pages.context_of(None) != pages.context_of("None")
    assert pages.context_of(["1", "2"]) != pages.context_of(["1, 2"])


@given(
    st.one_of(
        st.text(max_size=60), st.binary(max_size=60).map(lambda raw: __import__("base64").b64encode(raw).decode())
    )
)
@settings(max_examples=500, deadline=None)
def test_garbage_is_refused(text):
    with pytest.raises(InvalidParameter, match="not a page token"):
        pages.decode(text, HERE)


@given(st.integers(0, 40), st.characters(min_codepoint=33, max_codepoint=126))
@settings(max_examples=200, deadline=None)
def test_a_damaged_token_is_refused(position, char):
    token = pages.encode([1234567, "abc", 0.5], HERE)
    damaged = token[:position] + char + token[position + 1 :]
    if damaged.rstrip("=") == token:
        return
    with pytest.raises(InvalidParameter):
        pages.decode(damaged, HERE)


def test_an_mlflow_offset_token_is_refused():
    with pytest.raises(InvalidParameter, match="not a page token"):
        pages.decode("eyJvZmZzZXQiOiAxMDB9", HERE)


def test_size_is_bounded():
    with pytest.raises(InvalidParameter, match="too long"):
        pages.encode(["x" * 200_000], HERE)
    with pytest.raises(InvalidParameter, match="none of this server"):
        pages.decode("A" * 200_001, HERE)
    with pytest.raises(InvalidParameter) as caught:
        pages.decode("A" * 100_000, HERE)
    assert len(caught.value.message) < 200
