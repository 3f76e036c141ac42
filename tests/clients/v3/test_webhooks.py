"""Webhooks by MLflow's client, over http and with the registry `databricks`, and by `databricks-sdk`."""

import contextlib
import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.ml import HttpUrlSpec, RegistryWebhookEvent, RegistryWebhookStatus
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookStatus
from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.beyond
URL = "https://hooks.example.com/x"


@pytest.fixture
def client(side) -> MlflowClient:
    return MlflowClient(tracking_uri=side.uri, registry_uri=side.uri)


@pytest.fixture
def name() -> str:
    return f"hook-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def made(client: MlflowClient, name: str):
    """Makes webhooks that are gone after the test."""
    with contextlib.ExitStack() as stack:

        def forget(webhook: str) -> None:
            with contextlib.suppress(MlflowException):  # the test deleted it
                client.delete_webhook(webhook)

        def make(*events: str, **fields: str):
            hook = client.create_webhook(**{"name": name, "url": URL, "events": list(events)} | fields)
            stack.callback(forget, hook.webhook_id)
            return hook

        yield make


def test_a_webhook_from_first_to_last(client: MlflowClient, made, name):
    events = ["registered_model.created", "model_version_alias.created", "prompt_version_tag.deleted"]
    hook = made(*events, description="d", secret="sesame")
    assert (hook.name, hook.url, hook.status, hook.description) == (name, URL, WebhookStatus.ACTIVE, "d")
    assert [str(each) for each in hook.events] == events
    found = client.get_webhook(hook.webhook_id)
    assert (found.name, found.secret) == (name, None)
    assert hook.webhook_id in [each.webhook_id for each in client.list_webhooks()]
    changed = client.update_webhook(hook.webhook_id, status="DISABLED", events=["prompt.created"])
    assert (changed.status, [str(each) for each in changed.events]) == (WebhookStatus.DISABLED, ["prompt.created"])
    assert (changed.name, changed.url, changed.description) == (name, URL, "d")
    assert changed.last_updated_timestamp >= hook.creation_timestamp
    client.delete_webhook(hook.webhook_id)
    for gone in (client.get_webhook, client.delete_webhook, client.test_webhook):
        with pytest.raises(MlflowException) as caught:
            gone(hook.webhook_id)
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_test_call_says_what_is_wrong(client: MlflowClient, made):
    """Addresses inside the server's network are refused."""
    hook = made("prompt.created", url="http://127.0.0.1:9/x")
    result = client.test_webhook(hook.webhook_id)
    assert (result.success, result.response_status) == (False, None)
    assert "not a public address" in result.error_message
    assert client.test_webhook(hook.webhook_id, "model_version.created").success is False


@pytest.mark.parametrize(
    "wrong", [{"url": "file:///etc/passwd"}, {"name": "a b"}, {"url": "https://u:p@x.example.com"}]
)
def test_what_is_no_webhook(made, wrong):
    with pytest.raises(MlflowException) as caught:
        made("prompt.created", **wrong)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_pages(client: MlflowClient, made):
    ids = {made("prompt.created").webhook_id for _ in range(3)}
    seen, token = set(), None
    while token != "":
        page = client.list_webhooks(max_results=2, page_token=token)
        assert len(page) <= 2
        seen |= {each.webhook_id for each in page}
        token = page.token or ""
    assert ids <= seen


@pytest.mark.modes("databricks")
def test_the_platforms_registry_webhooks(side, client: MlflowClient, made, name):
    api = WorkspaceClient(host=side.server.url, token=side.server.token).model_registry
    client.create_registered_model(name)
    events = [RegistryWebhookEvent.MODEL_VERSION_CREATED, RegistryWebhookEvent.MODEL_VERSION_TRANSITIONED_TO_PRODUCTION]
    spec = HttpUrlSpec(url="http://127.0.0.1:9/x", secret="sesame", authorization="Bearer x")
    hook = api.create_webhook(events, model_name=name, http_url_spec=spec, description="d").webhook
    assert (hook.model_name, hook.events, hook.description) == (name, events, "d")
    assert (hook.http_url_spec.url, hook.status) == (spec.url, RegistryWebhookStatus.ACTIVE)
    assert [each.id for each in api.list_webhooks(model_name=name)] == [hook.id]
    assert list(api.list_webhooks(events=[RegistryWebhookEvent.MODEL_VERSION_TAG_SET], model_name=name)) == []
    mlflows = made("model_version.created").webhook_id
    assert {hook.id, mlflows} <= {each.id for each in api.list_webhooks()}
    assert client.get_webhook(hook.id).url == spec.url
    answer = api.test_registry_webhook(hook.id)
    assert answer.status_code is None
    assert "not a public address" in answer.body
    changed = api.update_webhook(hook.id, status=RegistryWebhookStatus.TEST_MODE, events=events[:1]).webhook
    assert (changed.status, changed.events) == (RegistryWebhookStatus.TEST_MODE, events[:1])
    api.delete_webhook(hook.id)
    with pytest.raises(NotFound):
        api.delete_webhook(hook.id)
    every = api.create_webhook(list(RegistryWebhookEvent), http_url_spec=spec).webhook
    api.delete_webhook(every.id)
    assert set(every.events) == set(RegistryWebhookEvent)
    client.delete_registered_model(name)
