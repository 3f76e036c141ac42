"""Signing in by way of the OpenID provider: a browser leaves for it, and comes back. Both answers lead elsewhere."""

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from lakeward.identity import authentication, passwords, single_sign_on
from lakeward.identity.openid import Returned, SignInRefused
from lakeward.identity.routes.sign_in import session_cookie
from lakeward.identity.wire import sign_in as wire
from lakeward.kit import errors
from lakeward.runtime.http import PUBLIC, SIGN_IN_PAGE, Call, Dialect, ErrorBody, Reply, Routes

if TYPE_CHECKING:
    from lakeward.identity.provider import Provider

log = logging.getLogger("lakeward.identity")

_COOKIE: Final = "lakeward_sso"
_CALLBACK: Final = "/sso/callback"
_LEAD: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


def _render(error: errors.LakewardError, _request_id: str) -> Reply:
    """To the sign-in page, which says what is wrong and what else there is."""
    if isinstance(error, SignInRefused):
        problem = error.code
    elif isinstance(error, errors.Unavailable):
        problem = "SSO_UNREACHABLE"
    elif isinstance(error, errors.LimitExceeded):
        problem = "SSO_TOO_MANY"
    else:
        problem = "SSO_FAILED"
    return Reply(303, {"location": f"{SIGN_IN_PAGE}?{urlencode({'problem': problem})}"} | _LEAD)


routes = Routes("single sign-on", ("/sso",), dialect=Dialect(ErrorBody, _render))


def _provider(call: Call) -> "Provider":
    if call.provider is None:
        raise SignInRefused("There is no single sign-on: oidc_issuer is not set.", code="SSO_NOT_SET_UP")
    found: Provider = call.provider
    return found


def _kept(call: Call) -> str:
    """What this browser got when it left."""
    for pair in (call.header("cookie") or "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == _COOKIE:
            return value
    return ""


def _say_why(error: errors.LakewardError) -> None:
    """The page tells people what they can do; the operator needs the reason."""
    log.warning("nobody came in by single sign-on: %s", error.message, extra={"code": error.code})


@routes.get("/sign-in", allow=PUBLIC, tx=None)
async def begin_single_sign_on(call: Call, req: wire.BeginSingleSignOn) -> Reply:
    """Sends the browser to the provider; afterwards it comes to the address `next` on this server."""
    address = call.origin
    try:
        leaving = await single_sign_on.begin(call.db, _provider(call), call.base_url + _CALLBACK, req.next, address)
    except errors.LakewardError as error:
        _say_why(error)
        raise
    seconds = round(single_sign_on.LIFETIME.total_seconds())
    secure = "; Secure" if call.base_url.startswith("https:") else ""
    cookie = f"{_COOKIE}={leaving.browser}; Path=/sso; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    return Reply(303, {"location": leaving.address, "set-cookie": cookie} | _LEAD)


@routes.get("/callback", allow=PUBLIC, tx=None)
async def finish_single_sign_on(call: Call, req: wire.FinishSingleSignOn) -> Reply:
    """Where the provider sends the browser back to: begins a session."""
    req.user_name = ""  # is for the audit log, and not for the caller to say
    try:
        attempt, back = await single_sign_on.take(call.db, req.state, _kept(call))
        returned = Returned(req.code, req.iss, req.error, req.error_description)
        provider = _provider(call)
        claims = await single_sign_on.ask(provider, call.settings, attempt, returned)
        req.user_name = single_sign_on.name_in(call.settings, claims)
        actor, session = await single_sign_on.enter(call.db, call.settings, provider.issuer, claims)
    except errors.LakewardError as error:
        _say_why(error)
        raise
    call.caller = actor
    before = authentication.session_of(call.headers)
    if before:
        async with call.db.transaction() as tx:
            await passwords.end_session(tx, before)
    cookie = session_cookie(call, session, call.settings.oidc_session_hours * 3600)
    return Reply(303, {"location": back, "set-cookie": cookie} | _LEAD)
