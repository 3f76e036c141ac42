"""What is told: an event for each thing that happens, in the same transaction, to whoever asked for it."""

import asyncio
import json

import asyncpg
import pytest

from features.webhooks.conftest import OWN
from lakeward.webhooks.records import EVENTS

PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]


@pytest.fixture
def told(make, log):
    """All events of the workspace, as (event, data)."""
    hook = make(*sorted(EVENTS))
    return lambda: [(each["event"], json.loads(each["body"])["data"]) for each in log(hook)]


def test_models(client, told):
    tags = [{"key": "a", "value": "b"}]
    at = {"name": "m", "version": "1"}
    client.post("registered-models/create", name="m", tags=tags, description="d")
    client.post("model-versions/create", name="m", source="s3://b/m", tags=tags, run_id="r")
    client.post("registered-models/set-tag", name="m", key="k", value="v")
    client.post("model-versions/set-tag", **at, key="k", value="v")
    client.call("DELETE", "model-versions/delete-tag", json=at | {"key": "k"})
    client.post("registered-models/alias", **at, alias="champion")
    client.call("DELETE", "registered-models/alias", json={"name": "m", "alias": "champion"})
    client.post("model-versions/transition-stage", **at, stage="Production")
    client.call("DELETE", "model-versions/delete", json=at)
    client.call("DELETE", "registered-models/delete", json={"name": "m"})
    one = {"tags": {"a": "b"}, "description": None, "source": "s3://b/m", "run_id": "r"}
    assert told() == [
        ("registered_model.created", {"name": "m", "tags": {"a": "b"}, "description": "d"}),
        ("model_version.created", at | one),
        ("model_version.ready", at),
        ("registered_model_tag.set", {"name": "m", "key": "k", "value": "v"}),
        ("model_version_tag.set", at | {"key": "k", "value": "v"}),
        ("model_version_tag.deleted", at | {"key": "k"}),
        ("model_version_alias.created", at | {"alias": "champion"}),
        ("model_version_alias.deleted", {"name": "m", "alias": "champion"}),
        ("model_version.stage_set", at | {"from_stage": "None", "to_stage": "Production"}),
        ("model_version.to_production", at | {"from_stage": "None", "to_stage": "Production"}),
        ("model_version.deleted", at),
        ("registered_model.deleted", {"name": "main.default.m"}),
    ]


def test_prompts(client, told):
    at = {"name": "p", "version": "1"}
    text = [{"key": "mlflow.prompt.text", "value": "Hi"}, {"key": "k", "value": "v"}]
    client.post("registered-models/create", name="p", tags=[*PROMPT, {"key": "k", "value": "v"}])
    client.post("model-versions/create", name="p", source="dummy-source", tags=PROMPT + text, description="first")
    client.post("registered-models/set-tag", name="p", key="k", value="w")
    client.post("registered-models/alias", **at, alias="live")
    client.call("DELETE", "model-versions/delete", json=at)
    assert told() == [
        ("prompt.created", {"name": "p", "tags": {"k": "v"}, "description": ""}),
        ("prompt_version.created", at | {"template": "Hi", "tags": {"k": "v"}, "description": "first"}),
        ("prompt_tag.set", {"name": "p", "key": "k", "value": "w"}),
        ("prompt_alias.created", at | {"alias": "live"}),
        ("prompt_alias.deleted", {"name": "p", "alias": "live"}),
        ("prompt_version.deleted", at),
    ]


def test_an_uploaded_version_is_ready_when_it_is_finalized(client, told):
    full = "main.default.u"
    client.post("unity-catalog/registered-models/create", name=full)
    client.post("unity-catalog/model-versions/create", name=full, source="s3://b/m")
    assert "model_version.ready" not in dict(told())
    client.post("unity-catalog/model-versions/finalize", name=full, version="1")
    assert told()[-1] == ("model_version.ready", {"name": full, "version": "1"})


def test_runs(client, told):
    experiment = client.experiment()
    for status in ("FINISHED", "FAILED", "KILLED", "RUNNING"):
        run = client.run(experiment, run_name="r")
        client.post("runs/update", run_id=run, status=status, end_time=7)
        client.post("runs/update", run_id=run, status=status, end_time=8)
    found = told()
    assert [event for event, _ in found] == ["run.finished", "run.failed", "run.killed"]
    assert {key: found[1][1][key] for key in ("status", "end_time", "experiment_id", "run_name")} == {
        "status": "FAILED", "end_time": 7, "experiment_id": experiment, "run_name": "r",
    }  # fmt: skip


