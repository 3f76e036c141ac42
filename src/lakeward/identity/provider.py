"""The OpenID provider that people sign in with: where it is, its keys, and what it says of whoever comes back from it.

OpenID Connect Core 1.0 with the authorization code flow and PKCE. What the provider says of itself (Discovery 1.0) is
asked when it is first needed and remembered; so are its keys, which are asked for anew when a token is signed with one
that is not among them. A token counts if all of this is so: an asymmetric signature by a key of the provider, this
issuer, this client as its audience, the nonce of this attempt, and a time that is now.

The host of the issuer is the operator's word, so it may be a private one. Other hosts that the provider names for its
endpoints must be public, or in `outbound_hosts`.
"""

import base64
import hashlib
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from lakeward.identity.openid import Attempt, Claims, Returned, SignInRefused, check_claims
from lakeward.kit.errors import LakewardError, Unavailable
from lakeward.runtime.outbound import Answer, Outbound
from lakeward.runtime.settings import Settings

log = logging.getLogger("lakeward.identity")

T = TypeVar("T")

# Signatures that only the provider can make. With HS256 whoever knows the client's secret could, with none anybody.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_REGISTRY: Final = jws.JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)  # headers may say more
_DISCOVERY_SECONDS: Final = 3600.0
_KEYS_SECONDS: Final = 600.0  # so long a key that was withdrawn may still count
_ANSWER_SECONDS: Final = 10.0
_LARGEST_ANSWER: Final = 1 << 20  # bytes


