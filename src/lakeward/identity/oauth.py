"""OAuth 2.0: access tokens for programs (client credentials) and for people's programs (code with PKCE, refresh).

Tokens mean nothing to whoever holds them and are kept as hashes. A program that asks again within five minutes gets
the same token: clients of the platform ask before every call, and a token each would be a row and a look-up each. It
is derived from the secret, which the server does not know, so that nothing but the secret makes it.

People's programs are those that run on their own machine: the answer goes to loopback only. A refresh token is good
once and gives the next one (RFC 9700 §4.14.2). A grant, with all its tokens, ends after thirty days, when it is
revoked, and when its code or a spent refresh token is presented again: then somebody has what is not theirs. Settings
may let refresh tokens be good until the grant ends, for programs that keep the first one they got.
"""

import base64
import hashlib
import hmac
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from lakeward import audit
from lakeward.identity import store
from lakeward.identity.records import Issued
from lakeward.identity.tokens import digest
from lakeward.kit.errors import InvalidParameter, Unauthenticated
from lakeward.runtime.db import Tx

ACCESS_PREFIX: Final = "lko_"
REFRESH_PREFIX: Final = "lkr_"
SCOPES: Final = ("all-apis", "offline_access")
PUBLIC_CLIENTS: Final = ("databricks-cli", "lakeward")
_ACCESS_SECONDS: Final = 3600
_SAME_SECONDS: Final = 300
_CODE: Final = timedelta(minutes=5)
_GRANT: Final = timedelta(days=30)
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Consent(NamedTuple):
    """What a person's program asks for."""

    client_id: str
    redirect_uri: str
    response_type: str
    scopes: str
    state: str
    challenge: str
    challenge_method: str


async def for_service(tx: Tx, client_id: str, secret: str, scopes: str) -> Issued:
    """The grant `client_credentials`: a service principal by its application id and secret."""
    found = await store.oauth.find_secret(tx, digest(secret))
    if found is None or found["name"].lower() != client_id.lower():
        raise Unauthenticated("The client id or the secret is wrong, or the secret has expired.", code="invalid_client")
    asked = _scopes(scopes, but="offline_access")
    now = int(time.time())
    begun = now - now % _SAME_SECONDS
    told = f"{found['generation']}|{begun}".encode()
    token = ACCESS_PREFIX + _text(hmac.digest(secret.encode(), told, "sha256"))
    expires = begun + _ACCESS_SECONDS
    await store.oauth.add_access_token(
        tx, secrets.token_hex(8), found["principal_id"], digest(token), datetime.fromtimestamp(expires, UTC),
        secret_id=found["id"],
    )  # fmt: skip
    return Issued(token, expires - now, asked)


async def authorize(tx: Tx, principal_id: int, asked: Consent) -> str:
    """Where to send the browser: back to the person's program, with a code or with what is wrong.

    Raises InvalidParameter if it is not to be sent there at all.
    """
    if asked.client_id not in PUBLIC_CLIENTS:
        raise InvalidParameter(f"There is no client {asked.client_id!r}.", code="unauthorized_client")
    check_redirect(asked.redirect_uri)
    wrong = _wrong(asked)
    if wrong:
        return _returned(asked, {"error": wrong[0], "error_description": wrong[1]})
    code = secrets.token_urlsafe(32)
    await store.oauth.add_code(
        tx, digest(code), principal_id, asked.client_id, asked.redirect_uri, asked.challenge,
        _scopes(asked.scopes), datetime.now(UTC) + _CODE,
    )  # fmt: skip
    return _returned(asked, {"code": code})


