"""The OpenID provider of the tests (tests/openid), and a browser without pages that goes to it and comes back."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from server import Server

ROOT = Path(__file__).parents[1]
CLIENT = {
    "client_id": "lakeward-tests",
    "client_secret": "sesame, sesame: 100 % open",
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
}
ELSEWHERE = "203.0.113.21"


class OpenIdProvider:
    """A running one. What is set with `change` counts from the next request."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._http = httpx.Client(base_url=issuer, trust_env=False, verify=False, timeout=20)

    @property
    def settings(self) -> dict[str, Any]:
        """Of a server that signs people in there."""
        return {
            "oidc_issuer": self.issuer, "oidc_client_id": CLIENT["client_id"],
            "oidc_client_secret": CLIENT["client_secret"], "oidc_name": "Example ID",
        }  # fmt: skip

    def change(self, **given: Any) -> None:
        answer = self._http.post("/test", json=given)
        assert answer.status_code == 200, answer.text

    def serve(self, *servers: Server) -> None:
        """Let these servers send people here."""
        self.change(clients=[CLIENT | {"redirect_uris": [f"{each.url}/sso/callback" for each in servers]}])

    def asked(self, path: str) -> int:
        """How often."""
        return self._http.get("/test").json().get(path, 0)

    def close(self) -> None:
        self._http.close()


@contextmanager
def running() -> Iterator[OpenIdProvider]:
    """Installs what it needs the first time."""
    process = subprocess.Popen(
        [str(ROOT / "scripts" / "web"), "provider"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        issuer = process.stdout.readline().strip()
        assert issuer.startswith("http://127.0.0.1:"), issuer
        provider = OpenIdProvider(issuer)
        try:
            yield provider
        finally:
            provider.close()
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


class Visitor:
    """A browser that shows nothing, on another machine. Redirects are followed one by one, to be looked at."""

    def __init__(self, server: Server, provider: OpenIdProvider) -> None:
        self.server = server
        self.provider = provider
        headers = {"x-forwarded-for": ELSEWHERE, "accept": "text/html,*/*"}
        self.http = httpx.Client(headers=headers, trust_env=False, verify=False, timeout=20)

    def close(self) -> None:
        self.http.close()

    def get(self, address: str, **headers: str) -> httpx.Response:
        return self.http.get(urljoin(self.server.url, address), headers=headers)

    def leave(self, back: str = "/") -> str:
        """To the provider. Where it sends the browser afterwards: the address of the server's callback."""
        answer = self.http.get(f"{self.server.url}/sso/sign-in", params={"next": back})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def answer(self, address: str, account: str, **form: str) -> str:
        """Says at the provider who it is; the address of the server's callback."""
        answer = self.http.get(address)
        for _ in range(8):
            if answer.status_code == 200:
                assert "Example ID" in answer.text, answer.text
                answer = self.http.post(answer.url, data={"login": account} | form)
                continue
            assert answer.status_code in (302, 303), answer.text
            target = urljoin(str(answer.url), answer.headers["location"])
            if target.startswith(self.server.url):
                return target
            answer = self.http.get(target)
        raise AssertionError("the provider leads nowhere")

    def sign_in(self, account: str, back: str = "/", **form: str) -> httpx.Response:
        """The answer of the server's callback."""
        return self.get(self.answer(self.leave(back), account, **form))

    def who(self) -> dict[str, Any] | None:
        """Who this browser is signed in as."""
        answer = self.get("/api/2.0/lakeward/whoami")
        return answer.json() if answer.status_code == 200 else None


def problem(answer: httpx.Response) -> str:
    """What the sign-in page is told."""
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert (parts.path, parts.netloc) == ("/ml/sign-in", ""), answer.headers["location"]
    assert not re.search("lakeward_session=lkc", answer.headers.get("set-cookie", ""))
    return parse_qs(parts.query)["problem"][0]
