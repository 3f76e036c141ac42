"""The HTTP surface of webhooks: as MLflow's clients and the platform's know them, and our own with all there is."""

import asyncio
import uuid
from typing import Final

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.crypto import Vault
from lakeward.runtime.http import MANAGE, MLFLOW_2_0, Call, Routes
from lakeward.webhooks import registry_wire, sending, store, webhooks, wire
from lakeward.webhooks.objects import of_model, of_webhook
from lakeward.webhooks.records import MLFLOW_EVENTS, REGISTRY_EVENTS, Answer, Form
from lakeward.webhooks.webhooks import Changes

mlflow = Routes("webhooks", MLFLOW_2_0)
own = Routes("webhooks", ("/api/2.0/lakeward",))
platform = Routes("registry webhooks", ("/api/2.0/mlflow/registry-webhooks",))

_ONE: Final = MANAGE.on(of_webhook("webhook_id"))
_PLATFORMS_ONE: Final = MANAGE.on(of_webhook("id"))
_OF_REGISTRY: Final = frozenset(REGISTRY_EVENTS.values())


def _vault(call: Call) -> Vault:
    return Vault(call.settings.master_key_source)


async def _tested(call: Call, webhook_id: str, event: str) -> Answer:
    async with call.db.connection() as connection:
        found = await webhooks.get(connection, call.workspace, webhook_id)
        credentials = await webhooks.credentials_of(connection, _vault(call), found)
        workspace = await store.workspace_name(connection, call.workspace)
    outbound = await asyncio.to_thread(sending.way_out, call.settings.outbound_hosts)
    try:
        return await sending.try_out(outbound, found, credentials, event, workspace)
    finally:
        await outbound.close()


# ── MLflow's ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@mlflow.post("/webhooks", allow=MANAGE)
async def create_webhook(call: Call, req: wire.CreateWebhook) -> wire.WebhookResponse:
    asked = Changes(req.name, req.description, req.url, wire.names_of(req.events), req.secret, status=req.status)
    made = await webhooks.create(call.tx, _vault(call), call.workspace, asked)
    return wire.WebhookResponse(wire.Webhook.of(made))


@mlflow.get("/webhooks", allow=MANAGE)
async def list_webhooks(call: Call, req: wire.ListWebhooks) -> wire.ListWebhooksResponse:
    found, token = await webhooks.page(
        call.tx, call.workspace, known=MLFLOW_EVENTS, max_results=req.max_results, page_token=req.page_token
    )
    return wire.ListWebhooksResponse([wire.Webhook.of(each) for each in found], token)


@mlflow.get("/webhooks/{webhook_id}", allow=_ONE)
async def get_webhook(call: Call, req: wire.WebhookById) -> wire.WebhookResponse:
    return wire.WebhookResponse(wire.Webhook.of(await webhooks.get(call.tx, call.workspace, req.webhook_id)))


@mlflow.patch("/webhooks/{webhook_id}", allow=_ONE)
async def update_webhook(call: Call, req: wire.UpdateWebhook) -> wire.WebhookResponse:
    events = wire.names_of(req.events) or None
    asked = Changes(req.name, req.description, req.url, events, req.secret, status=req.status)
    changed = await webhooks.update(call.tx, _vault(call), call.workspace, req.webhook_id, asked, known=MLFLOW_EVENTS)
    return wire.WebhookResponse(wire.Webhook.of(changed))


@mlflow.delete("/webhooks/{webhook_id}", allow=_ONE)
async def delete_webhook(call: Call, req: wire.WebhookById) -> None:
    await webhooks.delete(call.tx, call.workspace, req.webhook_id)


@mlflow.post("/webhooks/{webhook_id}/test", allow=_ONE, tx=None)
async def test_webhook(call: Call, req: wire.TestWebhook) -> wire.TestWebhookResponse:
    event = wire.names_of([req.event])[0] if req.event else ""
    return wire.TestWebhookResponse(wire.TestResult.of(await _tested(call, req.webhook_id, event)))


# ── the platform's ───────────────────────────────────────────────────────────────────────────────────────────────────


@platform.post("/create", allow=MANAGE.on(of_model("model_name").if_said()))
async def create_registry_webhook(
    call: Call, req: registry_wire.CreateRegistryWebhook
) -> registry_wire.RegistryWebhookResponse:
    spec = registry_wire.target_of(req.http_url_spec, req.job_spec)
    if spec is None:
        raise InvalidParameter("Missing value for required parameter 'http_url_spec'.")
    events = registry_wire.events_of(req.events, of_model=bool(req.model_name))
    name = f"registry-{uuid.uuid4().hex[:8]}"  # the platform gives its webhooks no names
    asked = Changes(name, req.description, spec.url, events, spec.secret, spec.authorization, req.status)
    made = await webhooks.create(
        call.tx, _vault(call), call.workspace, asked, model=req.model_name, form=Form.DATABRICKS
    )
    return registry_wire.RegistryWebhookResponse(registry_wire.RegistryWebhook.of(made))