async def redeem(tx: Tx, client_id: str, code: str, redirect_uri: str, verifier: str) -> Issued | None:
    """The grant `authorization_code`. None if the code is no good; a second time also ends what the first gave."""
    found = await store.oauth.take_code(tx, digest(code))
    if found is None:
        return None
    if found["grant_id"] is not None:
        await store.oauth.delete_grant(tx, found["grant_id"])
        return None
    challenge = _text(hashlib.sha256(verifier.encode()).digest())
    proven = hmac.compare_digest(challenge.encode(), found["challenge"].encode())
    if not (found["good"] and proven and found["client_id"] == client_id and found["redirect_uri"] == redirect_uri):
        return None
    refresh = REFRESH_PREFIX + secrets.token_urlsafe(32) if "offline_access" in found["scopes"].split() else None
    grant = await store.oauth.add_grant(
        tx, found["principal_id"], client_id, found["scopes"], digest(refresh) if refresh else None,
        datetime.now(UTC) + (_GRANT if refresh else timedelta(seconds=_ACCESS_SECONDS)),
    )  # fmt: skip
    await store.oauth.mark_code(tx, found["hash"], grant)
    return await _issue(tx, found["principal_id"], grant, found["scopes"], refresh)


async def refresh(tx: Tx, client_id: str, token: str, *, reusable: bool = False) -> Issued | None:
    """The grant `refresh_token`. None if it is no good; a spent one also ends all that its family gave."""
    following = token if reusable else REFRESH_PREFIX + secrets.token_urlsafe(32)
    found = await store.oauth.turn_grant(tx, client_id, digest(token), digest(following))
    if found is not None:
        return await _issue(tx, found["principal_id"], found["id"], found["scopes"], following)
    stolen = await store.oauth.find_spent(tx, digest(token))
    if stolen is not None:
        await store.oauth.delete_grant(tx, stolen["id"])
        await audit.record(
            tx, "accounts", "refreshTokenReused", params={"user_name": stolen["name"], "client_id": client_id}
        )
    return None


async def revoke(tx: Tx, token: str) -> None:
    """Whoever has an access or refresh token may end it."""
    await store.oauth.revoke(tx, digest(token))


def check_redirect(uri: str) -> None:
    """Raise unless the address is on the person's own machine, at whatever port (RFC 8252 §7.3)."""
    try:
        parts = urlsplit(uri)
        good = parts.scheme == "http" and parts.hostname in _LOOPBACK and (parts.port or 1) > 0 and not parts.fragment
        good = good and parts.username is None and uri.isascii() and uri.isprintable() and "\\" not in uri
    except ValueError:
        good = False
    if not good:
        raise InvalidParameter(f"'redirect_uri' is {uri!r}; it must be http on loopback.", code="invalid_request")


def _wrong(asked: Consent) -> tuple[str, str] | None:
    if asked.response_type != "code":
        return "unsupported_response_type", "Only the response type 'code' is supported."
    if asked.challenge_method != "S256" or not 43 <= len(asked.challenge) <= 128:
        return "invalid_request", "PKCE is required: a code_challenge with the method S256."
    if set(asked.scopes.split()) - set(SCOPES):
        return "invalid_scope", f"The scopes are {' and '.join(SCOPES)}."
    return None


def _returned(asked: Consent, answer: dict[str, str]) -> str:
    query = urlencode(answer | ({"state": asked.state} if asked.state else {}))
    return f"{asked.redirect_uri}{'&' if '?' in asked.redirect_uri else '?'}{query}"


def _scopes(text: str, *, but: str = "") -> str:
    """The scopes that are granted, as they go on the wire."""
    wanted = dict.fromkeys(text.split() or ["all-apis"])
    unknown = [each for each in wanted if each not in SCOPES]
    if unknown:
        raise InvalidParameter(f"The scope {unknown[0]!r} is not known; use all-apis.", code="invalid_scope")
    return " ".join(each for each in wanted if each != but)


async def _issue(tx: Tx, principal_id: int, grant_id: int, scopes: str, refresh_token: str | None) -> Issued:
    token = ACCESS_PREFIX + secrets.token_urlsafe(32)
    expires_at = datetime.now(UTC) + timedelta(seconds=_ACCESS_SECONDS)
    await store.oauth.add_access_token(
        tx, secrets.token_hex(8), principal_id, digest(token), expires_at, grant_id=grant_id
    )
    return Issued(token, _ACCESS_SECONDS, scopes, refresh_token)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
