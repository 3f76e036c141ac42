"""Each setting in words: its name, what it is for, what it takes, and what it is if nobody says."""

from typing import Any, Literal

import msgspec
from msgspec import Meta, Struct

from lakeward.runtime.settings.fields import MACHINE_DEFAULTS, Settings

ENV_PREFIX = "LAKEWARD_"
TYPES: dict[str, Any] = {item.name: item.type for item in msgspec.structs.fields(Settings)}
_DEFAULTS: dict[str, Any] = {item.name: item.default for item in msgspec.structs.fields(Settings)}
_FLAGS = ("oidc_create_users", "oidc_unverified_emails", "oauth_refresh_rotation")
_ALLOWED_IN_WORDS = {
    "trusted_proxies": "a list of addresses and networks such as 10.0.0.0/8 (in a flag or variable: with commas)",
    **dict.fromkeys(("data", "oidc_client_secret_file"), "a path"),
    "objects": "a table of text values",
    "master_key": "a path, or env: and the name of a variable",
    "allowed_hosts": "a list of host names without scheme and port, or * (in a flag or variable: with commas)",
    "outbound_hosts": "a list of host names without scheme and port (in a flag or variable: with commas)",
    "oidc_issuer": "an https URL, or an http one on loopback",
    "oidc_scopes": "a list of words (in a flag or variable: with commas)",
    "oidc_groups": "a list such as ml-team=forecasting (in a flag or variable: with commas)",
    "oidc_allowed_domains": "a list of domains (in a flag or variable: with commas)",
    **dict.fromkeys(_FLAGS, "true or false"),
}


class Setting(Struct, frozen=True):
    """One setting, as the command line and the reference page show it."""

    name: str
    description: str
    default: str
    allowed: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENV_PREFIX + self.name.upper()


def all_settings() -> list[Setting]:
    """Every setting in the order it is documented."""
    return [Setting(name, _meta(name).description or "", _shown_default(name), allowed(name)) for name in TYPES]


def _meta(name: str) -> Meta:
    return next(part for part in TYPES[name].__metadata__ if isinstance(part, Meta))


def _shown_default(name: str) -> str:
    if name in MACHINE_DEFAULTS:
        return MACHINE_DEFAULTS[name]
    value = _DEFAULTS[name]
    if isinstance(value, bool):
        return str(value).lower()
    if value in (None, (), msgspec.NODEFAULT):
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def allowed(name: str) -> str:
    """What a setting takes, in words."""
    if name in _ALLOWED_IN_WORDS:
        return _ALLOWED_IN_WORDS[name]
    inner = TYPES[name].__origin__
    if getattr(inner, "__origin__", None) is Literal:
        return ", ".join(inner.__args__)
    if inner in (int, float):
        meta = _meta(name)
        return f"{'a whole number' if inner is int else 'a number'} from {meta.ge} to {meta.le}"
    return "text"
