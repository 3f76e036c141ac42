"""Webhooks as the platform's registry has them: its names, its payload, its signature; and who may."""

import hashlib
import hmac
import json

import pytest

from features.webhooks.conftest import OWN

CREATE, LIST = "registry-webhooks/create", "registry-webhooks/list"


@pytest.fixture
def model(client) -> str:
    client.post("registered-models/create", name="iris")
    client.post("model-versions/create", name="iris", source="s3://b/m", run_id="r")
    return "iris"


def made(client, receiver, *events: str, **fields):
    spec = {"url": receiver.url, "secret": "sesame", "authorization": "Bearer x"}
    return client.post(CREATE, events=list(events), http_url_spec=spec, **fields)["webhook"]


def test_payload_and_signature(client, receiver, deliver, model):
    at = {"name": model, "version": "1"}
    hook = made(client, receiver, "MODEL_VERSION_TRANSITIONED_STAGE", "MODEL_VERSION_TAG_SET", model_name=model)
    client.post("model-versions/transition-stage", **at, stage="Staging")
    client.post("model-versions/set-tag", **at, key="k", value="v")
    deliver()
    moved, tagged = sorted(receiver.bodies(), key=lambda each: each["event"], reverse=True)
    assert moved == {
        "event": "MODEL_VERSION_TRANSITIONED_STAGE", "webhook_id": hook["id"], "model_name": model, "version": "1",
        "event_timestamp": moved["event_timestamp"], "from_stage": "None", "to_stage": "Staging",
        "text": "Version 1 of registered model 'iris' moved from stage 'None' to 'Staging'.",
    }  # fmt: skip
    assert tagged["tags"] == [{"key": "k", "value": "v"}]
    for headers, body in receiver.requests:
        assert headers["x-databricks-signature"] == hmac.new(b"sesame", body, hashlib.sha256).hexdigest()
        assert headers["authorization"] == "Bearer x"


@pytest.mark.parametrize("stage", ["Staging", "Production", "Archived"])
def test_one_stage_alone(client, receiver, deliver, model, stage):
    made(client, receiver, f"MODEL_VERSION_TRANSITIONED_TO_{stage.upper()}")
    for each in ("Staging", "Production", "Archived"):
        client.post("model-versions/transition-stage", name=model, version="1", stage=each)
    deliver()
    assert [each["to_stage"] for each in receiver.bodies()] == [stage]


def test_comments_and_requests(client, receiver, deliver, model):
    at = {"name": model, "version": "1"}
    asked = ["COMMENT_CREATED", *(f"TRANSITION_REQUEST_{to}CREATED" for to in ("", "TO_STAGING_", "TO_PRODUCTION_"))]
    hook = made(client, receiver, *asked, model_name=model)
    assert hook["events"] == asked
    client.post("comments/create", **at, comment="good")
    client.post("transition-requests/create", **at, stage="Production", comment="now")
    client.post("transition-requests/approve", **at, stage="Production", comment="yes")  # no comment of its own
    deliver()
    told = {each["event"]: each for each in receiver.bodies()}
    assert set(told) == {"COMMENT_CREATED", "TRANSITION_REQUEST_CREATED", "TRANSITION_REQUEST_TO_PRODUCTION_CREATED"}
    assert told["COMMENT_CREATED"]["text"] == "owner commented on version 1 of registered model 'iris'."
    wanted = {"from_stage": "None", "to_stage": "Production", "comment": "now", "user_id": "owner", "model_name": model}
    assert wanted.items() <= told["TRANSITION_REQUEST_TO_PRODUCTION_CREATED"].items()


def test_all_dialects_see_the_same(client, receiver, make, model):
    theirs = made(client, receiver, "MODEL_VERSION_CREATED", description="d", model_name=model, status="TEST_MODE")
    ours = make("model_version.created", "run.failed")
    listed = {each["id"]: each for each in client.get(LIST)["webhooks"]}
    assert set(listed) == {ours, theirs["id"]}
    assert [each["id"] for each in client.get(LIST, model_name=model)["webhooks"]] == [theirs["id"]]
    assert client.get(LIST, events="MODEL_VERSION_TAG_SET")["webhooks"] == []
    assert listed[theirs["id"]] == theirs
    assert "sesame" not in json.dumps(client.call("GET", f"{OWN}/{theirs['id']}"))
    assert client.get(f"webhooks/{theirs['id']}")["webhook"]["status"] == "DISABLED"
    changed = {"id": ours, "events": ["MODEL_VERSION_TAG_SET"], "status": "DISABLED"}
    client.call("PATCH", "registry-webhooks/update", json=changed)
    kept = client.call("GET", f"{OWN}/{ours}")["webhook"]
    assert (kept["events"], kept["status"]) == (["model_version_tag.set", "run.failed"], "DISABLED")


def test_a_test_call(client, receiver, model):
    hook = made(client, receiver, "MODEL_VERSION_CREATED", model_name=model, status="TEST_MODE")
    assert client.post("registry-webhooks/test", id=hook["id"]) == {"status_code": 200, "body": "ok"}
    client.post("registry-webhooks/test", id=hook["id"], event="MODEL_VERSION_TRANSITIONED_STAGE")
    assert [each["event"] for each in receiver.bodies()] == [
        "MODEL_VERSION_CREATED", "MODEL_VERSION_TRANSITIONED_STAGE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"events": []}, {"events": ["MODEL_DELETED"]}, {"events": ["REGISTERED_MODEL_CREATED"], "model_name": "iris"},
        {"http_url_spec": None}, {"http_url_spec": {"url": "file:///etc/passwd"}}, {"http_url_spec": {}},
        {"http_url_spec": {"url": "https://x", "enable_ssl_verification": False}}, {"status": "ASLEEP"},
        {"http_url_spec": {"url": "https://x", "authorization": "a\r\nb: c"}},
        {"job_spec": {"job_id": "1", "access_token": "t"}},
    ],
)  # fmt: skip
def test_what_is_none(client, model, wrong):
    given = {"events": ["MODEL_VERSION_CREATED"], "http_url_spec": {"url": "https://x.example.com"}} | wrong
    assert client.refused("POST", CREATE, given).status == 400
    assert client.get(LIST)["webhooks"] == []


def test_who_manages_a_model_manages_its_webhooks_and_no_others(client, callers, server, receiver, model):
    """Others who may read or edit it do not."""
    owner = callers.member
    owner.post("registered-models/create", name="hers")
    fields = {"name": "hook", "url": receiver.url, "events": ["model_version.created"]}
    hers = owner.call("POST", OWN, json=fields | {"model_name": "hers"})["webhook"]["webhook_id"]
    assert [each["webhook_id"] for each in owner.call("GET", OWN, params={"model_name": "hers"})["webhooks"]] == [hers]
    for refused in (fields, fields | {"model_name": model}):
        assert owner.refused("POST", OWN, refused).status == 403
    assert owner.refused("GET", OWN).status == 403
    of_all = client.call("POST", OWN, json=fields)["webhook"]["webhook_id"]
    assert owner.refused("GET", f"{OWN}/{of_all}").status == 404
    for other in (callers.reader, callers.editor):
        assert other.refused("GET", f"{OWN}/{hers}").status == 403
        assert other.refused("POST", f"{OWN}/{hers}/test").status == 403
    assert callers.manager.call("GET", f"{OWN}/{hers}")["webhook"]["model_name"] == "hers"
    assert owner.call("DELETE", f"{OWN}/{hers}") == {}
