"""Server-side request forgery: no caller makes the server reach what only the server can.

CVE-2023-6974, CVE-2026-2393, CVE-2026-64849 (redirects and DNS rebinding around the first fix), model sources.
"""

import asyncio
import http.server
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ClassVar

import pytest

from lakeward.kit.addresses import is_public
from lakeward.kit.errors import LakewardError, Unavailable
from lakeward.runtime.outbound import Outbound, OutboundRefused
from server import Caller, Server

PRIVATE = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "localhost", "", "1.2.3",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1"])
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)


class Names:
    """A name server: each name has a list of answers, the last of which stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(each) for name, each in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        try:
            known = self.answers[host]
        except KeyError:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
            return [each[4][0] for each in found]
        return known.pop(0) if len(known) > 1 else known[0]


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        kind, _, rest = self.path[1:].partition("?")
        body = b"x" * int(rest) if kind == "bytes" else b"inside"
        self.send_response(302 if kind == "to" else 200)
        if kind == "to":
            self.send_header("location", rest)
        if kind == "gzip":
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if kind == "slow":
            threading.Event().wait(3)
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    Page.seen.clear()


def calling(names: Names, *allowed: str) -> Callable[..., Any]:
    """The answer to one request, or what it was refused with."""

    def call(url: str, **options: Any) -> Any:
        async def once() -> Any:
            outbound = Outbound(allowed, resolve=names)
            try:
                return await outbound.request(options.pop("method", "GET"), url, **options)
            except LakewardError as error:
                return error
            finally:
                await outbound.close()

        return run(once())

    return call


def run(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner() as runner:
        return runner.run(work)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_every_spelling_of_this_machine(port: int, host: str) -> None:
    answer = calling(Names())(f"http://{host}:{port}/")
    assert isinstance(answer, OutboundRefused | Unavailable)  # a resolver need not know the odd ones
    assert Page.seen == []


def test_a_name_with_a_private_address(port: int) -> None:
    for addresses in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], []):
        answer = calling(Names(evil_example=[addresses]))(f"http://evil.example:{port}/")
        assert isinstance(answer, OutboundRefused)
        assert "127.0.0.1" not in answer.message, "what a name resolves to inside is nobody's business"
    assert Page.seen == []


def test_dns_rebinding(port: int) -> None:
    """The name is resolved once, and the address that was checked is the one that is connected to.

    Tests may only connect to this machine: the complaint about that names the address that was tried.
    """
    names = Names(evil_example=[["93.184.216.34"], ["127.0.0.1"]])
    tried = calling(names)(f"http://evil.example:{port}/")
    assert isinstance(tried, Unavailable)
    assert "93.184.216.34" in causes(tried)
    assert names.asked == ["evil.example"]
    assert isinstance(calling(names)(f"http://evil.example:{port}/"), OutboundRefused)
    assert Page.seen == []


def causes(error: BaseException | None) -> str:
    """All that led to it, in words."""
    return "" if error is None else f"{error!r}; {causes(error.__cause__ or error.__context__)}"


def test_redirects_are_not_followed_unless_asked_for_and_never_into_private_ranges(port: int) -> None:
    names = Names(open_example=[["127.0.0.1"]], evil_example=[["127.0.0.1"]], meta_example=[["169.254.169.254"]])
    call = calling(names, "open.example", "meta.example")
    here = f"http://open.example:{port}"
    assert "redirects are not followed" in call(f"{here}/to?{here}/").message
    assert call(f"{here}/to?{here}/", redirects=1).body == b"inside"
    assert call(f"{here}/to?/plain", redirects=1).body == b"inside"
    assert isinstance(call(f"{here}/to?{here}/to?{here}/", redirects=1), OutboundRefused)
    Page.seen.clear()
    for target in (
        f"http://127.0.0.1:{port}/", f"http://evil.example:{port}/", "http://169.254.169.254/latest/",
        "http://meta.example/", "file:///etc/passwd", "gopher://open.example/", f"http://u:p@open.example:{port}/",
    ):  # fmt: skip
        assert isinstance(call(f"{here}/to?{target}", redirects=3), OutboundRefused), target
    assert {path.partition("?")[0] for path, _ in Page.seen} == {"/to"}


def test_a_redirect_takes_no_credentials_to_another_origin(port: int) -> None:
    names = Names(open_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    call = calling(names, "open.example", "other.example")
    headers = {"Authorization": "Bearer s", "X-Api-Key": "s", "Cookie": "s"}
    call(f"http://open.example:{port}/to?http://other.example:{port}/there", headers=headers, redirects=1)
    path, sent = Page.seen[-1]
    assert path == "/there"
    assert not {"authorization", "x-api-key", "cookie"} & set(sent)
    call(f"http://open.example:{port}/to?/here", headers=headers, redirects=1)
    assert Page.seen[-1][1]["authorization"] == "Bearer s"
    assert isinstance(call(f"http://open.example:{port}/to?/x", method="POST", redirects=1), OutboundRefused)


def test_named_hosts_may_be_private_but_never_where_clouds_keep_their_keys(port: int) -> None:
    names = Names(inside_example=[["127.0.0.1"]], meta_example=[["169.254.169.254"]], wire_example=[["168.63.129.16"]])
    call = calling(names, "Inside.example", "meta.example", "wire.example")
    assert call(f"http://inside.example:{port}/").body == b"inside"
    assert call(f"http://INSIDE.example:{port}/").body == b"inside"
    assert isinstance(call("http://meta.example/"), OutboundRefused)
    assert isinstance(call("http://wire.example/"), OutboundRefused)
    assert isinstance(call(f"http://not.inside.example.evil:{port}/"), OutboundRefused | Unavailable)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://h/", "//h/", "h", "", "http://", "http:///#/../", "http://u:p@h/", "unix:/x",
     "http://[::1", "\x00"],
)  # fmt: skip
def test_what_is_no_place_to_call(url: str) -> None:
    assert isinstance(calling(Names(h=[["127.0.0.1"]]), "h")(url), OutboundRefused)


def test_size_and_time_are_bounded(port: int) -> None:
    call = calling(Names(h=[["127.0.0.1"]]), "h")
    assert len(call(f"http://h:{port}/bytes?1000", max_answer=1000).body) == 1000
    assert isinstance(call(f"http://h:{port}/bytes?1001", max_answer=1000), OutboundRefused)
    assert isinstance(call(f"http://h:{port}/gzip"), OutboundRefused)
    assert isinstance(call(f"http://h:{port}/slow", seconds=0.3), Unavailable)


def test_proxies_of_the_environment_are_ignored(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert calling(Names(h=[["127.0.0.1"]]), "h")(f"http://h:{port}/").body == b"inside"


def test_sources_of_models_are_never_fetched_by_the_server(server: Server, client: Caller, port: int) -> None:
    """A source is a word about where files are; whoever loads the model goes there, the server does not."""
    here = f"http://127.0.0.1:{port}/model"
    client.post("registered-models/create", name="m")
    for source in (here, f"http://localhost:{port}/#/../x", "http://169.254.169.254/latest/"):
        client.request("POST", "model-versions/create", json={"name": "m", "source": source})
    experiment = client.request("POST", "experiments/create", json={"name": "e", "artifact_location": here})
    if experiment.status_code == 200:
        run = client.run(experiment.json()["experiment_id"])
        client.request("GET", "artifacts/list", params={"run_id": run})
        client.request("GET", "/get-artifact", params={"run_id": run, "path": "x"})
    client.request("GET", "model-versions/get-download-uri", params={"name": "m", "version": "1"})
    assert Page.seen == []
