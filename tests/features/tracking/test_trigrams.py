"""The function behind the text index of run names, compared with its definition."""

import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from server import Server


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


def trigrams(name: str) -> set[int]:
    codes = [ord(letter.lower() if letter.isascii() else letter) & 1023 for letter in name]
    return {(a << 20) + (b << 10) + c for a, b, c in zip(codes, codes[1:], codes[2:], strict=False)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60))
@example("")
@example("ab")
@example("Calm-Heron-417")
@example("\N{FIRE}\u00c4\u0130 aaaa")
def test_every_run_of_three(server: Server, name):
    assert set(server.sql("SELECT trigrams($1)", name)[0][0]) == trigrams(name)


def test_long_names_are_cheap(server: Server):
    """The longest name there can be must not occupy the database: the time grows with the length, not its square."""
    name = "ab\u20acx" * 2_000
    started = time.monotonic()
    assert set(server.sql("SELECT trigrams($1)", name)[0][0]) == trigrams(name)
    assert time.monotonic() - started < 1
