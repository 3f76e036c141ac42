"""Options of commands that are settings: made from the settings' own descriptions, read by the settings' own rules."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from lakeward.runtime.settings import Setting, Settings, all_settings, load

_METAVARS = {
    "data": "DIR", "host": "ADDRESS", "port": "N", "workers": "N", "database_url": "URL", "objects_url": "URL",
    "objects": "NAME=VALUE", "master_key": "FILE", "allowed_hosts": "NAMES", "trusted_proxies": "NETWORKS",
    "outbound_hosts": "NAMES", "max_body": "BYTES", "trash_retention": "DAYS", "audit_retention": "DAYS",
    "webhook_retention": "DAYS", "shutdown_grace": "SECONDS", "db_pool_size": "N", "oidc_issuer": "URL",
    "oidc_client_id": "NAME",
    "oidc_client_secret": "SECRET", "oidc_client_secret_file": "FILE", "oidc_name": "TEXT", "oidc_scopes": "NAMES",
    "oidc_user_claim": "CLAIM", "oidc_groups_claim": "CLAIM", "oidc_groups": "NAME=NAME",
    "oidc_allowed_domains": "NAMES", "oidc_session_hours": "HOURS",
}  # fmt: skip
_SPAN = re.compile(r"(\d{1,6})([mhdw])")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}
_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def settings_options(*names: str) -> _Decorator:
    """`--config` and an option for each of these settings (all of them if none is named)."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for setting in reversed([each for each in all_settings() if not names or each.name in names]):
            function = _option(setting)(function)
        help_text = "TOML file of settings. [env: LAKEWARD_CONFIG] [default: <data>/lakeward.toml if it is there]"
        return click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help=help_text)(function)

    return decorate


def settings_from(options: dict[str, Any]) -> Settings:
    """Takes the settings out of a command's options."""
    config = options.pop("config")
    names = [setting.name for setting in all_settings() if setting.name in options]
    flags = {name: options.pop(name) for name in names}
    flags["objects"] = _pairs(flags.get("objects") or ())
    return load(flags, os.environ, config)


def _option(setting: Setting) -> _Decorator:
    description = setting.description.replace("`gc`", "lakeward gc")
    variable = "LAKEWARD_OBJECTS_<NAME>" if setting.name == "objects" else setting.variable
    help_text = f"{description} [env: {variable}]" + (f" [default: {setting.default}]" if setting.default else "")
    metavar = _METAVARS.get(setting.name) or "[" + setting.allowed.replace(", ", "|") + "]"
    # text on purpose: the settings convert and judge every value, wherever it comes from
    return click.option(
        setting.flag, setting.name, metavar=metavar, help=help_text, type=str, multiple=setting.name == "objects"
    )


def _pairs(words: tuple[str, ...]) -> dict[str, str] | None:
    pairs = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or not name:
            raise click.UsageError("--objects takes NAME=VALUE, for example --objects region=eu-central-1.")
        pairs[name.strip().lower()] = value
    return pairs or None


def lifetime(_context: click.Context, _parameter: click.Parameter, value: str | None) -> timedelta | None:
    """The callback of an option that takes a span of time."""
    if value is None:
        return None
    match = _SPAN.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter("give a number and m, h, d or w, for example 12h or 90d.")
    return timedelta(minutes=int(match[1]) * _MINUTES[match[2]])
