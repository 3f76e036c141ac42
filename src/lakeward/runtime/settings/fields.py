"""The settings object itself, and how it is shown without its secrets."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from lakeward.kit.hosts import is_loopback

_PASSWORD_IN_URL = re.compile(r"(?<=://)([^:@/\s]*):([^@/\s]*)@")
_PASSWORD_IN_QUERY = re.compile(r"(?i)([?&](?:password|sslpassword|sslkey)=)[^&\s]*")
_HOST_NAME = r"^(\*|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$"
_PUBLIC_OBJECT_OPTIONS = frozenset(
    {"endpoint", "region", "bucket", "virtual_hosted_style_request", "allow_http", "skip_signature"}
)


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
