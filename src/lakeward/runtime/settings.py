"""The one settings object: what can be set, from where, and what is allowed.

A setting comes from a command-line flag, else a `LAKEWARD_*` variable, else the TOML file, else its default. A name
that is not known or a value that does not fit is a `SettingError` that names the setting and where it stood. Nothing is
read at import; `load` gets the environment as an argument. `repr` never shows a password or a key.
"""

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field

from lakeward.kit.errors import LakewardError
from lakeward.kit.hosts import is_loopback

ENV_PREFIX = "LAKEWARD_"
CONFIG_VARIABLE = "LAKEWARD_CONFIG"
CONFIG_NAME = "lakeward.toml"
_OBJECTS_PREFIX = "LAKEWARD_OBJECTS_"
_OBJECT_SCHEMES = ("file", "s3", "gs", "az")
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^:@/\s]*):([^@/\s]*)@")
_PASSWORD_IN_QUERY = re.compile(r"(?i)([?&](?:password|sslpassword|sslkey)=)[^&\s]*")
_HOST_NAME = r"^(\*|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$"
_PUBLIC_OBJECT_OPTIONS = frozenset(
    {"endpoint", "region", "bucket", "virtual_hosted_style_request", "allow_http", "skip_signature"}
)


class SettingError(LakewardError):
    """A setting is unknown or wrong; the message names it, where it stood, and what is allowed."""

    code = "INVALID_PARAMETER_VALUE"
    exit_code = 2


