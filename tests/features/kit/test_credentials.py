"""Credentials are recognised wherever they stand, and nothing else is."""

import secrets

import pytest

from lakeward.identity import oauth, records
from lakeward.kit.credentials import redacted
from lakeward.kit.errors import NotFound

PREFIXES = (
    records.TOKEN_PREFIX, records.SESSION_PREFIX, records.SECRET_PREFIX, oauth.ACCESS_PREFIX, oauth.REFRESH_PREFIX,
)  # fmt: skip


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_the_server_gives_out_is_recognised(prefix: str) -> None:
    credential = prefix + secrets.token_urlsafe(32)
    assert redacted(f"no token '{credential}', nor {credential[:40]}") == f"no token '{prefix}***', nor {prefix}***"
    assert NotFound(f"No {credential}.").message == str(NotFound(f"No {credential}.")) == f"No {prefix}***."


def test_names_stay() -> None:
    words = "milk_shakes_of_the_last_ten_years", "talks_to_customers_and_friends"
    for text in ("talk", "lk", "lkw_", "lkw_wrong", "lkx_1", *words):
        assert redacted(text) == text
