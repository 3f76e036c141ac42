"""Webhooks by MLflow's client; delivery by the real worker is proved by the server's own suite."""

import uuid

import pytest
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookStatus
from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.modes("http")
URL = "https://hooks.example.com/x"


@pytest.fixture
def name() -> str:
    return f"hook-{uuid.uuid4().hex[:12]}"


def test_a_webhook_from_first_to_last(client: MlflowClient, name):
    events = ["registered_model.created", "model_version_alias.created", "prompt_version_tag.deleted"]
    made = client.create_webhook(name, URL, events, description="d", secret="sesame")
    assert (made.name, made.url, made.status, made.description) == (name, URL, WebhookStatus.ACTIVE, "d")
    assert [str(each) for each in made.events] == events
    assert client.get_webhook(made.webhook_id).name == name
    assert made.webhook_id in [each.webhook_id for each in client.list_webhooks()]
    changed = client.update_webhook(made.webhook_id, status="DISABLED", events=["prompt.created"])
    assert (changed.status, [str(each) for each in changed.events]) == (WebhookStatus.DISABLED, ["prompt.created"])
    assert changed.last_updated_timestamp >= made.creation_timestamp
    client.delete_webhook(made.webhook_id)
    with pytest.raises(MlflowException) as caught:
        client.get_webhook(made.webhook_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_test_call_says_what_is_wrong(client: MlflowClient, name):
    """Addresses inside the server's network are refused."""
    made = client.create_webhook(name, "http://127.0.0.1:9/x", ["prompt.created"])
    result = client.test_webhook(made.webhook_id)
    assert result.success is False
    assert result.error_message
    assert client.test_webhook(made.webhook_id, "model_version.created").success is False
    client.delete_webhook(made.webhook_id)


def test_pages(client: MlflowClient, name):
    ids = [client.create_webhook(f"{name}-{number}", URL, ["prompt.created"]).webhook_id for number in range(3)]
    page = client.list_webhooks(max_results=2)
    assert (len(page), bool(page.token)) == (2, True)
    assert client.list_webhooks(max_results=2, page_token=page.token)
    for webhook in ids:
        client.delete_webhook(webhook)
