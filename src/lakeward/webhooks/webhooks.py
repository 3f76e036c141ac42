"""The rules of webhooks: what may be made, changed and read."""

import re
import uuid
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from lakeward import registry
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
    MAX_OF_MODEL,
    MAX_SECRET,
    MAX_URL,
    MAX_WEBHOOKS,
    MODEL_EVENTS,
    TEST_MODE,
    Attempt,
    Credentials,
    Delivery,
    Form,
    State,
    Webhook,
)

DEFAULT: Final = 100
MOST: Final = 1_000
_DEFAULT_DELIVERIES: Final = 50
_MOST_DELIVERIES: Final = 200  # each with what was sent
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PURPOSE: Final = "webhook"


class Changes(msgspec.Struct, frozen=True):
    """None leaves a field as it is; an empty secret or authorization takes it away."""

    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: Sequence[str] | None = None
    secret: str | None = None
    authorization: str | None = None
    status: str | None = None


async def create(
    tx: Tx, vault: Vault, workspace: int, asked: Changes, *, model: str = "", form: Form = Form.MLFLOW
) -> Webhook:
    """`model` is the name of the one model or prompt it hears of, as any client writes it; '' for the workspace."""
    _check(asked)
    of = await registry.get_model(tx, workspace, model) if model else None
    now = now_ms()
    made = Webhook(
        id=str(uuid.uuid4()),
        workspace_id=workspace,
        model_id=of.id if of else None,
        model=of.name if of else "",
        name=_needed("name", asked.name),
        description=asked.description or "",
        url=_needed("url", asked.url),
        form=form.value,
        events=list(dict.fromkeys(asked.events or ())),
        status=asked.status or ACTIVE,
        data_key_id=None,
        sealed=None,
        created_by=acting(),
        created_at=now,
        updated_at=now,
    )
    _check_events(made)
    credentials = Credentials(asked.secret or "", asked.authorization or "")
    if credentials != Credentials():
        made = await _sealed(tx, vault, made, credentials)
    most = MAX_WEBHOOKS if of is None else MAX_OF_MODEL
    if not await store.insert(tx, made, most):
        whose = f"The model {of.name!r}" if of else "This workspace"
        raise LimitExceeded(f"{whose} has {most} webhooks, which is the most there may be.")
    return made


async def get(tx: Tx, workspace: int, webhook_id: str) -> Webhook:
    found = await store.find(tx, workspace, webhook_id)
    if found is None:
        raise unknown(webhook_id)
    return found


async def page(
    tx: Tx,
    workspace: int,
    *,
    known: Collection[str] | None = None,
    model: str = "",
    max_results: int | None,
    page_token: str | None,
) -> tuple[list[Webhook], str | None]:
    """The newest first. `known` are the events that whoever asks knows; webhooks without any are left out."""
    limit = pages.page_size(max_results, DEFAULT, MOST)
    events = None if known is None else sorted(known)
    of = (await registry.get_model(tx, workspace, model)).id if model else None
    context = pages.context_of("webhooks", workspace, events, of)
    after: tuple[int, str] | None = None
    if page_token:
        at, last = pages.decode(page_token, context, [int, str])
        assert isinstance(at, int)
        assert isinstance(last, str)
        after = at, last
    found = await store.find_page(tx, workspace, limit + 1, events=events, model_id=of, after=after)
    if len(found) <= limit:
        return found, None
    last_shown = found[limit - 1]
    return found[:limit], pages.encode([last_shown.created_at, last_shown.id], context)


