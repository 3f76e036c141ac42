"""Webhooks as objects: MLflow's API, our own, and what lies in the database."""

import pytest
from audit_log import events

from features.webhooks.conftest import OWN
from lakeward.webhooks.records import EVENTS
from lakeward.webhooks.samples import SAMPLES

URL = "https://hooks.example.com/x"
CREATED = {"entity": "MODEL_VERSION", "action": "CREATED"}


def made(client, **fields):
    given = {"name": "deploy", "url": URL, "events": [CREATED]} | fields
    return client.post("webhooks", **given)["webhook"]


def test_as_mlflow_knows_it(client):
    hook = made(client, description="d", secret="sesame")
    assert hook == {
        "webhook_id": hook["webhook_id"], "name": "deploy", "url": URL, "events": [CREATED], "status": "ACTIVE",
        "creation_timestamp": hook["creation_timestamp"], "last_updated_timestamp": hook["creation_timestamp"],
        "description": "d",
    }  # fmt: skip
    path = f"webhooks/{hook['webhook_id']}"
    assert client.get(path)["webhook"] == hook
    changed = client.call("PATCH", path, json={"status": "DISABLED", "name": "x"})["webhook"]
    assert (changed["status"], changed["name"], changed["events"]) == ("DISABLED", "x", [CREATED])
    assert client.call("DELETE", path) == {}
    refused = client.refused("GET", path)
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_pages(client):
    ids = [made(client, name=f"n{number}")["webhook_id"] for number in range(5)]
    seen, token = [], None
    while True:
        page = client.get("webhooks", max_results=2, **({"page_token": token} if token else {}))
        seen += [each["webhook_id"] for each in page["webhooks"]]
        token = page.get("next_page_token")
        if not token:
            break
    assert sorted(seen) == sorted(ids)


def test_own_events_are_kept_from_mlflows_clients(client):
    fields = {"name": "own", "url": URL, "events": ["run.failed", "model_version.created"]}
    both = client.call("POST", OWN, json=fields)["webhook"]
    client.call("POST", OWN, json=fields | {"events": ["run.failed"]})
    assert [each["events"] for each in client.get("webhooks")["webhooks"]] == [[CREATED]]
    tag = {"entity": "MODEL_VERSION_TAG", "action": "SET"}
    client.call("PATCH", f"webhooks/{both['webhook_id']}", json={"events": [tag]})
    kept = client.call("GET", f"{OWN}/{both['webhook_id']}")["webhook"]
    assert set(kept["events"]) == {"model_version_tag.set", "run.failed"}
    assert len(client.call("GET", OWN)["webhooks"]) == 2


def test_secrets_lie_sealed_and_go_with_the_webhook(client, server):
    hook = made(client, secret="sesame-open")
    path = f"{OWN}/{hook['webhook_id']}"
    assert client.call("GET", path)["webhook"]["has_secret"] is True
    rows = str(server.sql("SELECT w::text FROM webhook w UNION ALL SELECT d::text FROM data_key d"))
    assert "sesame" not in rows
    assert b"sesame-open".hex() not in rows
    client.call("PATCH", path, json={"secret": "another"})
    assert server.sql("SELECT count(*) FROM data_key")[0][0] == 1
    client.call("PATCH", path, json={"secret": ""})
    assert client.call("GET", path)["webhook"]["has_secret"] is False
    client.call("PATCH", path, json={"secret": "again"})
    client.call("DELETE", path)
    assert server.sql("SELECT count(*) FROM data_key")[0][0] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "a b"}, {"name": "-a"}, {"name": "a" * 64},
        {"url": ""}, {"url": "ftp://x/y"}, {"url": "https://"}, {"url": "https://u:p@x/"}, {"url": "file:///etc/passwd"},
        {"url": "https://x/ y"}, {"url": "https://x:99999/"}, {"url": "https://x/" + "a" * 2000},
        {"events": []}, {"events": [{"entity": "RUN", "action": "CREATED"}]}, {"status": "ASLEEP"},
        {"status": "TEST_MODE"},
        {"secret": "s" * 1001}, {"description": "d" * 5001},
    ],
)  # fmt: skip
def test_what_is_no_webhook(client, wrong):
    given = {"name": "deploy", "url": URL, "events": [CREATED]} | wrong
    assert client.refused("POST", "webhooks", given).status == 400
    assert client.get("webhooks")["webhooks"] == []


def test_a_test_call(client, server, receiver, make):
    hook = make("model_version.created", secret="sesame")
    found = client.post(f"webhooks/{hook}/test")["result"]
    assert found == {"success": True, "response_status": 200, "response_body": "ok"}
    named = {"entity": "PROMPT", "action": "CREATED"}
    client.post(f"webhooks/{hook}/test", event=named)
    client.call("POST", f"{OWN}/{hook}/test", json={"event": "run.failed"})
    assert [(each["entity"], each["action"]) for each in receiver.bodies()] == [
        ("model_version", "created"), ("prompt", "created"), ("run", "failed"),
    ]  # fmt: skip
    receiver.answers = [503]
    assert client.post(f"webhooks/{hook}/test")["result"]["success"] is False
    assert client.refused("POST", f"{OWN}/{hook}/test", {"event": "no.event"}).status == 400


@pytest.mark.parametrize("url", ["http://localhost:{}/", "http://169.254.169.254/latest/", "http://10.0.0.1/"])
def test_addresses_inside_are_refused(client, receiver, make, url):
    """`localhost` is not named in outbound_hosts, though 127.0.0.1 is."""
    hook = make("run.failed", url=url.format(receiver.port))
    found = client.call("POST", f"{OWN}/{hook}/test")
    assert found["success"] is False
    assert "refused" in found["error_message"]
    assert receiver.requests == []


def test_the_audit_log_says_what_was_done_and_no_secret(client, make):
    hook = make("run.failed", secret="open-sesame", authorization="Bearer sesame", url="https://x.example.com/sesame")
    client.call("PATCH", f"{OWN}/{hook}", json={"status": "DISABLED"})
    client.call("DELETE", f"{OWN}/{hook}")
    found = [(each["action_name"], each["request_params"]) for each in events(client)]
    assert found[-3:] == [
        ("createRegistryWebhook", {"name": "hook", "status": "ACTIVE"}),
        ("updateRegistryWebhook", {"webhook_id": hook, "status": "DISABLED"}),
        ("deleteRegistryWebhook", {"webhook_id": hook}),
    ]


def test_every_event_has_a_sample():
    assert set(SAMPLES) == EVENTS
