"""The `lakeward` command: what it prints, where, and its exit codes."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from click.testing import CliRunner

from lakeward import __version__
from lakeward.cli import demo
from lakeward.runtime.settings import all_settings
from lakeward_up import Up, running

COMMANDS = ["up", "demo", "token", "login", "admin", "audit", "secrets", "import", "gc", "doctor", "version"]


def lakeward(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAKEWARD_", "MLFLOW_"))}
    return subprocess.run(
        [sys.executable, "-m", "lakeward", *words],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, env=kept | environment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(tmp_path_factory.mktemp("cli") / "data", "--port", "0", "--workers", "1") as started:
        yield started


@pytest.fixture
def port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


# --- help and usage


def test_help_names_every_command_and_exit_code():
    shown = lakeward("--help")
    assert shown.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", shown.stdout, re.MULTILINE)
    for code in "01234":
        assert re.search(rf"^  {code}  ", shown.stdout, re.MULTILINE)
    assert "\x1b" not in shown.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    shown = lakeward(command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"Usage: lakeward {command}")


def test_help_of_up_shows_every_setting_with_its_variable_and_default():
    shown = " ".join(lakeward("up", "--help").stdout.split())
    for setting in all_settings():
        assert setting.flag in shown
        assert setting.variable in shown
        assert not setting.default or setting.default in shown


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (["nonsense"], {}, "nonsense"),
        (["up", "--prot", "1"], {}, "--prot"),
        (["up", "--port", "x"], {}, "--port"),
        (["up"], {"LAKEWARD_PROT": "1"}, "LAKEWARD_PROT"),
        (["up", "--host", "no address"], {}, "--host"),
        (["up", "--allowed-hosts", "https://a.example"], {}, "--allowed-hosts"),
        (["up", "--objects", "region"], {}, "NAME=VALUE"),
        (["up", "--config", "/does/not/exist"], {}, "/does/not/exist"),
        (["doctor", "--port", "99999"], {}, "65535"),
        (["token", "create", "--expires", "soon"], {}, "90d"),
        (["token", "create", "--expires", "0d"], {}, "lifetime"),
        (["gc", "--older-than", "-1d"], {}, "12h"),
    ],
)
def test_wrong_usage_and_wrong_settings_exit_with_2(tmp_path, words, environment, said):
    environment = {"HOME": str(tmp_path), "LAKEWARD_DATA": str(tmp_path / "data")} | environment
    failed = lakeward(*words, **environment)
    assert failed.returncode == 2, failed.stderr
    assert said in failed.stderr
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""


def test_an_unreachable_database_exits_with_3(port):
    failed = lakeward("token", "list", LAKEWARD_DATABASE_URL=f"postgresql://me:sesame@127.0.0.1:{port}/x")
    assert failed.returncode == 3
    assert "cannot be used" in failed.stderr
    assert "sesame" not in failed.stderr


def test_version():
    assert lakeward("--version").stdout == f"lakeward, version {__version__}\n"
    found = json.loads(lakeward("version", "--json").stdout)
    assert found["lakeward"] == __version__
    assert "missing" not in found.values()
    assert f"asyncpg              {found['asyncpg']}" in lakeward("version").stdout


# --- token


def signed_in(up: Up, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.get(f"{up.url}/api/2.0/mlflow/experiments/search?max_results=1", headers=headers).status_code


def test_an_administrator_is_made_and_let_back_in(up):
    data = ["--data", str(up.data)]

    def sign_in(password: str) -> httpx.Response:
        body = {"name": "grace", "password": password}
        return httpx.post(f"{up.url}/api/2.0/lakeward/sign-in", json=body)

    made = lakeward("admin", "grace", *data)
    assert made.returncode == 0, made.stderr
    assert "grace is an administrator" in made.stderr
    assert sign_in(made.stdout.strip()).json()["is_admin"] is True
    assert [sign_in("wrong").status_code for _ in range(12)][-1] == 429
    again = lakeward("admin", "grace", *data)
    assert again.stdout != made.stdout
    assert sign_in(made.stdout.strip()).status_code == 401
    assert sign_in(again.stdout.strip()).status_code == 200
    for name in ("users", "a:b", "token"):
        assert lakeward("admin", name, *data).returncode in (1, 2)
    given = subprocess.run(
        [sys.executable, "-m", "lakeward", "admin", "grace", "--password-stdin", *data],
        input="a short", capture_output=True, text=True, timeout=60, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("LAKEWARD_")},
    )  # fmt: skip
    assert given.returncode == 2
    assert "12 to 1024 characters" in given.stderr


def test_explain_says_no_by_its_exit_code(up):
    data = ["--data", str(up.data)]
    assert lakeward("token", "create", "rea", "--role", "read", *data).returncode == 0
    asked = [lakeward("explain", "rea", right, "experiments/0", *data) for right in ("CAN_READ", "CAN_EDIT")]
    assert [(each.returncode, each.stdout.split(":")[0]) for each in asked] == [(0, "yes"), (1, "no")]


def test_login_by_way_of_the_browser(up, tmp_path):
    """A person signs in in the browser, here with name and password, and the token comes back to the terminal."""
    password = lakeward("admin", "hedy", "--data", str(up.data)).stdout.strip()
    browser = tmp_path / "browser.py"
    browser.write_text(
        "import sys, httpx\n"
        f"answer = httpx.get(sys.argv[1], auth=('hedy', {password!r}), follow_redirects=True)\n"
        "assert 'You can close this page' in answer.text\n"
    )
    made = lakeward("login", up.url, "--expires", "1h", BROWSER=f"{sys.executable} {browser} %s")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert re.fullmatch(r"lkw_[\w-]{43}", token)
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.get(f"{up.url}/api/2.0/preview/scim/v2/Me", headers=headers).json()["userName"] == "hedy"
    [listed] = httpx.get(f"{up.url}/api/2.0/token/list", headers=headers).json()["token_infos"]
    assert listed["comment"].startswith("lakeward login on ")
    assert listed["expiry_time"] - listed["creation_time"] < 3_700_000
    nowhere = lakeward("login", "http://127.0.0.1:1")
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert "does not answer" in nowhere.stderr
    assert lakeward("login", "file:///etc/passwd").returncode == 2


def test_a_token_lives_and_dies_beside_a_running_server(up):
    data = ["--data", str(up.data)]
    made = lakeward("token", "create", "anna", "--role", "read", "--name", "laptop", "--expires", "90d", *data)
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert re.fullmatch(r"lkw_[\w-]{43}", token)
    assert signed_in(up, token) == 200

    listed = json.loads(lakeward("token", "list", "--json", *data).stdout)
    [row] = [each for each in listed if each["principal"] == "anna"]
    assert row["comment"] == "laptop"
    assert row["expires_at"]
    shown = lakeward("token", "list", *data).stdout
    assert row["id"] in shown
    assert token not in shown

    # a second token leaves the role as it is, unless one is asked for
    for words, role in (([], "READ"), (["--role", "manage"], "MANAGE"), ([], "MANAGE")):
        more = lakeward("token", "create", "anna", *words, *data).stdout.strip()
        headers = {"authorization": f"Bearer {more}"}
        tagged = httpx.post(
            f"{up.url}/api/2.0/mlflow/experiments/set-experiment-tag",
            json={"experiment_id": "0", "key": "k", "value": role},
            headers=headers,
        )
        assert tagged.status_code == (403 if role == "READ" else 200)

    assert lakeward("token", "revoke", row["id"], *data).returncode == 0
    assert signed_in(up, token) == 401
    again = lakeward("token", "revoke", row["id"], *data)
    assert again.returncode == 1
    assert row["id"] in again.stderr


def test_a_token_before_the_first_start(tmp_path):
    data = tmp_path / "data"
    made = json.loads(lakeward("token", "create", "--json", "--data", str(data)).stdout)
    assert made["principal"] == "owner"
    assert not list((data / "postgres").glob("postmaster.pid"))
    with running(data, "--port", "0", "--workers", "1") as up:
        assert signed_in(up, made["token"]) == 200


def test_no_token_for_who_is_deactivated(up):
    data = ["--data", str(up.data)]
    admin = {"authorization": f"Bearer {lakeward('token', 'create', *data).stdout.strip()}"}
    assert lakeward("token", "create", "gone", *data).returncode == 0
    scim = f"{up.url}/api/2.0/preview/scim/v2/Users"
    [found] = httpx.get(scim, params={"filter": "userName eq gone"}, headers=admin).json()["Resources"]
    off = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
    assert httpx.patch(f"{scim}/{found['id']}", json=off, headers=admin).status_code == 200
    refused = lakeward("token", "create", "gone", *data)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "deactivated" in refused.stderr


def test_a_token_in_a_workspace_that_is_not_there(up):
    failed = lakeward("token", "create", "bob", "--workspace", "nowhere", "--data", str(up.data))
    assert failed.returncode == 1
    assert "nowhere" in failed.stderr


# --- doctor


def checks(report: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {each["check"]: each for each in json.loads(report.stdout)["checks"]}


def test_doctor_is_content_with_a_running_server(up):
    words = ["--data", str(up.data), "--port", up.url.rpartition(":")[2]]
    report = lakeward("doctor", "--json", *words)
    assert report.returncode == 0, report.stdout
    found = checks(report)
    assert {each["status"] for each in found.values()} <= {"ok", "warning"}
    assert "PostgreSQL 18" in found["database"]["seen"]
    assert "lakeward" in found["port"]["seen"]
    shown = lakeward("doctor", *words)
    assert "All well" in shown.stdout
    assert shown.returncode == 0


def test_doctor_changes_nothing_before_the_first_start(tmp_path, port):
    report = lakeward("doctor", "--json", "--data", str(tmp_path / "data"), "--port", port)
    assert report.returncode == 0, report.stdout
    assert not (tmp_path / "data").exists()


def test_doctor_says_what_to_do_about_each_failure(tmp_path, port):
    taken = socket.create_server(("127.0.0.1", 0))
    with taken:
        (tmp_path / "objects").write_text("a file")
        report = lakeward(
            "doctor", "--json", "--data", str(tmp_path), "--port", str(taken.getsockname()[1]),
            "--objects-url", str(tmp_path / "objects"),
            "--database-url", f"postgresql://me:sesame@127.0.0.1:{port}/x",
        )  # fmt: skip
    assert report.returncode == 1
    found = checks(report)
    failed = {name for name, each in found.items() if each["status"] == "failed"}
    assert failed == {"database", "objects", "port"}
    assert all(found[name]["todo"] for name in failed)
    assert "sesame" not in report.stdout


def test_doctor_never_shows_a_secret(tmp_path, port):
    words = ["--data", str(tmp_path), "--port", port, "--objects", "secret_access_key=sesame"]
    for form in ([], ["--json"]):
        report = lakeward("doctor", *words, *form)
        assert "sesame" not in report.stdout + report.stderr


# --- gc


def test_gc_empties_the_trash_beside_a_running_server(up):
    data = ["--data", str(up.data)]
    experiment = up.post("experiments/create", name="for the trash").json()["experiment_id"]
    kept = up.post("experiments/create", name="kept").json()["experiment_id"]
    for _ in range(3):
        assert up.post("runs/create", experiment_id=experiment).status_code == 200
    run = up.post("runs/create", experiment_id=kept).json()["run"]["info"]["run_id"]
    up.post("experiments/delete", experiment_id=experiment)
    up.post("runs/delete", run_id=run)

    assert lakeward("gc", *data).stdout == "Deleted 0 experiments, 0 runs, 0 models.\n"
    counted = json.loads(lakeward("gc", "--dry-run", "--older-than", "0m", "--json", *data).stdout)
    assert counted == {"dry_run": True, "experiments": 1, "runs": 4, "models": 0}
    assert up.get(f"/api/2.0/mlflow/runs/get?run_id={run}").status_code == 200

    deleted = lakeward("gc", "--older-than", "0m", *data)
    assert deleted.stdout == "Deleted 1 experiment, 4 runs, 0 models.\n"
    assert up.get(f"/api/2.0/mlflow/runs/get?run_id={run}").status_code == 404
    assert up.get(f"/api/2.0/mlflow/experiments/get?experiment_id={experiment}").status_code == 404
    assert up.get(f"/api/2.0/mlflow/experiments/get?experiment_id={kept}").status_code == 200


# --- demo


def test_demo_finds_its_script():
    assert demo._script().name == "demo.py"


def test_demo_says_which_packages_it_misses(monkeypatch):
    monkeypatch.setitem(demo._NEEDS, "no_such_module", "no-such-package")
    failed = CliRunner().invoke(demo.command, [])
    assert failed.exit_code == 1
    assert "pip install no-such-package" in failed.output
