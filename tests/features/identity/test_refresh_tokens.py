"""Refresh tokens: good once if the settings say so; then a used one presented again ends its family."""

import base64
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from server import Caller, Server

CLIENT = "databricks-cli"
BACK = "http://localhost:8020"


@pytest.fixture(scope="module")
def server(serving):
    with serving(oauth_refresh_rotation=True) as started:
        yield started


@pytest.fixture(scope="module")
def ann(server: Server) -> Caller:
    return server.bearer(server.token("ann"))


def asked(server: Server | Caller, **form: str) -> httpx.Response:
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        return http.post("/oidc/v1/token", data=form)


def signed_in(caller: Caller, scope: str = "all-apis offline_access") -> dict[str, Any]:
    """What a person's program gets for a code."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": CLIENT, "redirect_uri": BACK, "response_type": "code", "scope": scope,
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    answer = caller.request("GET", "/oidc/v1/authorize", params=query)
    assert answer.status_code == 302, answer.text
    [code] = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    made = asked(
        caller, grant_type="authorization_code", client_id=CLIENT, code=code, redirect_uri=BACK, code_verifier=verifier
    )
    assert made.status_code == 200, made.text
    return made.json()


def renewed(server: Server, token: dict[str, Any], client: str = CLIENT) -> httpx.Response:
    return asked(server, grant_type="refresh_token", client_id=client, refresh_token=token["refresh_token"])


def counts(server: Server, token: dict[str, Any]) -> int:
    return server.sql(
        "SELECT count(*) FROM access_token WHERE hash = sha256(convert_to($1, 'UTF8'))", token["access_token"]
    )[0][0]


def test_each_gives_the_next_and_counts_once(server, ann, client):
    first, other = signed_in(ann), signed_in(ann)
    second = renewed(server, first).json()
    assert second["refresh_token"] != first["refresh_token"]
    third = renewed(server, second).json()
    assert [counts(server, each) for each in (first, second, third, other)] == [1, 1, 1, 1]
    refused = renewed(server, first)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert [counts(server, each) for each in (first, second, third, other)] == [0, 0, 0, 1]
    assert renewed(server, third).status_code == 400
    assert renewed(server, other).status_code == 200
    found = client.get("/api/2.0/lakeward/audit", action_name="refreshTokenReused")["events"]
    assert [each["request_params"] for each in found] == [{"user_name": "ann", "client_id": CLIENT}]


def test_of_several_at_once_one_succeeds_and_the_rest_ends_it(server, ann):
    token = signed_in(ann)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: renewed(server, token), range(6)))
    good = [each.json() for each in answers if each.status_code == 200]
    assert len(good) == 1
    assert {each.json()["error"] for each in answers if each.status_code != 200} == {"invalid_grant"}
    assert counts(server, good[0]) == 0
    assert renewed(server, good[0]).status_code == 400


def test_another_client_gets_nothing_and_does_no_harm(server, ann):
    token = signed_in(ann)
    assert renewed(server, token, client="lakeward").status_code == 400
    assert renewed(server, token).status_code == 200


def test_who_is_deactivated_gets_no_other(server, client):
    bob = server.bearer(server.token("bob"))
    token = signed_in(bob)
    [[user]] = server.sql("SELECT id FROM principal WHERE name = 'bob'")
    path = f"/api/2.0/preview/scim/v2/Users/{user}"
    for active, status in ((False, 400), (True, 200)):
        operations = [{"op": "replace", "path": "active", "value": active}]
        client.call("PATCH", path, json={"Operations": operations})
        assert renewed(server, token).status_code == status


def test_revoking_a_spent_one_ends_the_family(server, ann):
    first = signed_in(ann)
    second = renewed(server, first).json()
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        assert http.post("/oidc/v1/revoke", data={"token": first["refresh_token"]}).status_code == 200
    assert counts(server, second) == 0
    assert renewed(server, second).status_code == 400


def test_without_offline_access_there_is_none(ann):
    assert "refresh_token" not in signed_in(ann, "all-apis")


def test_by_default_they_may_be_used_again(serving):
    """As programs do that keep the first one; none of theirs ends another's."""
    with serving() as server:
        token = signed_in(server.bearer(server.token("ann")))
        answers = [renewed(server, token) for _ in range(3)]
        assert {each.json()["refresh_token"] for each in answers} == {token["refresh_token"]}
        assert [counts(server, each.json()) for each in answers] == [1, 1, 1]