def default_workers() -> int:
    """One per core this process may use, at most 4: each can fill a core, and PostgreSQL needs some too."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, 4))


class Settings(Struct, frozen=True, kw_only=True):
    """Everything a Lakeward process can be told. Descriptions are the help text and the reference page."""

    data: Annotated[Path, Meta(description="Directory for everything Lakeward keeps on this machine.")]
    host: Annotated[
        str, Meta(min_length=1, description="Address to listen on. Any but loopback needs an access token first.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 picks a free one.")] = 5000
    role: Annotated[
        Literal["all", "api", "worker"],
        Meta(description="What this machine runs. api and worker alone need database_url."),
    ] = "all"
    workers: Annotated[int, Meta(ge=1, le=256, description="API processes that share the port.")] = field(
        default_factory=default_workers
    )
    database_url: Annotated[
        str | None,
        Meta(description="postgresql:// URL of a PostgreSQL 15 or newer; without one, the embedded PostgreSQL."),
    ] = None
    objects_url: Annotated[
        str | None,
        Meta(description="Object store: a directory, file://, s3://, gs:// or az:// URL; without one, <data>/objects."),
    ] = None
    objects: Annotated[
        dict[str, str],
        Meta(description="Options of the object store: endpoint, region, access_key_id, secret_access_key and so on."),
    ] = field(default_factory=dict)
    master_key: Annotated[
        str | None,
        Meta(
            description="Where the master key of encrypted data is: a file or env:NAME; without one, <data>/master.key."
        ),
    ] = None
    secret_reads: Annotated[
        Literal["readers", "service-principals", "nobody"],
        Meta(description="Who among those with READ on a secret gets its value from the API."),
    ] = "readers"  # noqa: S105 - the name of a choice
    allowed_hosts: Annotated[
        tuple[Annotated[str, Meta(pattern=_HOST_NAME)], ...],
        Meta(description="Host names that clients may use beside loopback and the bound address (Host and Origin)."),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Addresses and networks of proxies whose X-Forwarded-For says where a request comes from."),
    ] = ("127.0.0.0/8", "::1")
    outbound_hosts: Annotated[
        tuple[Annotated[str, Meta(pattern=_HOST_NAME)], ...],
        Meta(description="Host names the server may call although their addresses are private."),
    ] = ()
    oidc_issuer: Annotated[
        str | None, Meta(description="Issuer of the OpenID provider for single sign-on; without one there is none.")
    ] = None
    oidc_client_id: Annotated[
        str | None, Meta(description="Name under which the provider knows this server. Needed with oidc_issuer.")
    ] = None
    oidc_client_secret: Annotated[
        str | None, Meta(description="Secret the provider gave this server; better in the variable than in the flag.")
    ] = None
    oidc_client_secret_file: Annotated[
        str | None, Meta(description="File that holds the secret; a new one counts without a restart.")
    ] = None
    oidc_name: Annotated[
        str, Meta(min_length=1, max_length=60, description="What the sign-in page calls the provider.")
    ] = "single sign-on"
    oidc_scopes: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")], ...],
        Meta(description="Scopes that are asked of the provider, beside openid."),
    ] = ("profile", "email")
    oidc_user_claim: Annotated[
        str, Meta(min_length=1, description="Claim that holds the user name, like email or preferred_username.")
    ] = "email"
    oidc_groups_claim: Annotated[
        str | None,
        Meta(
            description="Claim that lists a person's groups; a dot leads inside: realm_access.roles. None: groups stay."
        ),
    ] = None
    oidc_groups: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^.+=[^=]+$")], ...],
        Meta(description="Which group of the provider is which group here. Without any: the ones of the same name."),
    ] = ()
    oidc_allowed_domains: Annotated[
        tuple[Annotated[str, Meta(pattern=_HOST_NAME)], ...],
        Meta(description="Domains of the e-mail addresses that may sign in; without any, all."),
    ] = ()
    oidc_create_users: Annotated[
        bool, Meta(description="Whether somebody the provider vouches for becomes a user here if there is none yet.")
    ] = False
    oidc_unverified_emails: Annotated[
        bool, Meta(description="Whether addresses count that the provider does not call verified, as Entra never does.")
    ] = False
    oidc_session_hours: Annotated[
        int, Meta(ge=1, le=720, description="Hours until the provider is asked again who somebody is.")
    ] = 12
    oauth_refresh_rotation: Annotated[
        bool,
        Meta(
            description="Whether a refresh token is good once and gives the next one. People's programs that keep the"
            " first one, as databricks-sdk's browser sign-in does, then open the browser again after an hour."
        ),
    ] = False
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severity that is logged.")
    ] = "info"
    log_format: Annotated[Literal["text", "json"], Meta(description="Form of a log line.")] = "text"
    max_body: Annotated[
        int, Meta(ge=1024, le=1 << 31, description="Largest JSON request body, in bytes. Artifacts stream without it.")
    ] = 64 << 20
    trash_retention: Annotated[
        int, Meta(ge=0, le=36500, description="Days that what was deleted stays in the trash before `gc`.")
    ] = 30
    audit_retention: Annotated[
        int, Meta(ge=0, le=36500, description="Days that events of the audit log are kept; 0 keeps all.")
    ] = 365
    trace_retention: Annotated[
        int, Meta(ge=0, le=36500, description="Days until spans move to Delta tables, unless tags differ; 0: never.")
    ] = 0
    webhook_retention: Annotated[
        int, Meta(ge=1, le=36500, description="Days that deliveries of webhooks are kept after they ended.")
    ] = 30
    shutdown_grace: Annotated[
        float, Meta(ge=0, le=3600, description="Seconds that running requests get to finish when the server stops.")
    ] = 15.0
    db_pool_size: Annotated[int, Meta(ge=1, le=1000, description="Database connections per process.")] = 8

    @property
    def objects_location(self) -> str:
        """Where objects are: the URL, or the directory that stands in for it."""
        return self.objects_url or str(self.data / "objects")

    @property
    def master_key_source(self) -> str:
        """Where master keys are: `env:NAME`, or the absolute path of a file."""
        if self.master_key is not None and self.master_key.startswith("env:"):
            return self.master_key
        path = self.data / "master.key" if self.master_key is None else Path(self.master_key).expanduser()
        return os.path.abspath(path)  # noqa: PTH100 - as below

    @property
    def loopback(self) -> bool:
        """True when only this machine can connect."""
        return is_loopback(self.host)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in redacted(self).items())
        return f"Settings({shown})"

    __str__ = __repr__


# Defaults that depend on the machine: how they read in the reference page.
MACHINE_DEFAULTS: Mapping[str, str] = {"data": "~/.lakeward", "workers": "one per CPU core, at most 4"}


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
    return [Setting(name, _meta(name).description or "", _shown_default(name), _allowed(name)) for name in _TYPES]


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


def redacted(settings: Settings) -> dict[str, Any]:
    """The settings as plain values without secrets, for logs and `lakeward doctor`."""
    values = msgspec.structs.asdict(settings)
    values["data"] = str(settings.data)
    values["objects"] = {k: v if k.lower() in _PUBLIC_OBJECT_OPTIONS else "***" for k, v in settings.objects.items()}
    values["oidc_client_secret"] = settings.oidc_client_secret and "***"
    for name in ("database_url", "objects_url"):
        if values[name]:
            values[name] = without_password(values[name])
    return values


def without_password(url: str) -> str:
    return _PASSWORD_IN_QUERY.sub(r"\1***", _PASSWORD_IN_URL.sub(r"\1:***@", url))


def _read_environ(environ: Mapping[str, str]) -> dict[str, _Given]:
    found: dict[str, _Given] = {}
    options: dict[str, str] = {}
    for variable, value in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        name = variable.removeprefix(ENV_PREFIX).lower()
        if variable.startswith(_OBJECTS_PREFIX) and name != "objects_url":
            options[variable.removeprefix(_OBJECTS_PREFIX).lower()] = value
        elif name == "objects" or name not in _TYPES:
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
    if name not in _TYPES:
        raise _unknown(name, source, str, "")


def _unknown(name: str, source: str, spell: Callable[[str], str], prefix: str) -> SettingError:
    near = difflib.get_close_matches(name.removeprefix(prefix).lower(), _TYPES, n=1)
    known = ", ".join(prefix + spell(each) for each in _TYPES)
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
        return msgspec.convert(value, _TYPES[name], strict=not given.text)
    except msgspec.ValidationError as error:
        shown = "the value" if name in {"database_url", "objects", "oidc_client_secret"} else repr(value)
        reason = str(error).split(" - at `$")[0]
        because = "" if "regex" in reason else f" ({reason})"
        message = f"{given.source}: {shown} does not fit{because}. Allowed: {_allowed(name)}."
        raise SettingError(message) from error


def _check_together(settings: Settings, given: Mapping[str, _Given]) -> None:
    for each in settings.trusted_proxies:
        try:
            ipaddress.ip_network(each, strict=False)
        except ValueError as error:
            source = given["trusted_proxies"].source
            raise SettingError(f"{source}: {each!r} does not fit. Allowed: {_allowed('trusted_proxies')}.") from error
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
        raise SettingError(f"{source}: {settings.oidc_issuer!r} does not fit. Allowed: {_allowed('oidc_issuer')}.")
    if settings.oidc_client_id is None:
        raise SettingError(f"{source}: needs oidc_client_id, the name under which the provider knows this server.")
    if settings.oidc_client_secret and settings.oidc_client_secret_file:
        raise SettingError(f"{given['oidc_client_secret_file'].source}: the secret is given twice, here and itself.")


def _meta(name: str) -> Meta:
    return next(part for part in _TYPES[name].__metadata__ if isinstance(part, Meta))


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


def _allowed(name: str) -> str:
    """What a setting takes, in words."""
    if name in _ALLOWED_IN_WORDS:
        return _ALLOWED_IN_WORDS[name]
    inner = _TYPES[name].__origin__
    if getattr(inner, "__origin__", None) is Literal:
        return ", ".join(inner.__args__)
    if inner in (int, float):
        meta = _meta(name)
        return f"{'a whole number' if inner is int else 'a number'} from {meta.ge} to {meta.le}"
    return "text"


_LISTS = ("allowed_hosts", "trusted_proxies", "outbound_hosts", "oidc_scopes", "oidc_groups", "oidc_allowed_domains")
# Nothing is as good as none in a variable.
_OPTIONAL = {
    "database_url", "objects_url", "master_key", "oidc_issuer", "oidc_client_id", "oidc_client_secret",
    "oidc_client_secret_file", "oidc_groups_claim",
}  # fmt: skip
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
_TYPES: dict[str, Any] = {item.name: item.type for item in msgspec.structs.fields(Settings)}
_DEFAULTS: dict[str, Any] = {item.name: item.default for item in msgspec.structs.fields(Settings)}
