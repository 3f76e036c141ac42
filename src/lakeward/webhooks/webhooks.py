"""The rules of webhooks: what may be made, changed and read, and what a test call sends."""

import re
import uuid
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, LimitExceeded, NotFound
from lakeward.runtime.acting import acting
from lakeward.runtime.crypto import Vault, context_of
from lakeward.runtime.db import Tx
from lakeward.webhooks import store
from lakeward.webhooks.records import (
    ACTIVE,
    DISABLED,
    EVENTS,
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_SECRET,
    MAX_URL,
    MAX_WEBHOOKS,
    MLFLOW_EVENTS,
    Attempt,
    Delivery,
    State,
    Webhook,
)

DEFAULT: Final = 100
MOST: Final = 1_000
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PURPOSE: Final = "webhook"


class Changes(msgspec.Struct, frozen=True):
    """None leaves a field as it is; an empty secret takes the secret away."""

    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: Sequence[str] | None = None
    secret: str | None = None
    status: str | None = None


async def create(tx: Tx, vault: Vault, workspace: int, asked: Changes) -> Webhook:
    _check(asked)
    now = now_ms()
    made = Webhook(
        id=str(uuid.uuid4()),
        workspace_id=workspace,
        name=_needed("name", asked.name),
        description=asked.description or "",
        url=_needed("url", asked.url),
        events=list(dict.fromkeys(asked.events or ())),
        status=asked.status or ACTIVE,
        data_key_id=None,
        sealed=None,
        created_by=acting(),
        created_at=now,
        updated_at=now,
    )
    if not made.events:
        raise InvalidParameter("Webhook events must be a non-empty list.")
    if asked.secret:
        made = await _sealed(tx, vault, made, asked.secret)
    if not await store.insert(tx, made, MAX_WEBHOOKS):
        raise LimitExceeded(f"This workspace has {MAX_WEBHOOKS} webhooks, which is the most there may be.")
    return made


async def get(tx: Tx, workspace: int, webhook_id: str) -> Webhook:
    found = await store.find(tx, workspace, webhook_id)
    if found is None:
        raise _unknown(webhook_id)
    return found


async def page(
    tx: Tx, workspace: int, *, known_to_mlflow: bool, max_results: int | None, page_token: str | None
) -> tuple[list[Webhook], str | None]:
    """The newest first. MLflow's clients take no webhook without an event they know."""
    limit = pages.page_size(max_results, DEFAULT, MOST)
    context = pages.context_of("webhooks", workspace, known_to_mlflow)
    after: tuple[int, str] | None = None
    if page_token:
        at, last = pages.decode(page_token, context, [int, str])
        assert isinstance(at, int)
        assert isinstance(last, str)
        after = at, last
    found = await store.find_page(tx, workspace, MLFLOW_EVENTS if known_to_mlflow else None, after, limit + 1)
    if len(found) <= limit:
        return found, None
    last_shown = found[limit - 1]
    return found[:limit], pages.encode([last_shown.created_at, last_shown.id], context)


async def update(
    tx: Tx, vault: Vault, workspace: int, webhook_id: str, asked: Changes, *, keep_own: bool = False
) -> Webhook:
    """`keep_own`: whoever asks does not know of our own events, so they stay beside those it names."""
    _check(asked)
    found = await store.lock(tx, workspace, webhook_id)
    if found is None:
        raise _unknown(webhook_id)
    events = found.events
    if asked.events is not None:
        own = [each for each in found.events if each not in MLFLOW_EVENTS] if keep_own else []
        events = list(dict.fromkeys([*asked.events, *own]))
        if not events:
            raise InvalidParameter("Webhook events must be a non-empty list.")
    changed = msgspec.structs.replace(
        found,
        name=found.name if asked.name is None else asked.name,
        description=found.description if asked.description is None else asked.description,
        url=found.url if asked.url is None else asked.url,
        events=events,
        status=asked.status or found.status,
        updated_at=max(now_ms(), found.updated_at),
    )
    if asked.secret:
        changed = await _sealed(tx, vault, changed, asked.secret)
    elif asked.secret is not None:
        changed = msgspec.structs.replace(changed, data_key_id=None, sealed=None)
    await store.replace(tx, changed)
    if found.data_key_id is not None and changed.data_key_id != found.data_key_id:
        await store.erase_key(tx, found.data_key_id)
    return changed


