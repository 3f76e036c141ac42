"""Coming in by way of the OpenID provider: who left, who came back, who that is here, and what groups they are in.

An attempt is a row: it is good for ten minutes and taken away by whoever comes back, so that nothing can be presented
twice; and it belongs to the browser that began it, so that nobody can be made to sign in as somebody else.

The provider's subject decides who somebody is. At the first time it is tied to the user of the same name, which is a
matter of trust: so an e-mail address counts only if the provider verified it, and neither `owner` nor a service
principal nor a user who is tied to another subject is ever taken over.
"""

import hmac
import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from lakeward import audit
from lakeward.identity import passwords, principals, store
from lakeward.identity.openid import Attempt, Claims, Returned, SignInRefused, claim
from lakeward.identity.records import ADMINS_ID, OWNER_ID, Email, Profile
from lakeward.identity.tokens import digest
from lakeward.kit.errors import InvalidParameter, LimitExceeded
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor
from lakeward.runtime.settings import Settings

if TYPE_CHECKING:
    from lakeward.identity.provider import Provider

log = logging.getLogger("lakeward.identity")

LIFETIME: Final = timedelta(minutes=10)
_MOST_ATTEMPTS: Final = 500  # of one address that nobody came back from
_LONGEST_ADDRESS: Final = 2048
_MOST_GROUPS: Final = 1000
_ADMINS: Final = "admins"


class Leaving(NamedTuple):
    """Where the browser goes, and what stays in it."""

    address: str
    browser: str


def provider_of(settings: Settings) -> "Provider | None":
    """The provider of these settings, to be closed in the end."""
    if settings.oidc_issuer is None:
        return None
    # It brings clients of HTTP and JOSE, which a server without it need not load.
    from lakeward.identity.provider import Provider  # noqa: PLC0415

    return Provider(settings)


def safe_address(address: str) -> str:
    """An address on this server to lead a browser to; `/` for everything else (no other site, no script)."""
    good = address.startswith("/") and not address.startswith(("//", "/\\")) and len(address) <= _LONGEST_ADDRESS
    if not (good and address.isascii() and address.isprintable() and "\\" not in address):
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else address


async def begin(db: Database, provider: "Provider", redirect_uri: str, back: str, address: str) -> Leaving:
    attempt = Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), redirect_uri)
    browser = secrets.token_urlsafe(32)
    where = await provider.address_for(attempt)
    async with db.transaction() as tx:
        if await store.single_sign_on.count_attempts(tx, address) >= _MOST_ATTEMPTS:
            raise LimitExceeded("Too many attempts to sign in from this address. Try again in ten minutes.")
        await store.single_sign_on.add_attempt(
            tx, digest(attempt.state), digest(browser), attempt.nonce, attempt.verifier, redirect_uri,
            safe_address(back), address, datetime.now(UTC) + LIFETIME,
        )  # fmt: skip
    return Leaving(where, browser)


async def take(db: Database, state: str, browser: str) -> tuple[Attempt, str]:
    """What was made up when this browser left, and where it was going. It works once."""
    async with db.transaction() as tx:
        found = await store.single_sign_on.take_attempt(tx, digest(state))
    if found is None or not found["good"]:
        raise SignInRefused("The answer belongs to no attempt, or to one that is over.", code="SSO_EXPIRED")
    if not hmac.compare_digest(found["browser"], digest(browser)):
        raise SignInRefused("The answer belongs to the attempt of another browser.", code="SSO_EXPIRED")
    return Attempt(state, found["nonce"], found["verifier"], found["redirect_uri"]), found["back"]


async def ask(provider: "Provider", settings: Settings, attempt: Attempt, returned: Returned) -> Claims:
    """What the provider says of whoever came back."""
    wanted = {settings.oidc_user_claim, "email"} if settings.oidc_allowed_domains else {settings.oidc_user_claim}
    if settings.oidc_groups_claim:
        wanted.add(settings.oidc_groups_claim.partition(".")[0])
    return await provider.claims_of(attempt, returned, frozenset(wanted))


async def enter(db: Database, settings: Settings, issuer: str, claims: Claims) -> tuple[Actor, str]:
    """(who that is here, the secret of a session). Groups follow the provider."""
    _check_domain(settings, claims)
    async with db.transaction() as tx:
        await store.principals.lock_membership(tx)
        user = await _identified(tx, settings, issuer, claims)
        if not user["is_active"]:
            raise SignInRefused(f"{user['name']!r} is deactivated.", code="SSO_INACTIVE")
        if settings.oidc_groups_claim:
            await _follow_groups(tx, settings, Actor(user["id"], user["name"]), claims)
        lifetime = timedelta(hours=settings.oidc_session_hours)
        session = await passwords.begin_session(tx, user["id"], lifetime)
        is_admin = await store.principals.is_administrator(tx, user["id"])
    return Actor(user["id"], user["name"], is_admin), session


def name_in(settings: Settings, claims: Claims) -> str:
    """The user name the provider says; empty for none."""
    found = claim(claims, settings.oidc_user_claim)
    return found.strip() if isinstance(found, str) else ""


