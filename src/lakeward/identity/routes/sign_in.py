"""Signing in: which ways there are, sessions for pages, and the passwords themselves."""

import msgspec

from lakeward.identity import authentication, passwords
from lakeward.identity.records import SESSION_LIFETIME
from lakeward.identity.wire import sign_in as wire
from lakeward.runtime.http import ADMIN, PUBLIC, SIGNED_IN, Actor, Call, Reply, Routes

routes = Routes("sign-in", ("/api/2.0/lakeward",))


def session_cookie(call: Call, session: str, seconds: int) -> str:
    """Closed to scripts, and sent by other sites' links alone."""
    secure = "; Secure" if call.base_url.startswith("https:") else ""
    return f"{authentication.COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"


def _reply(call: Call, body: msgspec.Struct, session: str, seconds: int) -> Reply:
    cookie = session_cookie(call, session, seconds)
    headers = {"content-type": "application/json", "cache-control": "no-store", "set-cookie": cookie}
    return Reply(200, headers, msgspec.json.encode(body))


def _signed_out(call: Call) -> Reply:
    return _reply(call, wire.Session("", False, ""), "", 0)


@routes.get("/sign-in", allow=PUBLIC)
async def ways_in(call: Call) -> wire.WaysIn:
    """What a sign-in page has to offer."""
    provider = call.settings.oidc_name if call.settings.oidc_issuer else None
    return wire.WaysIn(await passwords.any_password(call.tx), provider)


@routes.post("/sign-in", allow=PUBLIC, tx=None)
async def sign_in(call: Call, req: wire.SignIn) -> Reply:
    """Begins a session: its secret is in a cookie that no script can read."""
    user = await passwords.verify(call.db, req.name, req.password, call.origin)
    async with call.db.transaction() as tx:
        session = await passwords.begin_session(tx, user)
    is_admin = await passwords.is_administrator(call.db, user)
    call.caller = Actor(user, req.name, is_admin)
    told = wire.Session(req.name, is_admin, passwords.csrf_token(session))
    return _reply(call, told, session, round(SESSION_LIFETIME.total_seconds()))


@routes.post("/sign-out", allow=SIGNED_IN)
async def sign_out(call: Call) -> Reply:
    """Ends the session; on every process within a second."""
    await passwords.end_session(call.tx, authentication.session_of(call.headers))
    return _signed_out(call)


@routes.get("/session", allow=SIGNED_IN, tx=None)
async def get_session(call: Call) -> wire.Session:
    """Who is signed in, and the CSRF token of the session if it is one."""
    session = authentication.session_of(call.headers) if call.header("authorization") is None else ""
    return wire.Session(call.actor.name, call.actor.is_admin, passwords.csrf_token(session) if session else "")


@routes.put("/password", allow=SIGNED_IN, tx=None)
async def change_password(call: Call, req: wire.ChangePassword) -> Reply:
    """Of the caller, who must know the current one. The caller's sessions end, and the browser forgets its own."""
    await passwords.change_own(
        call.db, call.actor.id, call.actor.name, req.current_password, req.new_password, call.origin
    )
    return _signed_out(call)


@routes.put("/users/{id}/password", allow=ADMIN)
async def set_password(call: Call, req: wire.SetPassword) -> None:
    """Of any user, by an administrator. The user's sessions end."""
    await passwords.set_password(call.tx, req.id, req.new_password)