class Metadata(msgspec.Struct, frozen=True):
    """What is needed of OpenID Provider Metadata, named as there."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(msgspec.Struct):
    id_token: str
    access_token: str = ""


class _Problem(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


_Key = RSAKey | ECKey


class Provider:
    """The one of the settings. One per process and event loop, as it keeps connections and what it was told."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer is not None
        self._settings = settings
        self.issuer = settings.oidc_issuer
        self.client_id = settings.oidc_client_id or ""
        host = urlsplit(self.issuer).hostname or ""
        self._outbound = Outbound((*settings.outbound_hosts, host))
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, list[_Key]] | None = None

    async def close(self) -> None:
        await self._outbound.close()

    async def address_for(self, attempt: Attempt) -> str:
        """Where to send the browser."""
        metadata = await self._discover()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": attempt.redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *self._settings.oidc_scopes))), "state": attempt.state,
            "nonce": attempt.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        endpoint = metadata.authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def claims_of(self, attempt: Attempt, returned: Returned, wanted: frozenset[str]) -> Claims:
        """Who came back. Claims that are wanted and not in the token are asked of the provider."""
        metadata = await self._discover()
        if returned.issuer not in ("", self.issuer) or (
            not returned.issuer and metadata.authorization_response_iss_parameter_supported
        ):  # RFC 9207: the answer of another provider
            raise SignInRefused(f"The answer says it is from {returned.issuer!r}.", code="SSO_INVALID")
        if returned.error or not returned.code:
            raise SignInRefused(
                f"The provider says {returned.error[:200]!r}: {returned.description[:500]!r}",
                code="SSO_NOT_SET_UP" if returned.error in _OPERATORS else "SSO_REFUSED",
            )
        tokens = await self._redeem(metadata, attempt, returned.code)
        claims = await self._verified(metadata, tokens.id_token)
        check_claims(claims, issuer=self.issuer, client_id=self.client_id, nonce=attempt.nonce, now=time.time())
        if metadata.userinfo_endpoint and tokens.access_token and wanted - claims.keys():
            more = await self._userinfo(metadata.userinfo_endpoint, tokens.access_token)
            if more.get("sub") != claims["sub"]:  # OpenID Connect Core §5.3.2
                raise SignInRefused("The user information is about somebody else.", code="SSO_INVALID")
            return {**more, **claims}
        return claims

    # --- what the provider says of itself

    async def _discover(self) -> Metadata:
        if self._metadata is not None and self._metadata[0] > time.monotonic():
            return self._metadata[1]
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = _decoded(await self._get(address), Metadata, "discovery document")
        if found.issuer != self.issuer:
            raise SignInRefused(
                f"The discovery document at {address} is of the issuer {found.issuer!r}; set oidc_issuer to"
                " exactly that if it is right.",
                code="SSO_NOT_SET_UP",
            )
        secure = self.issuer.startswith("https:")
        for each in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint):
            if each and not each.startswith(("https://",) if secure else ("https://", "http://")):
                raise SignInRefused(
                    f"The provider names the endpoint {each!r}, which is not https.", code="SSO_NOT_SET_UP"
                )
        self._metadata = time.monotonic() + _DISCOVERY_SECONDS, found
        return found

    async def _keys_named(self, metadata: Metadata, kid: str | None) -> list[_Key]:
        """The keys a token may be signed with; asked for anew if none has this name."""
        known = self._keys
        if known is not None and time.monotonic() - known[0] < _KEYS_SECONDS:
            found = _named(known[1], kid)
            if found:
                return found
        keys = _imported(_decoded(await self._get(metadata.jwks_uri), _KeySet, "key set"))
        self._keys = time.monotonic(), keys
        return _named(keys, kid)

    # --- what it says of a person

    async def _redeem(self, metadata: Metadata, attempt: Attempt, code: str) -> _Tokens:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }  # fmt: skip
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        secret = self._secret()
        methods = metadata.token_endpoint_auth_methods_supported
        if not secret:
            form["client_id"] = self.client_id
        elif "client_secret_basic" in methods or "client_secret_post" not in methods:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(secret)}"  # RFC 6749 §2.3.1
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": self.client_id, "client_secret": secret}
        answer = await self._request("POST", metadata.token_endpoint, headers, urlencode(form).encode())
        if answer.status != 200:
            problem = _problem(answer)
            ours = problem.error in _OPERATORS
            raise SignInRefused(
                f"The provider gave no token ({answer.status}): {problem.error} {problem.error_description}".strip(),
                code="SSO_NOT_SET_UP" if ours else "SSO_INVALID",
            )
        return _decoded(answer, _Tokens, "token response")

    def _secret(self) -> str:
        """Read each time, so that a new one in the file counts without a restart."""
        if self._settings.oidc_client_secret_file is None:
            return self._settings.oidc_client_secret or ""
        try:
            return Path(self._settings.oidc_client_secret_file).expanduser().read_text("utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise SignInRefused(f"oidc_client_secret_file cannot be read: {error}.", code="SSO_NOT_SET_UP") from error

    async def _verified(self, metadata: Metadata, token: str) -> Claims:
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError) as error:
            raise SignInRefused(f"The identity token cannot be read: {error}", code="SSO_INVALID") from error
        algorithm, kid = header.get("alg"), header.get("kid")
        reason: Exception | str = "none of the provider's keys"
        if algorithm not in _ALGORITHMS:
            reason = "no signature that only the provider can make"
        else:
            for key in await self._keys_named(metadata, kid if isinstance(kid, str) else None):
                if not _fits(key, algorithm):
                    continue
                try:
                    return jwt.decode(token, key, registry=_REGISTRY).claims
                except (JoseError, ValueError) as error:
                    reason = error
        raise SignInRefused(
            f"The identity token, signed with {algorithm!r} and the key {kid!r}, is not valid: {reason}",
            code="SSO_INVALID",
        )

    async def _userinfo(self, address: str, token: str) -> Claims:
        answer = await self._request("GET", address, {"authorization": f"Bearer {token}", "accept": "application/json"})
        if answer.status != 200:
            raise SignInRefused(f"The provider gave no user information ({answer.status}).", code="SSO_INVALID")
        return _decoded(answer, dict[str, Any], "user information")

    # --- the way there

    async def _get(self, address: str) -> Answer:
        answer = await self._request("GET", address, {"accept": "application/json"})
        if answer.status != 200:
            raise Unavailable(f"{address} answers {answer.status}.")
        return answer

    async def _request(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        try:
            return await self._outbound.request(
                method, address, headers=headers, content=body, seconds=_ANSWER_SECONDS, max_answer=_LARGEST_ANSWER
            )
        except LakewardError as error:
            self._metadata = None  # it may be somewhere else by now
            if isinstance(error, Unavailable):
                raise
            raise SignInRefused(error.message, code="SSO_NOT_SET_UP") from error


# Errors that no person in front of a browser can do anything about.
_OPERATORS: Final = frozenset(
    "invalid_client unauthorized_client unsupported_response_type invalid_scope invalid_request".split()
)


def _decoded(answer: Answer, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise SignInRefused(f"The provider's {what} cannot be read: {error}", code="SSO_NOT_SET_UP") from error


def _problem(answer: Answer) -> _Problem:
    try:
        return msgspec.json.decode(answer.body, type=_Problem)
    except (msgspec.DecodeError, UnicodeError):
        return _Problem()


def _imported(found: _KeySet) -> list[_Key]:
    """The keys that can check a signature; of what is not known, another client knows more."""
    keys: list[_Key] = []
    for each in found.keys:
        if each.get("use", "sig") != "sig" or each.get("kty") not in ("RSA", "EC"):
            continue
        try:
            key = import_key(each)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey | ECKey):
            keys.append(key)
    return keys


def _named(keys: list[_Key], kid: str | None) -> list[_Key]:
    return [key for key in keys if kid is None or key.kid == kid]


def _fits(key: _Key, algorithm: str) -> bool:
    if key.get("alg") not in (None, algorithm):
        return False
    return isinstance(key, ECKey) == algorithm.startswith("ES")