def _check_domain(settings: Settings, claims: Claims) -> None:
    if not settings.oidc_allowed_domains:
        return
    address = claims.get("email")
    if not isinstance(address, str) or address.count("@") != 1:  # of two, each reader may take another for the domain
        raise SignInRefused("The provider says no e-mail address, and only some domains may enter.", code="SSO_DOMAIN")
    _check_verified(settings, claims)
    domain = address.partition("@")[2].lower()
    if domain not in {each.lower() for each in settings.oidc_allowed_domains}:
        raise SignInRefused(f"Addresses at {domain!r} may not enter.", code="SSO_DOMAIN")


def _check_verified(settings: Settings, claims: Claims) -> None:
    told = claims.get("email_verified")
    if told is True or told == "true":  # some providers say it in words
        return
    if told is None and settings.oidc_unverified_emails:
        return
    raise SignInRefused(
        f"The provider did not verify the address {claims.get('email')!r}.", code="SSO_UNVERIFIED_EMAIL"
    )


async def _identified(tx: Tx, settings: Settings, issuer: str, claims: Claims) -> Any:
    """(id, kind, name, is_active) of the user, who may be new."""
    found = await store.single_sign_on.find_linked(tx, issuer, claims["sub"])
    if found is not None:
        return found
    name = name_in(settings, claims)
    if not name:
        raise SignInRefused(f"The provider says no {settings.oidc_user_claim!r}.", code="SSO_NOT_SET_UP")
    if settings.oidc_user_claim == "email":
        _check_verified(settings, claims)
    known = await store.single_sign_on.find_named(tx, issuer, name)
    if known is None:
        known = await _created(tx, settings, name, claims)
    elif known["kind"] != "USER" or known["id"] == OWNER_ID or known["linked"]:
        raise SignInRefused(f"{name!r} is somebody else here.", code="SSO_UNKNOWN_USER")
    await store.single_sign_on.link(tx, issuer, claims["sub"], known["id"])
    return known


async def _created(tx: Tx, settings: Settings, name: str, claims: Claims) -> Any:
    if not settings.oidc_create_users:
        raise SignInRefused(f"There is no user {name!r}, and oidc_create_users is off.", code="SSO_UNKNOWN_USER")
    try:
        principals.check_name(name)
    except InvalidParameter as error:
        raise SignInRefused(error.message, code="SSO_UNKNOWN_USER") from error
    texts = {each: str(claims.get(each) or "")[:255] for each in ("name", "given_name", "family_name", "email")}
    emails = (Email(texts["email"], primary=True),) if texts["email"] else ()
    profile = Profile(texts["given_name"], texts["family_name"], emails)
    made = await store.principals.add_identity(tx, "USER", name, texts["name"], "", profile, is_active=True)
    await audit.record(tx, "accounts", "add", params={"user_name": name, "by": "single sign-on"})
    return {"id": made, "kind": "USER", "name": name, "is_active": True}


async def _follow_groups(tx: Tx, settings: Settings, user: Actor, claims: Claims) -> None:
    """Into the groups the provider says, out of those it said before and says no more. What people gave, stays."""
    assert settings.oidc_groups_claim is not None
    outside = claims.get("_claim_names")
    if isinstance(outside, dict) and settings.oidc_groups_claim in outside:  # Entra, of somebody with very many
        log.warning("the provider does not list the groups of somebody, so they stay", extra={"user": user.name})
        return
    wanted = mapped(settings, groups_in(claim(claims, settings.oidc_groups_claim)))
    known = await store.single_sign_on.groups_named(tx, wanted)
    for name in wanted:
        if settings.oidc_groups and name not in known:
            log.warning("oidc_groups names a group that is not there", extra={"group": name})
    added = await store.single_sign_on.give(tx, user.id, list(known.values()))
    removed = await store.single_sign_on.take_others(tx, user.id, list(known.values()))
    if any(group == ADMINS_ID for group, _ in removed) and not await store.principals.any_administrator(tx):
        await store.single_sign_on.give(tx, user.id, [ADMINS_ID])
        removed = [each for each in removed if each[0] != ADMINS_ID]
        log.warning("the provider would take the last administrator", extra={"user": user.name})
    names = [name for _, name in removed]
    if added or names:
        params = {"user_name": user.name, "added": added, "removed": names}
        await audit.record(tx, "accounts", "followGroups", params=params, actor=user)


def groups_in(value: Any) -> list[str]:
    """The groups of a claim: a list of names, or one alone."""
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [each for each in listed[:_MOST_GROUPS] if isinstance(each, str) and each]


def mapped(settings: Settings, claimed: Sequence[str]) -> list[str]:
    """The groups here. Administrators are made by name only, never because a group elsewhere is called so too."""
    if not settings.oidc_groups:
        return sorted({each for each in claimed if each != _ADMINS})
    told = set(claimed)
    pairs = (each.rpartition("=") for each in settings.oidc_groups)
    return sorted({here.strip() for there, _, here in pairs if there.strip() in told})
