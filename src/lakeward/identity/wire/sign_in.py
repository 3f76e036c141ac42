"""Requests and responses of signing in, which is Lakeward's own."""

import msgspec


class SignIn(msgspec.Struct):
    name: str
    password: str


class Session(msgspec.Struct):
    """`csrf_token` goes into the header X-Lakeward-CSRF of what changes something; empty without a session."""

    name: str
    is_admin: bool
    csrf_token: str


class ChangePassword(msgspec.Struct):
    new_password: str
    current_password: str = ""


class SetPassword(msgspec.Struct):
    id: str
    new_password: str
