"""Scripts in what callers wrote: no answer of this server lets a browser run one.

CVE-2023-6568 (a content type that is echoed), CVE-2024-27132. tests/ui shows the pages with hostile names in a browser.
"""

import pytest

from server import Caller, Server

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def run(server: Server) -> tuple[str, str]:
    experiment = server.local.experiment(SCRIPT)
    return experiment, server.local.run(
        experiment, run_name=SCRIPT, tags=[{"key": "mlflow.note.content", "value": SCRIPT}]
    )


def harmless(headers: dict[str, str]) -> bool:
    """A browser would show text or save a file, whatever is in it."""
    kind = headers.get("content-type", "").partition(";")[0]
    inert = kind in ("application/json", "text/plain", "application/octet-stream", "application/xml", "image/png", "")
    return inert and headers.get("x-content-type-options") == "nosniff"


@pytest.mark.parametrize(
    "name", ["x.html", "x.svg", "x.xhtml", "x.xml", "x.js", "x.htm", "x.mhtml", "x", "x.png", "x.txt", "x.html\x00.png"]
)
def test_artifacts(client: Caller, run: tuple[str, str], name: str) -> None:
    experiment, run_id = run
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run_id}/artifacts/{name.replace(chr(0), '%00')}"
    if client.request("PUT", path, content=SCRIPT.encode(), headers={"content-type": "text/html"}).status_code != 200:
        return  # such a name is refused
    for target in (path, f"/get-artifact?run_id={run_id}&path={name}"):
        answer = client.request("GET", target, headers={"accept": "text/html"})
        assert answer.status_code == 200
        assert harmless(dict(answer.headers))
        assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", SCRIPT, "text/html;charset=utf-7"])
def test_a_content_type_is_not_echoed(client: Caller, kind: str) -> None:
    for path in ("experiments/create", "/nothing", f"/{SCRIPT}", "runs/get"):
        answer = client.request("POST", path, content=SCRIPT, headers={"content-type": kind, "accept": "text/html"})
        assert answer.headers["content-type"] == "application/json"
        assert harmless(dict(answer.headers))


def test_words_in_errors_are_json(client: Caller) -> None:
    for path, fields in (
        ("runs/get", {"run_id": SCRIPT}),
        ("experiments/get-by-name", {"experiment_name": f"no {SCRIPT}"}),
        (f"/{SCRIPT}", {SCRIPT: SCRIPT}),
        ("/get-artifact", {"run_id": SCRIPT, "path": SCRIPT}),
    ):
        answer = client.request("GET", path, params=fields)
        assert harmless(dict(answer.headers))
        assert answer.json()["error_code"]


def test_every_answer_has_the_headers_of_a_careful_server(server: Server, client: Caller, run: tuple[str, str]) -> None:
    experiment, run_id = run
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run_id}/artifacts/f.txt"
    answers = [
        client.request("PUT", path, content=b"x"),
        client.request("HEAD", path),
        client.request("DELETE", "/health"),
        client.request("POST", "experiments/create", content=b"{"),
        client.request("GET", path, headers={"range": "bytes=5-9"}),
        client.request("GET", "runs/get", params={"run_id": run_id}),
        client.request("GET", "/health", headers={"host": "evil.example"}),
    ]
    pages = ("/", "/ml/x", "/artifact-frame", "/assets/none.js", "/health", "/openapi.json", "/nothing", path)
    answers += [client.request("GET", page) for page in pages]
    names = ("content-security-policy", "referrer-policy", "x-content-type-options", "cross-origin-resource-policy")
    for answer in answers:
        for name in names:
            assert answer.headers.get_list(name) == [answer.headers[name]], (answer.request.url, name)
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors" in policy
        assert "default-src 'none'" in policy
        if answer.headers.get("content-type") == "application/json":
            assert answer.headers.get("cache-control")
    assert b"content-security-policy" in server.raw(b"nonsense\r\n\r\n")
