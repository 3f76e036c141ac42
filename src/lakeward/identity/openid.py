"""What OpenID Connect says about signing in, apart from how the provider is reached: what was asked, what came back,
and which claims count.
"""

import hmac
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lakeward.kit.errors import PermissionDenied

Claims = Mapping[str, Any]

_CLOCKS_DIFFER: Final = 60  # seconds


class SignInRefused(PermissionDenied):
    """Nobody came in. `code` is what the sign-in page explains; the message is for the operator's log."""


class Attempt(NamedTuple):
    """What was made up when somebody left for the provider."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class Returned(NamedTuple):
    """What the provider sent the browser back with."""

    code: str
    issuer: str
    error: str
    description: str


def check_claims(claims: Claims, *, issuer: str, client_id: str, nonce: str, now: float) -> None:
    """OpenID Connect Core §3.1.3.7, after the signature."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    party = claims.get("azp")
    expires, issued, begins = (_time(claims.get(name)) for name in ("exp", "iat", "nbf"))
    subject, told = claims.get("sub"), claims.get("nonce")
    wrong = ""
    if claims.get("iss") != issuer:
        wrong = f"it is from {claims.get('iss')!r}"
    elif client_id not in audiences:
        wrong = f"it is for {audience!r}"
    elif party not in (None, client_id) or (party is None and len(audiences) > 1):
        wrong = f"it was given to {party!r}"
    elif expires is None or expires <= now - _CLOCKS_DIFFER:
        wrong = "it has expired"
    elif issued is None or issued > now + _CLOCKS_DIFFER:
        wrong = "it is from the future"
    elif begins is not None and begins > now + _CLOCKS_DIFFER:
        wrong = "it is not valid yet"
    elif not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
        wrong = "it is the answer to something else"
    elif not isinstance(subject, str) or not 0 < len(subject) <= 255:
        wrong = "it says nothing about anybody"
    if wrong:
        raise SignInRefused(f"The identity token is not valid: {wrong}.", code="SSO_INVALID")


def claim(claims: Claims, name: str) -> Any:
    """The claim of this name; `realm_access.roles` is also the one inside of another."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _time(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