@platform.get("/list", allow=MANAGE.on(of_model("model_name").if_said()))
async def list_registry_webhooks(
    call: Call, req: registry_wire.ListRegistryWebhooks
) -> registry_wire.ListRegistryWebhooksResponse:
    known = registry_wire.events_of(req.events, of_model=False) if req.events else _OF_REGISTRY
    found, token = await webhooks.page(
        call.tx, call.workspace,
        known=known, model=req.model_name, max_results=req.max_results, page_token=req.page_token,
    )  # fmt: skip
    return registry_wire.ListRegistryWebhooksResponse([registry_wire.RegistryWebhook.of(each) for each in found], token)


@platform.patch("/update", allow=_PLATFORMS_ONE)
async def update_registry_webhook(
    call: Call, req: registry_wire.UpdateRegistryWebhook
) -> registry_wire.RegistryWebhookResponse:
    spec = registry_wire.target_of(req.http_url_spec, req.job_spec) or registry_wire.HttpUrlSpec()
    events = registry_wire.events_of(req.events, of_model=False) or None
    asked = Changes(None, req.description, spec.url, events, spec.secret, spec.authorization, req.status)
    changed = await webhooks.update(call.tx, _vault(call), call.workspace, req.id, asked, known=_OF_REGISTRY)
    return registry_wire.RegistryWebhookResponse(registry_wire.RegistryWebhook.of(changed))


@platform.delete("/delete", allow=_PLATFORMS_ONE)
async def delete_registry_webhook(call: Call, req: registry_wire.RegistryWebhookById) -> None:
    await webhooks.delete(call.tx, call.workspace, req.id)


@platform.post("/test", allow=_PLATFORMS_ONE, tx=None)
async def test_registry_webhook(
    call: Call, req: registry_wire.TestRegistryWebhook
) -> registry_wire.TestRegistryWebhookResponse:
    [event] = registry_wire.events_of([req.event], of_model=False) if req.event else [""]
    answer = await _tested(call, req.id, event)
    return registry_wire.TestRegistryWebhookResponse(answer.text or answer.problem, answer.status)


# ── our own ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@own.post("/webhooks", allow=MANAGE.on(of_model("model_name").if_said()))
async def create_own_webhook(call: Call, req: wire.CreateOwnWebhook) -> wire.OwnWebhookResponse:
    asked = Changes(req.name, req.description, req.url, req.events, req.secret, req.authorization, req.status)
    made = await webhooks.create(call.tx, _vault(call), call.workspace, asked, model=req.model_name)
    return wire.OwnWebhookResponse(wire.OwnWebhook.of(made))


@own.get("/webhooks", allow=MANAGE.on(of_model("model_name").if_said()))
async def list_own_webhooks(call: Call, req: wire.ListOwnWebhooks) -> wire.ListOwnWebhooksResponse:
    found, token = await webhooks.page(
        call.tx, call.workspace, model=req.model_name, max_results=req.max_results, page_token=req.page_token
    )
    return wire.ListOwnWebhooksResponse([wire.OwnWebhook.of(each) for each in found], token)


@own.get("/webhooks/{webhook_id}", allow=_ONE)
async def get_own_webhook(call: Call, req: wire.WebhookById) -> wire.OwnWebhookResponse:
    return wire.OwnWebhookResponse(wire.OwnWebhook.of(await webhooks.get(call.tx, call.workspace, req.webhook_id)))


@own.patch("/webhooks/{webhook_id}", allow=_ONE)
async def update_own_webhook(call: Call, req: wire.UpdateOwnWebhook) -> wire.OwnWebhookResponse:
    asked = Changes(req.name, req.description, req.url, req.events, req.secret, req.authorization, req.status)
    changed = await webhooks.update(call.tx, _vault(call), call.workspace, req.webhook_id, asked)
    return wire.OwnWebhookResponse(wire.OwnWebhook.of(changed))


@own.delete("/webhooks/{webhook_id}", allow=_ONE)
async def delete_own_webhook(call: Call, req: wire.WebhookById) -> None:
    await webhooks.delete(call.tx, call.workspace, req.webhook_id)


@own.post("/webhooks/{webhook_id}/test", allow=_ONE, tx=None)
async def test_own_webhook(call: Call, req: wire.TestOwnWebhook) -> wire.TestResult:
    return wire.TestResult.of(await _tested(call, req.webhook_id, req.event))


@own.get("/webhooks/{webhook_id}/deliveries", allow=_ONE)
async def list_webhook_deliveries(call: Call, req: wire.ListDeliveries) -> wire.ListDeliveriesResponse:
    found, token = await webhooks.deliveries(
        call.tx, call.workspace, req.webhook_id,
        state=req.state, max_results=req.max_results, page_token=req.page_token,
    )  # fmt: skip
    return wire.ListDeliveriesResponse([wire.DeliveryInfo.of(each, tries) for each, tries in found], token)


@own.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/send-again", allow=_ONE)
async def send_webhook_delivery_again(call: Call, req: wire.DeliveryById) -> None:
    await webhooks.send_again(call.tx, call.workspace, req.webhook_id, req.delivery_id)


routes = [*mlflow, *platform, *own]
