"""Requests and responses of signing in, which is Lakeward's own."""

import msgspec

from lakeward.runtime.http import Secret


class SignIn(msgspec.Struct):
    name: str
    password: Secret


class Session(msgspec.Struct):
    """`csrf_token` goes into the header X-Lakeward-CSRF of what changes something; empty without a session."""

    name: str
    is_admin: bool
    csrf_token: str


class ChangePassword(msgspec.Struct):
    new_password: Secret
    current_password: Secret = ""


class SetPassword(msgspec.Struct):
    id: str
    new_password: Secret


class WaysIn(msgspec.Struct):
    """`password`: whether anybody has one. `provider`: what the OpenID provider is called, if there is one."""

    password: bool
    provider: str | None


class BeginSingleSignOn(msgspec.Struct):
    next: str = "/"


class FinishSingleSignOn(msgspec.Struct):
    """What OpenID Connect says in the query (RFC 6749 §4.1.2, RFC 9207). `user_name` is filled in by the server."""

    state: str = ""
    code: str = ""
    iss: str = ""
    error: str = ""
    error_description: str = ""
    user_name: str = ""
