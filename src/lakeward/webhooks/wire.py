"""Requests and responses of webhooks: MLflow's, where an event is two words in capitals, and our own."""

from typing import Literal, Self

import msgspec

from lakeward.runtime.http import Int64, Secret
from lakeward.webhooks.records import ACTIVE, DISABLED, MLFLOW_EVENTS, Answer, Attempt, Delivery
from lakeward.webhooks.records import Webhook as WebhookRecord

Status = Literal["ACTIVE", "DISABLED"]
OwnStatus = Literal["ACTIVE", "DISABLED", "TEST_MODE"]


# ── MLflow's ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Event(msgspec.Struct):
    entity: str
    action: str

    @classmethod
    def of(cls, event: str) -> Self:
        entity, _, action = event.partition(".")
        return cls(entity.upper(), action.upper())


def names_of(events: list[Event]) -> list[str]:
    return [f"{each.entity}.{each.action}".lower() for each in events]


class Webhook(msgspec.Struct, omit_defaults=True):
    """Without the events that MLflow's clients do not know."""

    webhook_id: str
    name: str
    url: str
    events: list[Event]
    status: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""

    @classmethod
    def of(cls, record: WebhookRecord) -> Self:
        return cls(
            webhook_id=record.id,
            name=record.name,
            url=record.url,
            events=[Event.of(each) for each in record.events if each in MLFLOW_EVENTS],
            status=record.status if record.status == ACTIVE else DISABLED,  # a client of MLflow knows no other
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.updated_at,
            description=record.description,
        )


class CreateWebhook(msgspec.Struct):
    name: str
    url: str
    events: list[Event] = []
    description: str = ""
    secret: str = ""
    status: Status = "ACTIVE"


class WebhookResponse(msgspec.Struct):
    webhook: Webhook


class ListWebhooks(msgspec.Struct):
    max_results: Int64 | None = None
    page_token: str | None = None


class ListWebhooksResponse(msgspec.Struct, omit_defaults=True):
    webhooks: list[Webhook]
    next_page_token: str | None = None


class WebhookById(msgspec.Struct):
    webhook_id: str


class UpdateWebhook(msgspec.Struct):
    """compat(mlflow 3.17): a list of events that is empty is one that was not given."""

    webhook_id: str
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[Event] = []
    secret: str | None = None
    status: Status | None = None


class TestWebhook(msgspec.Struct):
    webhook_id: str
    event: Event | None = None


class TestResult(msgspec.Struct, omit_defaults=True):
    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None

    @classmethod
    def of(cls, answer: Answer) -> Self:
        return cls(answer.taken, answer.status, answer.text or None, answer.problem or None)


class TestWebhookResponse(msgspec.Struct):
    result: TestResult


# ── our own ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class OwnWebhook(msgspec.Struct):
    """`model_name` is the one it hears of, '' for all; `has_secret` is true for an authorization alone too."""

    webhook_id: str
    name: str
    description: str
    url: str
    events: list[str]
    status: str
    model_name: str
    form: str
    has_secret: bool
    created_by: str
    creation_timestamp: int
    last_updated_timestamp: int

    @classmethod
    def of(cls, record: WebhookRecord) -> Self:
        return cls(
            webhook_id=record.id,
            name=record.name,
            description=record.description,
            url=record.url,
            events=record.events,
            status=record.status,
            model_name=record.model,
            form=record.form,
            has_secret=record.sealed is not None,
            created_by=record.created_by,
            creation_timestamp=record.created_at,
            last_updated_timestamp=record.updated_at,
        )


class CreateOwnWebhook(msgspec.Struct):
    """`events` are words like `run.failed`; `model_name` is the one model or prompt it is to hear of."""

    name: str
    url: str
    events: list[str]
    description: str = ""
    model_name: str = ""
    secret: Secret = ""
    authorization: Secret = ""
    status: OwnStatus = "ACTIVE"


class UpdateOwnWebhook(msgspec.Struct):
    webhook_id: str
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[str] | None = None
    secret: Secret | None = None
    authorization: Secret | None = None
    status: OwnStatus | None = None


class OwnWebhookResponse(msgspec.Struct):
    webhook: OwnWebhook


class ListOwnWebhooks(msgspec.Struct):
    """`model_name` leaves those that hear of it alone."""

    model_name: str = ""
    max_results: Int64 | None = None
    page_token: str | None = None


class ListOwnWebhooksResponse(msgspec.Struct, omit_defaults=True):
    webhooks: list[OwnWebhook]
    next_page_token: str | None = None


class TestOwnWebhook(msgspec.Struct):
    webhook_id: str
    event: str = ""


class ListDeliveries(msgspec.Struct):
    webhook_id: str
    state: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class AttemptInfo(msgspec.Struct, omit_defaults=True):
    """`response_status` is there if there was an answer, `problem` if it was not taken."""

    number: int
    timestamp: int
    milliseconds: int
    response_status: int | None = None
    problem: str = ""

    @classmethod
    def of(cls, record: Attempt) -> Self:
        return cls(record.number, record.at, record.millis, record.status, record.problem)


class DeliveryInfo(msgspec.Struct, omit_defaults=True):
    delivery_id: str
    event: str
    state: str
    creation_timestamp: int
    attempts: list[AttemptInfo]
    body: str
    next_attempt_timestamp: int | None = None
    finish_timestamp: int | None = None

    @classmethod
    def of(cls, record: Delivery, attempts: list[Attempt]) -> Self:
        return cls(
            delivery_id=str(record.id),
            event=record.event,
            state=record.state,
            creation_timestamp=record.created_at,
            attempts=[AttemptInfo.of(each) for each in attempts],
            body=record.body,
            next_attempt_timestamp=record.next_at if record.finished_at is None else None,
            finish_timestamp=record.finished_at,
        )


class ListDeliveriesResponse(msgspec.Struct, omit_defaults=True):
    deliveries: list[DeliveryInfo]
    next_page_token: str | None = None


class DeliveryById(msgspec.Struct):
    webhook_id: str
    delivery_id: str