async def delete(tx: Tx, workspace: int, webhook_id: str) -> None:
    found = await store.lock(tx, workspace, webhook_id)
    if found is None or not await store.erase(tx, workspace, webhook_id):
        raise _unknown(webhook_id)
    if found.data_key_id is not None:
        await store.erase_key(tx, found.data_key_id)


async def secret_of(tx: Tx, vault: Vault, webhook: Webhook) -> str | None:
    if webhook.data_key_id is None or webhook.sealed is None:
        return None
    return (await vault.unseal(tx, webhook.data_key_id, webhook.sealed, _place(webhook))).decode()


async def _sealed(tx: Tx, vault: Vault, webhook: Webhook, secret: str) -> Webhook:
    key_id = await vault.add_data_key(tx, _PURPOSE)
    sealed = await vault.seal(tx, key_id, secret.encode(), _place(webhook))
    return msgspec.structs.replace(webhook, data_key_id=key_id, sealed=sealed)


def _place(webhook: Webhook) -> bytes:
    return context_of(_PURPOSE, webhook.workspace_id, webhook.id)


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def deliveries(
    tx: Tx, workspace: int, webhook_id: str, *, state: str | None, max_results: int | None, page_token: str | None
) -> tuple[list[tuple[Delivery, list[Attempt]]], str | None]:
    """The newest first, each with its attempts."""
    await get(tx, workspace, webhook_id)
    if state is not None and state not in tuple(State):
        raise InvalidParameter(f"Invalid value {state!r} for parameter 'state': it is one of {', '.join(State)}.")
    limit = pages.page_size(max_results, DEFAULT, MOST)
    context = pages.context_of("webhook deliveries", workspace, webhook_id, state)
    before: int | None = None
    if page_token:
        [last] = pages.decode(page_token, context, [int])
        assert isinstance(last, int)
        before = last
    found = await store.find_deliveries(tx, webhook_id, state, before, limit + 1)
    shown = found[:limit]
    attempts = await store.find_attempts(tx, [each.id for each in shown])
    token = pages.encode([shown[-1].seq], context) if len(found) > limit else None
    return [(each, attempts.get(each.id, [])) for each in shown], token


async def send_again(tx: Tx, workspace: int, webhook_id: str, delivery_id: str) -> None:
    await get(tx, workspace, webhook_id)
    try:
        number = uuid.UUID(delivery_id)
    except ValueError:
        number = uuid.UUID(int=0)
    if not await store.send_again(tx, webhook_id, number):
        raise NotFound(f"The webhook {webhook_id} has no delivery {delivery_id!r}.")


# ── what may be written ──────────────────────────────────────────────────────────────────────────────────────────────


def _check(asked: Changes) -> None:
    if asked.name is not None and (len(asked.name) > MAX_NAME or not _NAME.fullmatch(asked.name)):
        raise InvalidParameter(
            f"Webhook name {asked.name[:100]!r} is invalid: it has 1 to {MAX_NAME} letters, digits, dots, underscores"
            " and hyphens, and begins and ends with a letter or digit."
        )
    if len(asked.description or "") > MAX_DESCRIPTION or len(asked.secret or "") > MAX_SECRET:
        raise InvalidParameter(
            f"The description of a webhook has at most {MAX_DESCRIPTION} characters, its secret {MAX_SECRET}."
        )
    if asked.status not in (None, ACTIVE, DISABLED):
        raise InvalidParameter(f"Invalid webhook status {asked.status!r}: it is {ACTIVE} or {DISABLED}.")
    for event in asked.events or ():
        if event not in EVENTS:
            raise InvalidParameter(f"{event[:100]!r} is no event of a webhook; {', '.join(sorted(EVENTS))} are.")
    if asked.url is not None:
        check_url(asked.url)


def check_url(url: str) -> None:
    """What can be told without asking anybody; where the name leads is looked at whenever something is sent."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username is not None
        or port == 0
        or len(url) > MAX_URL
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise InvalidParameter(
            f"Invalid webhook URL {url[:100]!r}: it must be http or https with a host, without a user name or"
            f" password, in at most {MAX_URL} printable ASCII characters."
        )


def _needed(field: str, value: str | None) -> str:
    if not value:
        raise InvalidParameter(f"Missing value for required parameter '{field}'.")
    return value


def _unknown(webhook_id: str) -> NotFound:
    return NotFound(f"Webhook with ID {webhook_id} not found.")
