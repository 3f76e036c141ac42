"""Files as they were built: which form goes to whom. And a checkout in which nothing was built."""

from pathlib import Path

import pytest

from lakeward.web import routes
from lakeward.web.files import built
from server import Caller


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    for name, body in {
        "app.js": b"plain",
        "app.js.br": b"b",
        "app.js.gz": b"g",
        "small.css": b"css",
        "x.map": b"no",
    }.items():
        (tmp_path / "assets" / name).write_bytes(body)
    (tmp_path / "index.html").write_bytes(b"<!doctype html>")
    return tmp_path


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""), ("br", "br"), ("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip", "gzip"),
        ("br;q=0.000", ""), ("GZIP ; q=0.5", "gzip"), ("identity", ""), ("*", ""), (",;,q=", ""),
    ],
)  # fmt: skip
def test_the_best_form_a_browser_takes(root: Path, accepted: str, encoding: str) -> None:
    name, body = built(root)["assets/app.js"].best(accepted)
    assert (name, body) == (encoding, {"": b"plain", "br": b"b", "gzip": b"g"}[encoding])
    assert built(root)["assets/small.css"].best(accepted) == ("", b"css")


def test_only_what_pages_use_is_served(root: Path) -> None:
    assert set(built(root)) == {"assets/app.js", "assets/small.css", "index.html"}


def test_an_unbuilt_checkout_says_so(client: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "built", lambda: built(tmp_path))
    answer = client.request("GET", "/")
    assert answer.status_code == 200
    assert "make web" in answer.text
    assert client.request("GET", "/ml/experiments/1").status_code == 200
    assert client.refused("GET", "/favicon.svg").code == "ENDPOINT_NOT_FOUND"
