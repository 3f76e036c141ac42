"""Connections: what is secret about them is nowhere in the clear, and goes with them."""

import pytest

from server import Caller, Server

UC = "/api/2.1/unity-catalog/connections"


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


def test_secrets_are_sealed_and_go_with_the_connection(server: Server, client: Caller):
    options = {"host": "h", "password": "sesame", "some new kind of secret": "sesame"}
    made = client.call("POST", UC, json={"name": "Db", "connection_type": "POSTGRESQL", "options": options})
    assert made["options"] == {"host": "h"}
    assert "sesame" not in str(server.sql("SELECT to_jsonb(c) FROM connection c"))
    [key] = server.sql("SELECT data_key_id FROM connection")
    before = server.sql("SELECT sealed FROM connection")
    client.call("PATCH", f"{UC}/db", json={"secrets": {"password": "open"}})
    assert server.sql("SELECT sealed FROM connection") != before
    assert client.call("GET", f"{UC}/DB")["options"] == {"host": "h"}
    client.call("DELETE", f"{UC}/db")
    assert server.sql("SELECT FROM data_key WHERE id = $1", key[0]) == []
    audited = server.sql("SELECT * FROM audit_inbox")
    assert "sesame" not in str(audited)


@pytest.mark.parametrize("kind", ["", "a b", "ä", "x" * 60])
def test_types_are_words(client: Caller, kind: str):
    assert client.refused("POST", UC, json={"name": "x", "connection_type": kind}).status == 400
