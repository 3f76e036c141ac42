"""Who is calling: tokens in every form, wrong ones, and how soon a change counts."""

import base64
import hashlib
import time
from datetime import timedelta

import pytest

from lakeward import identity
from lakeward.runtime.http import Role
from server import Server

SEARCH = "/api/2.0/mlflow/experiments/search"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.token("ada", role=Role.READ)


def status(server: Server, header: str | bytes) -> int:
    return server.local.request("GET", SEARCH, headers={"authorization": header}).status_code


def test_every_form_of_a_good_token(server, token):
    for header in (
        f"Bearer {token}", f"bearer {token}", f"BEARER   {token}", basic("token", token), basic("ada", token),
        basic("", token), basic("ada", token).replace("Basic", "basic"),
    ):  # fmt: skip
        assert status(server, header) == 200, header


def test_the_name_in_basic_must_fit(server, token):
    for user in ("owner", "Ada", "ada ", "root", "ad\xe4"):
        answer = server.local.refused("GET", SEARCH, headers={"authorization": basic(user, token)})
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer", "Bearer wrong", "Bearer lkw_", "Basic", "Basic !!!", "Basic \xe9", "Basic ====",
        "Basic YQ", "Basic //46eA==", "Basic " + base64.b64encode(b"no colon").decode(),
        basic("token", ""), basic("token", "wrong"), "Digest x", "Negotiate", "", "\xff", "lkw_",
        "Bearer " + "x" * 60_000, basic("token", "x\x00y"),
    ],
)  # fmt: skip
def test_wrong_credentials_are_refused_even_here(server, header):
    """Whoever presents credentials is judged by them; a local caller does not fall back to being the owner."""
    answer = server.local.refused("GET", SEARCH, headers={"authorization": header.encode("latin-1")})
    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
    assert answer.response.headers["www-authenticate"] == 'Bearer realm="lakeward", Basic realm="lakeward"'
    assert "wrong" not in answer.message.lower().replace("token is wrong", "")


def test_public_routes_ask_nobody(server):
    for path in (
        "/health",
        "/version",
        "/openapi.json",
        "/api/3.0/mlflow/server-info",
        "/.well-known/databricks-config",
    ):
        assert server.local.request("GET", path, headers={"authorization": "Bearer wrong"}).status_code == 200


def test_a_token_is_kept_as_its_hash(server, token):
    rows = server.sql(
        "SELECT t::text, hash FROM access_token t JOIN principal p ON p.id = principal_id WHERE p.name = 'ada'"
    )
    assert [row["hash"] for row in rows] == [hashlib.sha256(token.encode()).digest()]
    assert token not in rows[0][0]
    assert token.startswith("lkw_")
    assert len(token) > 40


def test_an_expired_token(server):
    token = server.token("soon", role=Role.READ)
    server.sql("UPDATE access_token SET expires_at = now() - interval '1 second' WHERE principal_id ="
               " (SELECT id FROM principal WHERE name = 'soon')")  # fmt: skip
    assert status(server, f"Bearer {token}") == 401


def test_a_lifetime_must_be_positive(server):
    async def make() -> None:
        import asyncpg

        connection = await asyncpg.connect(server.backend.dsn_of(server.database))
        try:
            ada = await identity.get_or_create_principal(connection, "ada")
            await identity.create_token(connection, ada, lifetime=timedelta(0))
        finally:
            await connection.close()

    with pytest.raises(Exception, match="positive"):
        server.backend.loop.run(make())


@pytest.mark.parametrize("name", ["", " x", "a/b", "a:b", "a\\b", "a\x00b", "a\nb", "x" * 256])
def test_names_that_could_mislead(server, name):
    with pytest.raises(Exception, match="Invalid principal name"):
        server.token(name)


def seconds_until(condition, limit: float = 3.0) -> float:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < limit
        time.sleep(0.02)
    return time.monotonic() - started


CHANGES = {
    "the token is revoked": "DELETE FROM access_token WHERE principal_id = (SELECT id FROM principal WHERE name = $1)",
    "the token expires": "UPDATE access_token SET expires_at = now() WHERE principal_id ="
    " (SELECT id FROM principal WHERE name = $1)",
    "the principal is deactivated": "UPDATE principal SET is_active = false WHERE name = $1",
    "the principal is removed": "DELETE FROM principal WHERE name = $1",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_counts_within_a_second_on_every_process(server, serving, change):
    with serving(beside=server) as other:
        name = change.replace(" ", "-")
        token = server.token(name, role=Role.EDIT)
        callers = [each.bearer(token) for each in (server, other)]
        for caller in callers:
            assert caller.request("GET", SEARCH).status_code == 200
        server.sql(CHANGES[change], name)
        for caller in callers:
            waited = seconds_until(lambda caller=caller: caller.request("GET", SEARCH).status_code == 401)
            assert waited < 1.2


def test_a_lost_role_counts_within_a_second(server):
    caller = server.bearer(server.token("fallen", role=Role.EDIT))
    made = server.local.experiment()
    server.sql(
        "UPDATE workspace_member SET role = 'READ' FROM principal p WHERE p.id = principal_id AND p.name = 'fallen'"
    )
    seconds_until(
        lambda: caller.request("POST", "experiments/restore", json={"experiment_id": made}).status_code == 403, 1.2
    )
    assert caller.refused("POST", "experiments/delete", {"experiment_id": made}).status == 403
    assert caller.get("experiments/get", experiment_id=made)["experiment"]["lifecycle_stage"] == "active"


def test_a_new_token_works_at_once(server):
    """Also one that somebody tried a moment before it existed."""
    for number in range(3):
        assert status(server, f"Bearer {server.token(f'new-{number}', role=Role.READ)}") == 200


def test_one_look_up_a_second(serving):
    """A thousand requests with one token do not ask the database a thousand times."""
    with serving(log_statements=True) as server:
        caller = server.bearer(server.token("busy", role=Role.READ))
        with server.statements() as seen:
            started = time.monotonic()
            for _ in range(30):
                caller.request("GET", "/api/3.0/mlflow/workspaces")
            seconds = time.monotonic() - started
        assert sum("access_token" in statement for statement in seen) <= 2 + seconds
        assert sum("FROM workspace WHERE id > 0 ORDER BY" in statement for statement in seen) == 30


def test_rules_ask_for_roles(server, callers):
    """READ, EDIT, MANAGE and ADMIN, each refused to the one below it."""
    ladder = [
        ("reader", "POST", "runs/create", {"experiment_id": "0"}, "EDIT"),
        ("editor", "POST", "/api/2.0/lakeward/purge", {"experiment_ids": ["0"]}, "MANAGE"),
        ("manager", "POST", "/api/3.0/mlflow/workspaces", {"name": "mine"}, "administrator"),
        ("memberless", "GET", "experiments/search", {}, "no role"),
    ]
    for who, method, path, body, word in ladder:
        answer = getattr(callers, who).refused(method, path, body)
        assert (answer.status, answer.code) == (403, "PERMISSION_DENIED")
        assert word in answer.message
        assert who in answer.message
    assert callers.manager.request("GET", "/metrics").status_code == 403
    assert callers.admin.request("GET", "/metrics").status_code == 200
    assert callers.nobody.request("GET", "/metrics").status_code == 401
