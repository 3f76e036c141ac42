"""The HTTP surface of webhooks: as MLflow's clients know them, and our own with all events and the delivery log."""

from lakeward.runtime.crypto import Vault
from lakeward.runtime.http import MANAGE, MLFLOW_2_0, Call, Routes
from lakeward.runtime.outbound import Outbound
from lakeward.webhooks import sending, webhooks, wire
from lakeward.webhooks.webhooks import Changes

mlflow = Routes("webhooks", MLFLOW_2_0)
own = Routes("webhooks", ("/api/2.0/lakeward",))


def _vault(call: Call) -> Vault:
    return Vault(call.settings.master_key_source)


@mlflow.post("/webhooks", allow=MANAGE)
async def create_webhook(call: Call, req: wire.CreateWebhook) -> wire.WebhookResponse:
    asked = Changes(req.name, req.description, req.url, wire.names_of(req.events), req.secret, req.status)
    made = await webhooks.create(call.tx, _vault(call), call.workspace, asked)
    return wire.WebhookResponse(wire.Webhook.of(made))


@mlflow.get("/webhooks", allow=MANAGE)
async def list_webhooks(call: Call, req: wire.ListWebhooks) -> wire.ListWebhooksResponse:
    found, token = await webhooks.page(
        call.tx, call.workspace, known_to_mlflow=True, max_results=req.max_results, page_token=req.page_token
    )
    return wire.ListWebhooksResponse([wire.Webhook.of(each) for each in found], token)


@mlflow.get("/webhooks/{webhook_id}", allow=MANAGE)
async def get_webhook(call: Call, req: wire.WebhookById) -> wire.WebhookResponse:
    return wire.WebhookResponse(wire.Webhook.of(await webhooks.get(call.tx, call.workspace, req.webhook_id)))


@mlflow.patch("/webhooks/{webhook_id}", allow=MANAGE)
async def update_webhook(call: Call, req: wire.UpdateWebhook) -> wire.WebhookResponse:
    events = wire.names_of(req.events) or None
    asked = Changes(req.name, req.description, req.url, events, req.secret, req.status)
    changed = await webhooks.update(call.tx, _vault(call), call.workspace, req.webhook_id, asked, keep_own=True)
    return wire.WebhookResponse(wire.Webhook.of(changed))


@mlflow.delete("/webhooks/{webhook_id}", allow=MANAGE)
async def delete_webhook(call: Call, req: wire.WebhookById) -> None:
    await webhooks.delete(call.tx, call.workspace, req.webhook_id)


@mlflow.post("/webhooks/{webhook_id}/test", allow=MANAGE, tx=None)
async def test_webhook(call: Call, req: wire.TestWebhook) -> wire.TestWebhookResponse:
    event = wire.names_of([req.event])[0] if req.event else ""
    return wire.TestWebhookResponse(await _tested(call, req.webhook_id, event))


async def _tested(call: Call, webhook_id: str, event: str) -> wire.TestResult:
    async with call.db.connection() as connection:
        found = await webhooks.get(connection, call.workspace, webhook_id)
        secret = await webhooks.secret_of(connection, _vault(call), found)
    outbound = Outbound(call.settings.outbound_hosts)
    try:
        answer = await sending.try_out(outbound, found, secret, event)
    finally:
        await outbound.close()
    return wire.TestResult(answer.taken, answer.status, answer.text or None, answer.problem or None)


# ── our own ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@own.post("/webhooks", allow=MANAGE)
async def create_own_webhook(call: Call, req: wire.CreateOwnWebhook) -> wire.OwnWebhookResponse:
    asked = Changes(req.name, req.description, req.url, req.events, req.secret, req.status)
    made = await webhooks.create(call.tx, _vault(call), call.workspace, asked)
    return wire.OwnWebhookResponse(wire.OwnWebhook.of(made))


@own.get("/webhooks", allow=MANAGE)
async def list_own_webhooks(call: Call, req: wire.ListWebhooks) -> wire.ListOwnWebhooksResponse:
    found, token = await webhooks.page(
        call.tx, call.workspace, known_to_mlflow=False, max_results=req.max_results, page_token=req.page_token
    )
    return wire.ListOwnWebhooksResponse([wire.OwnWebhook.of(each) for each in found], token)


@own.get("/webhooks/{webhook_id}", allow=MANAGE)
async def get_own_webhook(call: Call, req: wire.WebhookById) -> wire.OwnWebhookResponse:
    return wire.OwnWebhookResponse(wire.OwnWebhook.of(await webhooks.get(call.tx, call.workspace, req.webhook_id)))


@own.patch("/webhooks/{webhook_id}", allow=MANAGE)
async def update_own_webhook(call: Call, req: wire.UpdateOwnWebhook) -> wire.OwnWebhookResponse:
    asked = Changes(req.name, req.description, req.url, req.events, req.secret, req.status)
    changed = await webhooks.update(call.tx, _vault(call), call.workspace, req.webhook_id, asked)
    return wire.OwnWebhookResponse(wire.OwnWebhook.of(changed))


@own.delete("/webhooks/{webhook_id}", allow=MANAGE)
async def delete_own_webhook(call: Call, req: wire.WebhookById) -> None:
    await webhooks.delete(call.tx, call.workspace, req.webhook_id)


@own.post("/webhooks/{webhook_id}/test", allow=MANAGE, tx=None)
async def test_own_webhook(call: Call, req: wire.TestOwnWebhook) -> wire.TestResult:
    return await _tested(call, req.webhook_id, req.event)


@own.get("/webhooks/{webhook_id}/deliveries", allow=MANAGE)
async def list_webhook_deliveries(call: Call, req: wire.ListDeliveries) -> wire.ListDeliveriesResponse:
    found, token = await webhooks.deliveries(
        call.tx, call.workspace, req.webhook_id,
        state=req.state, max_results=req.max_results, page_token=req.page_token,
    )  # fmt: skip
    return wire.ListDeliveriesResponse([wire.DeliveryInfo.of(each, tries) for each, tries in found], token)


@own.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/send-again", allow=MANAGE)
async def send_webhook_delivery_again(call: Call, req: wire.DeliveryById) -> None:
    await webhooks.send_again(call.tx, call.workspace, req.webhook_id, req.delivery_id)


routes = [*mlflow, *own]
