"""Settings from flags, the environment and a file: read, converted, and judged together."""

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from lakeward.kit.errors import LakewardError
from lakeward.kit.hosts import is_loopback
from lakeward.runtime.settings.fields import MACHINE_DEFAULTS, Settings
from lakeward.runtime.settings.words import ENV_PREFIX, TYPES, allowed

CONFIG_VARIABLE = "LAKEWARD_CONFIG"
CONFIG_NAME = "lakeward.toml"
_OBJECTS_PREFIX = "LAKEWARD_OBJECTS_"
_OBJECT_SCHEMES = ("file", "s3", "gs", "az")
_LISTS = ("allowed_hosts", "trusted_proxies", "outbound_hosts", "oidc_scopes", "oidc_groups", "oidc_allowed_domains")
# Nothing is as good as none in a variable.
_OPTIONAL = {
    "database_url", "objects_url", "master_key", "oidc_issuer", "oidc_client_id", "oidc_client_secret",
    "oidc_client_secret_file", "oidc_groups_claim",
}  # fmt: skip


class SettingError(LakewardError):
    """A setting is unknown or wrong; the message names it, where it stood, and what is allowed."""

    code = "INVALID_PARAMETER_VALUE"
    exit_code = 2


class _Given(NamedTuple):
    """A value as it was given. Text (flags, variables) is read leniently, TOML values keep their types."""

    value: Any
    source: str
    text: bool


def load(flags: Mapping[str, Any], environ: Mapping[str, str], config_file: Path | None = None) -> Settings:
    """Settings from flags (None: not given), the environment and a TOML file, in that order of precedence."""
    from_flags = {
        name: _Given(value, "--" + name.replace("_", "-"), text=True)
        for name, value in flags.items()
        if value is not None
    }
    for name, given in from_flags.items():
        _check_known(name, given.source)
    from_env = _read_environ(environ)
    path, named = _config_path(config_file, environ, {**from_env, **from_flags})
    from_file = _read_toml(path, named=named) if path else {}

    merged = {**from_file, **from_env, **from_flags}
    values = {name: _convert(name, given) for name, given in merged.items()}
    values["objects"] = {
        option: value
        for layer in (from_file, from_env, from_flags)
        if "objects" in layer
        for option, value in _convert("objects", layer["objects"]).items()
    }
    data = values.get("data") or Path(MACHINE_DEFAULTS["data"])
    values["data"] = Path(os.path.abspath(data.expanduser()))  # noqa: PTH100 - resolve() would follow symlinks
    settings = Settings(**values)
    _check_together(settings, merged)
    return settings


def _read_environ(environ: Mapping[str, str]) -> dict[str, _Given]:
    found: dict[str, _Given] = {}
    options: dict[str, str] = {}
    for variable, value in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        name = variable.removeprefix(ENV_PREFIX).lower()
        if variable.startswith(_OBJECTS_PREFIX) and name != "objects_url":
            options[variable.removeprefix(_OBJECTS_PREFIX).lower()] = value
        elif name == "objects" or name not in TYPES:
            raise _unknown(variable, "the environment", str.upper, ENV_PREFIX)
        else:
            found[name] = _Given(value, variable, text=True)
    if options:
        found["objects"] = _Given(options, _OBJECTS_PREFIX + "*", text=True)
    return found


def _config_path(
    config_file: Path | None, environ: Mapping[str, str], given: Mapping[str, _Given]
) -> tuple[Path | None, bool]:
    """The TOML file, and whether somebody named it (then it must exist)."""
    if config_file is not None:
        return config_file.expanduser(), True
    if environ.get(CONFIG_VARIABLE):
        return Path(environ[CONFIG_VARIABLE]).expanduser(), True
    data = _convert("data", given["data"]) if "data" in given else Path(MACHINE_DEFAULTS["data"])
    path = data.expanduser() / CONFIG_NAME
    return (path, False) if path.is_file() else (None, False)


