"""Requests and responses of webhooks as the platform's registry has them, which `databricks-sdk` calls."""

from typing import Any, Literal, Self

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import Int64
from lakeward.webhooks.records import REGISTRY_EVENTS, REGISTRY_NAMES, Webhook

Status = Literal["ACTIVE", "DISABLED", "TEST_MODE"]


class HttpUrlSpec(msgspec.Struct):
    url: str | None = None
    authorization: str | None = None
    enable_ssl_verification: bool | None = None
    secret: str | None = None


class HttpUrlSpecWithoutSecret(msgspec.Struct):
    url: str
    enable_ssl_verification: bool = True


class RegistryWebhook(msgspec.Struct, omit_defaults=True):
    """With those of its events that the platform has a name for."""

    id: str
    events: list[str]
    http_url_spec: HttpUrlSpecWithoutSecret
    status: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    model_name: str = ""

    @classmethod
    def of(cls, record: Webhook) -> Self:
        return cls(
            id=record.id,
            events=[REGISTRY_NAMES[each] for each in record.events if each in REGISTRY_NAMES],
            http_url_spec=HttpUrlSpecWithoutSecret(record.url),
            status=record.status,
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.updated_at,
            description=record.description,
            model_name=record.model,
        )


class CreateRegistryWebhook(msgspec.Struct):
    events: list[str] = []
    description: str = ""
    http_url_spec: HttpUrlSpec | None = None
    job_spec: dict[str, Any] | None = None
    model_name: str = ""
    status: Status = "ACTIVE"


class RegistryWebhookResponse(msgspec.Struct):
    webhook: RegistryWebhook


class ListRegistryWebhooks(msgspec.Struct):
    events: list[str] = []
    model_name: str = ""
    max_results: Int64 | None = None
    page_token: str | None = None


class ListRegistryWebhooksResponse(msgspec.Struct, omit_defaults=True):
    webhooks: list[RegistryWebhook]
    next_page_token: str | None = None


class UpdateRegistryWebhook(msgspec.Struct):
    id: str
    events: list[str] = []
    description: str | None = None
    http_url_spec: HttpUrlSpec | None = None
    job_spec: dict[str, Any] | None = None
    status: Status | None = None


class RegistryWebhookById(msgspec.Struct):
    id: str


class TestRegistryWebhook(msgspec.Struct):
    id: str
    event: str = ""


class TestRegistryWebhookResponse(msgspec.Struct, omit_defaults=True):
    """`body` says what went wrong if there is no `status_code`."""

    body: str = ""
    status_code: int | None = None


def events_of(names: list[str], *, of_model: bool) -> list[str]:
    for name in names:
        if name not in REGISTRY_EVENTS:
            raise InvalidParameter(f"Nothing here is a {name[:100]!r}: events are {', '.join(REGISTRY_EVENTS)}.")
        if of_model and name == "REGISTERED_MODEL_CREATED":
            raise InvalidParameter(f"{name} is heard of by webhooks without a model_name alone.")
    return [REGISTRY_EVENTS[name] for name in names]


def target_of(spec: HttpUrlSpec | None, job: dict[str, Any] | None) -> HttpUrlSpec | None:
    if job is not None:
        raise InvalidParameter("Webhooks call an http_url_spec; there are no jobs that a job_spec could start.")
    if spec is not None and spec.enable_ssl_verification is False:
        raise InvalidParameter(
            "enable_ssl_verification cannot be false: certificates are always checked. The operator can trust a CA of"
            " your own with the environment variable SSL_CERT_FILE."
        )
    return spec
