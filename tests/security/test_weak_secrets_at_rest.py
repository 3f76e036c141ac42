"""Secrets at rest: there is no key that everybody knows, and none in the database.

tests/features/secrets/test_at_rest.py looks for a value in every file, tests/features/runtime/test_master_keys.py at
keys.
"""

from pathlib import Path

import pytest

from lakeward.runtime.crypto import KeyMissing, MasterKeys
from server import Caller, Server


def test_every_installation_has_a_key_of_its_own(serving) -> None:
    found = set()
    for _ in range(2):
        with serving() as server:
            server.local.post("/api/2.0/secrets/scopes/create", scope="s")
            found.add(Path(server.settings.master_key_source).read_bytes())
    assert len(found) == 2


@pytest.mark.parametrize("word", ["", "changeme", "lakeward", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_no_word_is_taken_for_a_key(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER", word)
    with pytest.raises(KeyMissing):
        MasterKeys.read_or_make("env:MASTER")


def test_the_key_is_not_in_the_database(server: Server, client: Caller) -> None:
    client.post("/api/2.0/secrets/scopes/create", scope="kept")
    keys = MasterKeys.read(server.settings.master_key_source)
    key = keys.key(keys.first)
    tables = server.sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    for table in tables:
        rows = server.sql(f"SELECT t::text FROM {table['relname']} t")
        assert not any(key.hex() in row[0] for row in rows), table["relname"]


def test_tokens_are_hashes(server: Server) -> None:
    token = server.token("somebody")
    assert not any(token in str(dict(row)) for row in server.sql("SELECT * FROM access_token"))