async def update(
    tx: Tx, vault: Vault, workspace: int, webhook_id: str, asked: Changes, *, known: Collection[str] = EVENTS
) -> Webhook:
    """`known` are the events that whoever asks knows: others stay beside those that are named."""
    _check(asked)
    found = await store.lock(tx, workspace, webhook_id)
    if found is None:
        raise unknown(webhook_id)
    events = found.events
    if asked.events is not None:
        events = list(dict.fromkeys([*asked.events, *(each for each in found.events if each not in known)]))
    changed = msgspec.structs.replace(
        found,
        name=found.name if asked.name is None else asked.name,
        description=found.description if asked.description is None else asked.description,
        url=found.url if asked.url is None else asked.url,
        events=events,
        status=asked.status or found.status,
        updated_at=max(now_ms(), found.updated_at),
    )
    _check_events(changed)
    moved = _origin(changed.url) != _origin(found.url)
    if asked.secret is not None or asked.authorization is not None or (moved and found.sealed is not None):
        held = await credentials_of(tx, vault, found)
        if moved and held.authorization and asked.authorization is None:
            raise InvalidParameter(
                "This webhook has an authorization, which is not sent to another host: give it anew with the URL, or ''"
                " for none."
            )
        credentials = _merged(held, asked)
        if credentials != held:
            changed = await _sealed(tx, vault, changed, credentials)
    await store.replace(tx, changed)
    if found.data_key_id is not None and changed.data_key_id != found.data_key_id:
        await store.erase_key(tx, found.data_key_id)
    return changed


async def delete(tx: Tx, workspace: int, webhook_id: str) -> None:
    found = await store.lock(tx, workspace, webhook_id)
    if found is None:
        raise unknown(webhook_id)
    await store.erase(tx, webhook_id)
    if found.data_key_id is not None:
        await store.erase_key(tx, found.data_key_id)


async def credentials_of(tx: Tx, vault: Vault, webhook: Webhook) -> Credentials:
    if webhook.data_key_id is None or webhook.sealed is None:
        return Credentials()
    plain = await vault.unseal(tx, webhook.data_key_id, webhook.sealed, _place(webhook))
    return msgspec.json.decode(plain, type=Credentials)


def _merged(held: Credentials, asked: Changes) -> Credentials:
    return Credentials(
        held.secret if asked.secret is None else asked.secret,
        held.authorization if asked.authorization is None else asked.authorization,
    )


async def _sealed(tx: Tx, vault: Vault, webhook: Webhook, credentials: Credentials) -> Webhook:
    """Under a key of their own, which goes with them."""
    if credentials == Credentials():
        return msgspec.structs.replace(webhook, data_key_id=None, sealed=None)
    key_id = await vault.add_data_key(tx, _PURPOSE)
    sealed = await vault.seal(tx, key_id, msgspec.json.encode(credentials), _place(webhook))
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
    limit = pages.page_size(max_results, _DEFAULT_DELIVERIES, _MOST_DELIVERIES)
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
    if len(asked.description or "") > MAX_DESCRIPTION:
        raise InvalidParameter(f"The description of a webhook has at most {MAX_DESCRIPTION} characters.")
    for field, value in (("secret", asked.secret or ""), ("authorization", asked.authorization or "")):
        if len(value) > MAX_SECRET:
            raise InvalidParameter(f"The {field} of a webhook has at most {MAX_SECRET} characters.")
    if asked.authorization and not (asked.authorization.isascii() and asked.authorization.isprintable()):
        raise InvalidParameter("The authorization of a webhook is a header: printable ASCII characters alone.")
    if asked.status not in (None, ACTIVE, DISABLED, TEST_MODE):
        raise InvalidParameter(f"Invalid webhook status {asked.status!r}: it is {ACTIVE}, {DISABLED} or {TEST_MODE}.")
    for event in asked.events or ():
        if event not in EVENTS:
            raise InvalidParameter(f"{event[:100]!r} is no event of a webhook; {', '.join(sorted(EVENTS))} are.")
    if asked.url is not None:
        check_url(asked.url)


def _check_events(webhook: Webhook) -> None:
    if not webhook.events:
        raise InvalidParameter("Webhook events must be a non-empty list.")
    beyond = [each for each in webhook.events if each not in MODEL_EVENTS]
    if webhook.model_id is not None and beyond:
        raise InvalidParameter(f"A webhook of one model hears of that model alone, and not of {', '.join(beyond)}.")


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


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _needed(field: str, value: str | None) -> str:
    if not value:
        raise InvalidParameter(f"Missing value for required parameter '{field}'.")
    return value


def unknown(webhook_id: str) -> NotFound:
    return NotFound(f"Webhook with ID {webhook_id} not found.")