def _read_toml(path: Path, *, named: bool) -> dict[str, _Given]:
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise SettingError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"The settings file {path} is not TOML: {error}.") from error
    for name in table:
        _check_known(name, str(path))
    if "data" in table and not named:
        raise SettingError(f"data in {path}: this file was found by its data directory; name it with --config instead.")
    return {name: _Given(value, f"{name} in {path}", text=False) for name, value in table.items()}


def _check_known(name: str, source: str) -> None:
    if name not in TYPES:
        raise _unknown(name, source, str, "")


def _unknown(name: str, source: str, spell: Callable[[str], str], prefix: str) -> SettingError:
    near = difflib.get_close_matches(name.removeprefix(prefix).lower(), TYPES, n=1)
    known = ", ".join(prefix + spell(each) for each in TYPES)
    hint = f"did you mean {prefix}{spell(near[0])}?" if near else f"known are {known}."
    return SettingError(f"{name} (from {source}) is not a setting: {hint}")


def _convert(name: str, given: _Given) -> Any:
    """The value as its field's type."""
    value = given.value
    if given.text and isinstance(value, str):
        if name in _OPTIONAL and not value.strip():
            return None
        if name in _LISTS:
            value = [part.strip() for part in value.split(",") if part.strip()]
    if name == "data":
        if isinstance(value, str | Path) and str(value).strip():
            return Path(value)
        raise SettingError(f"{given.source}: {value!r} is not a path.")
    try:
        return msgspec.convert(value, TYPES[name], strict=not given.text)
    except msgspec.ValidationError as error:
        shown = "the value" if name in {"database_url", "objects", "oidc_client_secret"} else repr(value)
        reason = str(error).split(" - at `$")[0]
        because = "" if "regex" in reason else f" ({reason})"
        message = f"{given.source}: {shown} does not fit{because}. Allowed: {allowed(name)}."
        raise SettingError(message) from error


def _check_together(settings: Settings, given: Mapping[str, _Given]) -> None:
    for each in settings.trusted_proxies:
        try:
            ipaddress.ip_network(each, strict=False)
        except ValueError as error:
            source = given["trusted_proxies"].source
            raise SettingError(f"{source}: {each!r} does not fit. Allowed: {allowed('trusted_proxies')}.") from error
    url = settings.database_url
    if url is not None and not url.startswith(("postgresql://", "postgres://")):
        source = given["database_url"].source
        raise SettingError(f"{source}: must be a postgresql:// URL; Lakeward runs on PostgreSQL only.")
    if settings.role != "all" and url is None:
        source = given["role"].source
        raise SettingError(f"{source}: {settings.role} alone needs database_url, the PostgreSQL all machines share.")
    _check_provider(settings, given)
    scheme, separator, _ = (settings.objects_url or "").partition("://")
    if separator and scheme not in _OBJECT_SCHEMES:
        source = given["objects_url"].source
        raise SettingError(f"{source}: {scheme}:// is not supported. Allowed: a path, {', '.join(_OBJECT_SCHEMES)}.")


def _check_provider(settings: Settings, given: Mapping[str, _Given]) -> None:
    if settings.oidc_issuer is None:
        return
    source = given["oidc_issuer"].source
    try:
        parts = urlsplit(settings.oidc_issuer)
        plain = not (parts.query or parts.fragment or parts.username)
        good = plain and parts.scheme == "https" and bool(parts.hostname)
        good = good or (plain and parts.scheme == "http" and is_loopback(parts.hostname or ""))
    except ValueError:
        good = False
    if not good:
        raise SettingError(f"{source}: {settings.oidc_issuer!r} does not fit. Allowed: {allowed('oidc_issuer')}.")
    if settings.oidc_client_id is None:
        raise SettingError(f"{source}: needs oidc_client_id, the name under which the provider knows this server.")
    if settings.oidc_client_secret and settings.oidc_client_secret_file:
        raise SettingError(f"{given['oidc_client_secret_file'].source}: the secret is given twice, here and itself.")
