"""How the files reach a browser, and how large they are. And the unit tests of the pages' pure parts."""

import gzip
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from mutations import MUTATIONS, in_source
from playwright.sync_api import Page, Response, expect
from world import World

from server import Caller, Server

FIRST_LOAD = 350_000
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client(server: Server) -> Caller:
    return server.caller(x_forwarded_for="203.0.113.7")  # nobody in particular


def test_pages_let_nothing_in_from_elsewhere(client: Caller) -> None:
    for path in ("/", "/ml", "/ml/experiments/1/runs/2"):
        answer = client.request("GET", path)
        assert answer.status_code == 200
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-cache"
        assert "<script>" not in answer.text


def test_assets_are_kept_for_good_and_pages_asked_again(client: Caller) -> None:
    page = client.request("GET", "/")
    assert client.request("GET", "/", headers={"if-none-match": page.headers["etag"]}).status_code == 304
    scripts = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert scripts
    sizes = {
        each: len(client.request("GET", each, headers={"accept-encoding": "identity"}).content) for each in scripts
    }
    assert max(sizes.values()) > 100_000
    for script in scripts:
        for encoding in ("br", "gzip", ""):
            answer = client.request("HEAD", script, headers={"accept-encoding": encoding or "identity"})
            assert answer.headers.get("content-encoding", "") == (encoding if sizes[script] >= 1024 else "")
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["vary"] == "accept-encoding"
            assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
    plain = client.request("GET", scripts[0], headers={"accept-encoding": "identity"}).content
    assert client.request("GET", scripts[0], headers={"accept-encoding": "gzip;q=1.0, br;q=0"}).content == plain
    assert client.refused("GET", "/assets/nothing.js").code == "ENDPOINT_NOT_FOUND"
    assert client.refused("GET", "/assets/..%2f..%2froutes.py").status == 404


def test_the_frame_for_artifacts_has_no_rights(client: Caller) -> None:
    policy = client.request("GET", "/artifact-frame").headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy


def test_the_first_load_is_small(tab: Callable[..., Page], made: World) -> None:
    """Every page's scripts, as gzip sends them, and nothing from any other host."""
    for path in ("/", f"/ml/experiments/{made.study}?mode=charts", f"/ml/experiments/{made.study}/runs/{made.best}"):
        page = tab()
        seen: list[Response] = []
        page.on("response", lambda response, seen=seen: seen.append(response))
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert {re.match(r"https?://[^/]+", each.url)[0] for each in seen} == {page.url.split("/ml")[0].rstrip("/")}
        scripts = [each.body() for each in seen if each.url.endswith(".js")]
        assert 0 < sum(len(gzip.compress(body, 9)) for body in scripts) <= FIRST_LOAD


def test_units() -> None:
    done = subprocess.run(["scripts/web", "test"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_names_no_registry() -> None:
    lock = (ROOT / "web" / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 50


def test_every_change_that_pages_ask_for_is_listed() -> None:
    """What is listed has to be seen on its way to the server, by the end of the suite."""
    assert in_source() == {name.split()[0] for name in MUTATIONS}
