"""IP access lists: what they keep out, on which process how soon, and that nobody keeps himself out."""

import time

import pytest

from lakeward.runtime.http.address import client_address, networks
from server import Caller, Server

LISTS = "/api/2.0/ip-access-lists"
CONF = "/api/2.0/workspace-conf"
WHERE = {"enableIpAccessLists": "true"}


def made(client: Caller, kind: str, *addresses: str, **fields) -> str:
    body = {"label": "office", "list_type": kind, "ip_addresses": addresses, **fields}
    return client.post(LISTS, **body)["ip_access_list"]["list_id"]


def turn(client: Caller, on: str) -> None:
    client.call("PATCH", CONF, json={"enableIpAccessLists": on})


def settled(server: Server) -> None:
    time.sleep(1.05)  # answers are remembered for a second


def status(server: Server, address: str, path: str = "/api/3.0/mlflow/server-info") -> int:
    return server.caller(x_forwarded_for=address).request("GET", path).status_code


def test_nothing_counts_until_it_is_switched_on(server: Server, client: Caller) -> None:
    made(client, "BLOCK", "198.51.100.7")
    assert client.get(CONF, keys="enableIpAccessLists") == {"enableIpAccessLists": "false"}
    assert status(server, "198.51.100.7") == 200
    turn(client, "true")
    assert client.get(CONF, keys="enableIpAccessLists") == WHERE
    settled(server)
    assert status(server, "198.51.100.7") == 403
    assert status(server, "198.51.100.8") == 200


def test_allow_and_block(server: Server, serving, client: Caller) -> None:
    """With an ALLOW list all others are out; BLOCK wins; IPv6, networks, and IPv4 inside of IPv6."""
    made(client, "ALLOW", "198.51.100.0/24", "2001:db8::/32")
    blocked = made(client, "BLOCK", "198.51.100.7", "2001:db8:bad::/48")
    turn(client, "true")
    with serving(beside=server) as other:
        settled(server)
        expected = {
            "198.51.100.9": 200, "198.51.100.7": 403, "203.0.113.1": 403, "2001:db8::1": 200, "2001:db8:bad::1": 403,
            "::ffff:198.51.100.9": 200, "::ffff:198.51.100.7": 403, "2001:dead::1": 403,
            "203.0.113.1, 198.51.100.9": 200, "198.51.100.9, 203.0.113.1": 403, "nonsense": 403,
        }  # fmt: skip
        for each in (server, other):
            assert {address: status(each, address) for address in expected} == expected
            assert status(each, "203.0.113.1", "/health") == 200  # whoever watches over it
            assert status(each, "203.0.113.1", "/") == 403
            assert each.local.get("experiments/search") is not None  # the way back
        client.call("PATCH", f"{LISTS}/{blocked}", json={"enabled": False})
        settled(server)
        for each in (server, other):
            assert status(each, "198.51.100.7") == 200
    turn(client, "false")
    settled(server)
    assert status(server, "203.0.113.1") == 200


def test_nobody_keeps_himself_out(server: Server, callers) -> None:
    admin = server.bearer(server.token("admin", admin=True), x_forwarded_for="203.0.113.9")
    here = made(admin, "ALLOW", "203.0.113.0/24")
    elsewhere = made(admin, "ALLOW", "198.51.100.0/24")
    turn(admin, "true")
    for method, path, body in (
        ("PATCH", f"{LISTS}/{here}", {"ip_addresses": ["203.0.113.1"]}),
        ("PATCH", f"{LISTS}/{here}", {"enabled": False}),
        (
            "PUT",
            f"{LISTS}/{here}",
            {"label": "x", "list_type": "BLOCK", "enabled": True, "ip_addresses": ["203.0.113.9"]},
        ),
        ("DELETE", f"{LISTS}/{here}", None),
        ("POST", LISTS, {"label": "x", "list_type": "BLOCK", "ip_addresses": ["203.0.113.0/28"]}),
    ):
        answer = admin.refused(method, path, body)
        assert (answer.status, answer.code) == (400, "INVALID_STATE")
        assert "203.0.113.9" in answer.message
    admin.call("DELETE", f"{LISTS}/{elsewhere}")
    turn(admin, "false")
    admin.call("PATCH", f"{LISTS}/{here}", json={"enabled": False})
    made(admin, "ALLOW", "198.51.100.0/24")
    answer = admin.refused("PATCH", CONF, WHERE)
    assert (answer.status, answer.code) == (400, "INVALID_STATE")


@pytest.mark.parametrize(
    "fields",
    [
        {"label": ""}, {"label": "x" * 256}, {"list_type": "DENY"}, {"ip_addresses": ["x"]},
        {"ip_addresses": ["1.2.3"]}, {"ip_addresses": ["1.2.3.4/33"]}, {"ip_addresses": [""]}, {"ip_addresses": [7]},
        {"ip_addresses": [f"10.0.{number // 256}.{number % 256}" for number in range(1001)]},
    ],
)  # fmt: skip
def test_wrong_lists(client: Caller, fields: dict) -> None:
    body = {"label": "x", "list_type": "ALLOW", "ip_addresses": []} | fields
    assert client.refused("POST", LISTS, body).status == 400
    assert client.get(LISTS) == {"ip_access_lists": []}


def test_other_switches_do_not_exist(client: Caller) -> None:
    assert client.refused("GET", CONF, {"keys": "enableMagic"}).status == 400
    assert client.refused("PATCH", CONF, {"enableMagic": "true"}).status == 400
    assert client.refused("PATCH", CONF, {"enableIpAccessLists": "maybe"}).status == 400


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.1", "", "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),  # not a proxy that we trust: it can claim what it wants
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.1", "203.0.113.1"),
        ("127.0.0.1", "198.51.100.1, 10.1.1.1", "198.51.100.1"),
        ("127.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("127.0.0.1", "198.51.100.1:80, 10.0.0.1", "198.51.100.1"),
        ("127.0.0.1", "junk", "127.0.0.1"),
        ("::1", "", "::1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_where_a_request_comes_from(peer: str, forwarded: str, address: str) -> None:
    headers = {b"x-forwarded-for": forwarded.encode()} if forwarded else {}
    trusted = networks(("127.0.0.0/8", "::1", "10.0.0.0/8"))
    assert str(client_address((peer, 1), headers, trusted)) == address
