"""`lakeward login`: a token for this machine, by way of the browser in which somebody is signed in."""

import base64
import hashlib
import http.server
import json
import secrets
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import click

from lakeward.cli.options import lifetime

_CLIENT = "lakeward"
_SECONDS_TO_SIGN_IN = 300
_PAGE = b"<!doctype html><title>Lakeward</title><p>Signed in. You can close this page."


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:  # secrets go to the server that was named and nowhere else
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def _call(url: str, data: bytes | None = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data, named)  # noqa: S310 - the address was checked
    try:
        with _opener.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        told = json.loads(error.read() or b"{}")
        reason = told.get("error_description") or told.get("message") or error.reason
        raise click.ClickException(f"{urlsplit(url).netloc} says: {reason}") from error
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{url} does not answer as a Lakeward server: {error}.") from error


class _Waiting(http.server.HTTPServer):
    """Waits on loopback for the browser to come back with `state`."""

    state = ""
    answer: dict[str, str] | None = None
    timeout = 1


class _Callback(http.server.BaseHTTPRequestHandler):
    server: _Waiting

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        if query.get("state") != self.server.state:
            self.send_error(400, "This is not the answer that was waited for")
            return
        self.server.answer = query
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, *_: Any) -> None:
        pass


@click.command("login")
@click.argument("url", default="http://127.0.0.1:5000", required=False)
@click.option(
    "--expires", metavar="TIME", callback=lifetime, default="90d", show_default=True, help="Such as 12h or 52w."
)
@click.option("--name", "comment", metavar="TEXT", default="", help="What the token is for. [default: this machine]")
def command(*, url: str, expires: timedelta, comment: str) -> None:
    """Sign in to the server at URL in the browser, and print a token for this machine.

    The token alone goes to standard output: export MLFLOW_TRACKING_TOKEN=$(lakeward login https://lakeward.example.org)
    """
    url = url.rstrip("/")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise click.UsageError(f"{url!r} is no address of a server, such as https://lakeward.example.org.")
    access = _sign_in(_call(f"{url}/oidc/.well-known/oauth-authorization-server"))
    wanted = {"comment": comment or f"lakeward login on {socket.gethostname()}",
              "lifetime_seconds": round(expires.total_seconds())}  # fmt: skip
    made = _call(
        f"{url}/api/2.0/token/create", json.dumps(wanted).encode(), authorization=f"Bearer {access}",
        content_type="application/json",
    )  # fmt: skip
    _call(f"{url}/oidc/v1/revoke", urlencode({"token": access}).encode())
    click.echo(made["token_value"])
    if sys.stdout.isatty():
        click.echo(click.style("Keep it now: it is not shown again.", dim=True), err=True)


def _sign_in(endpoints: dict[str, str]) -> str:
    """An access token, by authorization code and PKCE."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with _Waiting(("127.0.0.1", 0), _Callback) as waiting:
        waiting.state = state
        back = f"http://127.0.0.1:{waiting.server_port}/"
        asked = {
            "response_type": "code", "client_id": _CLIENT, "redirect_uri": back, "scope": "all-apis", "state": state,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        address = f"{endpoints['authorization_endpoint']}?{urlencode(asked)}"
        click.echo(f"Sign in at {address}", err=True)
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()  # some wait for their user
        answer = _wait(waiting)
    if "code" not in answer:
        raise click.ClickException(answer.get("error_description", answer.get("error", "no code came back")))
    form = {
        "grant_type": "authorization_code", "client_id": _CLIENT, "redirect_uri": back, "code": answer["code"],
        "code_verifier": verifier,
    }  # fmt: skip
    token: str = _call(endpoints["token_endpoint"], urlencode(form).encode())["access_token"]
    return token


def _wait(waiting: _Waiting) -> dict[str, str]:
    deadline = time.monotonic() + _SECONDS_TO_SIGN_IN
    while waiting.answer is None:
        if time.monotonic() > deadline:
            raise click.ClickException("Nobody signed in.")
        waiting.handle_request()
    return waiting.answer