def test_assessments(client, told):
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": client.experiment()}}
    info = {"trace_id": "tr-1", "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
    client.post("/api/3.0/mlflow/traces", trace={"trace_info": info})
    path = "/api/3.0/mlflow/traces/tr-1/assessments"
    made = client.post(path, assessment={"assessment_name": "good", "feedback": {"value": True}, "rationale": "why"})
    change = {"assessment": {"rationale": "because"}, "update_mask": "rationale"}
    client.call("PATCH", f"{path}/{made['assessment']['assessment_id']}", json=change)
    created, updated = told()
    assert (created[0], updated[0]) == ("assessment.created", "assessment.updated")
    assert {key: created[1][key] for key in ("trace_id", "name", "value", "rationale", "kind")} == {
        "trace_id": "tr-1", "name": "good", "value": True, "rationale": "why", "kind": "feedback",
    }  # fmt: skip
    assert updated[1]["rationale"] == "because"


def test_an_odd_value_fails_nobody(client, told):
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": client.experiment()}}
    info = {"trace_id": "tr-2", "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
    client.post("/api/3.0/mlflow/traces", trace={"trace_info": info})
    body = b'{"assessment": {"assessment_name": "odd", "feedback": {"value": "\\ud800"}}}'
    answer = client.request("POST", "/api/3.0/mlflow/traces/tr-2/assessments", content=body)
    assert answer.status_code < 500
    if answer.status_code == 200:
        assert [event for event, _ in told()] == ["assessment.created"]


def test_what_did_not_happen_is_not_told(client, told):
    assert client.refused("POST", "model-versions/create", {"name": "none", "source": "s3://b"}).status == 404
    client.post("registered-models/create", name="m")
    assert client.refused("POST", "model-versions/create", {"name": "m", "source": "../x"}).status == 400
    assert [event for event, _ in told()] == ["registered_model.created"]


def test_only_what_was_asked_for_and_only_in_the_workspace(client, callers, make, log):
    hook = make("model_version.created")
    other = make("model_version.created", status="DISABLED")
    stranger = callers.stranger
    for caller in (client, stranger):
        caller.post("registered-models/create", name="m")
        caller.post("model-versions/create", name="m", source="s3://b/m")
    [found] = log(hook)
    assert json.loads(found["body"])["workspace"] == "default"
    assert log(other) == []


def test_of_one_model_alone(client, server, make, log):
    """Whatever happens to it, its end too, and to nothing else; then nothing is left to hear of."""
    for name in ("mine", "other"):
        client.post("registered-models/create", name=name)
    hook = make("model_version.created", "registered_model_tag.set", "registered_model.deleted", model_name="mine")
    for name in ("mine", "other"):
        client.post("model-versions/create", name=name, source="s3://b/m")
        client.post("registered-models/set-tag", name=name, key="k", value="v")
        client.call("DELETE", "registered-models/delete", json={"name": name})
    client.post("registered-models/create", name="mine")
    client.post("model-versions/create", name="mine", source="s3://b/m")
    events = [(each["event"], json.loads(each["body"])["data"]["name"]) for each in log(hook)]
    assert events == [
        ("model_version.created", "mine"), ("registered_model_tag.set", "mine"),
        ("registered_model.deleted", "main.default.mine"),
    ]  # fmt: skip


def test_one_model_has_no_runs(client, make):
    client.post("registered-models/create", name="mine")
    fields = {"name": "hook", "url": "https://x.example.com/", "events": ["run.failed"], "model_name": "mine"}
    assert client.refused("POST", OWN, fields).status == 400
    assert client.refused("POST", OWN, fields | {"events": ["model_version.ready"], "model_name": "none"}).status == 404
    hook = make("model_version.ready", model_name="mine")
    assert client.refused("PATCH", f"{OWN}/{hook}", {"events": ["run.failed"]}).status == 400


def test_what_happens_is_undone_with_its_events(client, server, told):
    """An event is written by the transaction that it tells of."""
    run = client.run()

    async def half() -> None:
        connection = await asyncpg.connect(server.backend.dsn_of(server.database))
        try:
            change = connection.transaction()
            await change.start()
            await connection.execute("UPDATE run SET status = 'FAILED' WHERE run_id = $1", run)
            assert await connection.fetchval("SELECT count(*) FROM webhook_delivery") == 1
            await change.rollback()
        finally:
            await connection.close()

    asyncio.run(half())
    assert told() == []


def test_only_what_has_events_pays_for_them(server):
    """Metrics, params and tags of runs are written without a trigger, and a run's end alone has one."""
    rows = server.sql("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'webhook%' ORDER BY 1")
    assert [row[0].partition(" FOR EACH ")[0].partition(" webhook_")[2] for row in rows] == [
        "created AFTER INSERT ON public.trace_assessment",
        "event AFTER INSERT ON public.registry_activity",
        "event AFTER INSERT ON public.transition_request",
        "event AFTER INSERT ON public.version_comment",
        "event AFTER UPDATE OF status ON public.run",
        "updated AFTER UPDATE OF value, rationale, name ON public.trace_assessment",
    ]
