"""What is recorded of a call: who, from where, what, on what, how it ended; with the call or not at all."""

import concurrent.futures
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from audit_log import API, as_owner_of_everything, events, eventually, verified

from lakeward.app import all_routes
from lakeward.audit import Recorder
from lakeward.audit.names import FIELDS, naming, recorded
from lakeward.runtime.http import READ, Role
from server import Answer, Caller, Callers, Server

SECRET = "open-sesame-1234"
_names = itertools.count(1)


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def callers(server: Server) -> Callers:
    return Callers(server)


def one(client: Caller, **search: object) -> dict[str, object]:
    [found] = events(client, **search)
    return found


def test_a_change_is_recorded_with_all_that_matters(client: Caller, callers: Callers) -> None:
    name = f"recorded {next(_names)}"
    answer = callers.editor.request(
        "POST",
        "experiments/create",
        json={"name": name},
        headers={"user-agent": "tester/1", "x-forwarded-for": "9.9.9.9"},
    )
    event = one(client, request_id=answer.headers["x-request-id"])
    assert event["principal"] == "editor"
    assert event["source_ip_address"] == "9.9.9.9"  # a proxy on this machine is believed
    assert event["user_agent"] == "tester/1"
    assert (event["service_name"], event["action_name"]) == ("mlflowExperiment", "createMlflowExperiment")
    assert event["request_params"] == {"name": name, "forwarded_for": "9.9.9.9"}
    assert (event["status_code"], event["error_code"], event["workspace_id"], event["count"]) == (200, None, 1, 1)
    assert len(event["event_id"]) == 32


def test_reading_is_not_recorded_but_for_what_opens_something(client: Caller) -> None:
    experiment = client.experiment()
    for method, path, fields in (
        ("GET", "experiments/get", {"experiment_id": experiment}),
        ("POST", "runs/search", {"experiment_ids": [experiment]}),
        ("POST", "experiments/search", {}),
    ):
        kind = "params" if method == "GET" else "json"
        answer = client.request(method, path, **{kind: fields})
        assert events(client, request_id=answer.headers["x-request-id"]) == []
    client.post("/api/2.0/secrets/scopes/create", scope="opened")
    client.post("/api/2.0/secrets/put", scope="opened", key="k", string_value=SECRET)
    answer = client.request("GET", "/api/2.0/secrets/get", params={"scope": "opened", "key": "k"})
    event = one(client, request_id=answer.headers["x-request-id"])
    assert (event["service_name"], event["action_name"]) == ("secrets", "getSecret")
    assert event["request_params"] == {"scope": "opened", "key": "k"}


def test_a_failed_change_is_recorded_too(client: Caller) -> None:
    answer = client.request("POST", "experiments/delete", json={"experiment_id": "987654321"})
    event = one(client, request_id=answer.headers["x-request-id"])
    assert (event["status_code"], event["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert event["request_params"] == {"experiment_id": "987654321"}
    answer = client.request("POST", "experiments/create", content=b"{nonsense")
    assert one(client, request_id=answer.headers["x-request-id"])["status_code"] == 400


def test_denied_calls_are_recorded_whatever_they_ask_for(client: Caller, callers: Callers) -> None:
    answer = callers.nobody.request("GET", "experiments/get", params={"experiment_id": "0"})
    event = one(client, request_id=answer.headers["x-request-id"])
    assert (event["principal"], event["status_code"], event["error_code"]) == (None, 401, "UNAUTHENTICATED")
    assert event["action_name"] == "getExperiment"
    answer = callers.reader.request("POST", "runs/create", json={"experiment_id": "0"})
    event = one(client, request_id=answer.headers["x-request-id"])
    assert (event["principal"], event["status_code"]) == ("reader", 403)
    answer = client.request("GET", "experiments/search", headers={"origin": "http://evil.example"})
    event = one(client, request_id=answer.headers["x-request-id"])
    assert (event["status_code"], event["action_name"], event["principal"]) == (403, "request", None)
    answer = callers.editor.request("GET", API)
    [event] = client.get(API, request_id=answer.headers["x-request-id"], denied=True)["events"]
    assert (event["principal"], event["status_code"], event["action_name"]) == ("editor", 403, "readAuditLog")


def test_wrong_tokens_are_gathered(serving) -> None:
    """Who guesses tokens does not fill the disk."""
    with serving() as keeper:
        with serving(beside=keeper) as attacked:
            for number in range(50):
                attacked.bearer(f"lkw_{number}").refused("POST", "runs/create", {"experiment_id": "0"})
        found = eventually(lambda: (rows := events(keeper.local, denied=True)) and len(rows) == 2 and rows)
    assert sum(each["count"] for each in found) == 50
    assert "lkw_" not in json.dumps(found)


def test_a_call_that_does_not_commit_is_not_recorded_as_done(serving) -> None:
    with serving() as server:
        server.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'check_violation'; END $$"
        )
        server.sql(
            "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON experiment DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        answer = server.local.request("POST", "experiments/create", json={"name": "never"})
        assert answer.status_code == 500
        found = events(server.local)
        assert [(each["action_name"], each["status_code"]) for each in found] == [("createMlflowExperiment", 500)]
        assert [each["name"] for each in server.local.get("experiments/search", max_results=10)["experiments"]] == [
            "Default"
        ]


def test_what_cannot_be_recorded_is_not_done(serving) -> None:
    with serving() as server:
        server.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$"
        )
        server.sql("CREATE TRIGGER none BEFORE INSERT ON audit_inbox FOR EACH ROW EXECUTE FUNCTION refuse()")
        with pytest.raises(Answer) as refused:
            server.local.post("experiments/create", name="never")
        assert refused.value.status == 503
        found = server.local.get("experiments/search", max_results=10)["experiments"]
        assert [each["name"] for each in found] == ["Default"]


def test_what_cannot_be_recorded_of_the_registry_is_not_done(serving) -> None:
    """Its writes are one statement each, which records them as well; some are a transaction of several."""
    with serving() as server:
        client, model, full = server.local, {"name": "m"}, "main.default.u"
        native = "/api/2.1/unity-catalog/models"
        client.post("registered-models/create", name="m")
        client.post("model-versions/create", name="m", source="s3://b/m")
        logged = client.post("logged-models", experiment_id="0")["model"]["info"]["model_id"]
        client.post("unity-catalog/registered-models/create", name=full)
        client.post("unity-catalog/model-versions/create", name=full, source="s3://b/m")
        writes: list[tuple[str, str, dict[str, Any]]] = [
            ("POST", "registered-models/create", {"name": "n"}),
            ("POST", "registered-models/set-tag", model | {"key": "k", "value": "v"}),
            ("POST", "registered-models/set-tag", model | {"key": "mlflow.prompt.is_prompt", "value": "true"}),
            ("POST", "registered-models/alias", model | {"alias": "a", "version": "1"}),
            ("POST", "model-versions/create", model | {"source": "s3://b/m"}),
            ("POST", "model-versions/create", model | {"source": f"models:/{logged}", "model_id": logged}),
            ("POST", "model-versions/set-tag", model | {"version": "1", "key": "k", "value": "v"}),
            ("POST", native, {"catalog_name": "main", "schema_name": "default", "name": "q"}),
            ("PATCH", f"{native}/{full}/versions/1/finalize", {}),
            ("POST", "unity-catalog/registered-models/create", {"name": "main.default.o"}),
            ("POST", "logged-models", {"experiment_id": "0", "params": [{"key": "k", "value": "v"}]}),
            ("POST", "unity-catalog/prompts", {"name": "main.default.p", "prompt": {"tags": []}}),
        ]

        def shown() -> list[Any]:
            tables = (
                "registered_model",
                "model_version",
                "registered_model_tag",
                "model_version_tag",
                "model_alias",
                "logged_model",
            )
            return [server.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]

        before, lines = shown(), len(events(client))
        server.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$"
        )
        server.sql("CREATE TRIGGER none BEFORE INSERT ON audit_inbox FOR EACH ROW EXECUTE FUNCTION refuse()")
        for method, path, body in writes:
            assert client.request(method, path, json=body).status_code == 503, path
        assert shown() == before
        server.sql("DROP TRIGGER none ON audit_inbox")
        for method, path, body in writes:
            answer = client.request(method, path, json=body)
            assert answer.status_code == 200, (path, answer.text)
        assert shown() != before
        assert len(events(client)) == lines + len(writes)  # one each, and no more


def test_no_value_is_recorded(serving) -> None:
    with serving() as server:
        client, token = server.local, server.token("somebody", role=Role.EDIT)
        caller = server.bearer(token)
        run = caller.run()
        caller.post("runs/log-parameter", run_id=run, key="p", value=SECRET)
        caller.post("runs/set-tag", run_id=run, key="t", value=SECRET)
        caller.post("runs/log-batch", run_id=run, params=[{"key": "q", "value": SECRET}])
        caller.post("experiments/create", name="tagged", tags=[{"key": "k", "value": SECRET}])
        caller.post("registered-models/create", name="m", description=SECRET)
        caller.post("/api/2.0/secrets/scopes/create", scope="s")
        caller.post("/api/2.0/secrets/put", scope="s", key="k", string_value=SECRET)
        caller.request("POST", "/api/2.0/secrets/put", json={"scope": "s", "key": SECRET * 20, "string_value": SECRET})
        caller.request("POST", "runs/log-parameter", json={"run_id": run, "key": "p", "value": SECRET + "2"})
        caller.get("/api/2.0/secrets/get", scope="s", key="k")
        asked = {"run_id": run, "path": "f.txt"}
        url = caller.call("POST", "artifacts/presigned-upload-url", json=asked)["presigned_url"]
        caller.request("PUT", url.removeprefix(caller.url), content=SECRET.encode())
        written = {"writeRun", "uploadArtifacts"}
        eventually(lambda: written <= {each["action_name"] for each in events(client)})
        found = events(client)
        assert {"putSecret", "getSecret", "writeRun", "createRegisteredModel", "uploadArtifacts"} <= {
            each["action_name"] for each in found
        }
        assert SECRET not in json.dumps(found)
        assert token not in json.dumps(found)
        assert url.rpartition("/")[2] not in json.dumps(found)
        [refused] = [each for each in found if each["action_name"] == "putSecret" and each["error_code"]]
        assert refused["request_params"] == {}  # a value may stand where a name should


def test_a_credential_in_the_wrong_place_is_not_repeated(serving) -> None:
    """Neither by the log, which keeps what it has, nor by the answer, whatever name or id it was given for."""
    with serving() as server:
        token = server.token("hasty", role=Role.EDIT)
        client = server.caller(user_agent=f"tool/1 {token}")
        hasty = server.bearer(token, x_mlflow_experiment_id=token)
        secret = "lks_" + "s" * 43
        swapped = {"scope": "s", "key": SECRET + "!", "string_value": "k"}
        management = "/api/2.0/token-management"
        client.post("/api/2.0/secrets/scopes/create", scope="s")
        answers = [
            hasty.request("POST", "/api/2.0/token/delete", json={"token_id": token}),
            client.request("DELETE", f"{management}/tokens/{token}"),
            client.request("DELETE", f"/api/2.0/preview/permissionassignments/principals/{token}"),
            client.request("POST", f"{management}/on-behalf-of/tokens", json={"application_id": secret}),
            client.request("POST", "runs/create", json={"experiment_id": token}),
            client.request("POST", "experiments/delete", json={"experiment_id": token}),
            client.request("POST", "/api/2.0/secrets/put", json=swapped),
        ]
        assert {answer.status_code for answer in answers} <= {400, 404}
        assert hasty.request("POST", "experiments/create", json={"name": "made"}).status_code == 200
        swapped = {"scope": SECRET, "key": "k", "string_value": "s"}
        assert client.refused("POST", "/api/2.0/secrets/put", swapped).status == 404
        found = events(client)
        assert {"revokeDbToken", "generateDbToken", "deleteMlflowExperiment", "putSecret"} <= {
            each["action_name"] for each in found
        }
        [revoked] = [each for each in found if each["principal"] == "hasty" and each["status_code"] == 404]
        assert revoked["request_params"]["token_id"] == "lkw_***"
        for repeated in ("".join(answer.text for answer in answers), json.dumps(found)):
            assert token[:24] not in repeated
            assert secret[:24] not in repeated
            assert SECRET not in repeated


def test_writes_of_a_run_are_one_record_and_a_count(serving) -> None:
    with serving() as keeper:
        with serving(beside=keeper) as busy:
            experiment = busy.local.experiment()
            runs = [busy.local.run(experiment) for _ in range(3)]
            for run in runs:
                for step in range(20):
                    busy.local.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1, step=step)
                busy.local.post("runs/log-batch", run_id=run, params=[{"key": "p", "value": "1"}])
                busy.local.post("runs/update", run_id=run, status="FINISHED")
            at_once = eventually(
                lambda: (rows := events(keeper.local, action_name="writeRun")) and len(rows) == 4 and rows
            )
            keeper.local.experiment("after those writes, before they are counted")
        found = eventually(lambda: (rows := events(keeper.local, action_name="writeRun")) and len(rows) == 5 and rows)
        listed = keeper.local.get(API)["events"]
    # recorded within a second: the first creation, and the first write of each run
    assert [each["request_params"].get("run_id") for each in at_once] == [None, *runs]
    assert all(each["count"] == 1 and each["request_id"] for each in at_once)
    counted = found[4]
    assert counted["request_params"]["calls"] == {"createRun": 2, "logMetric": 57, "logBatch": 3, "updateRun": 3}
    by_run = {f"run_id={run}": 21 for run in runs}
    assert counted["request_params"]["objects"] == {f"experiment_id={experiment}": 2} | by_run
    assert counted["count"] == 65
    assert [each["time"] for each in listed] == sorted((each["time"] for each in listed), reverse=True)
    later = next(each for each in listed if each["action_name"] == "createMlflowExperiment")
    assert counted["seq"] > later["seq"], "it came into the chain later, and is older"


def test_many_runs_that_begin_together_are_one_record(serving) -> None:
    with serving() as keeper:
        with serving(beside=keeper) as busy:
            experiment = busy.local.experiment()
            runs = [busy.local.run(experiment) for _ in range(40)]
            for run in runs:
                busy.local.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)

        def told() -> object:
            rows = events(keeper.local, action_name="writeRun")
            return rows if sum(each["count"] for each in rows) >= 80 else None

        found = eventually(told)
    assert found is not None
    assert len(found) < 40, "all of them, by fewer records"
    assert sum(each["count"] for each in found) == 80
    objects = [name for each in found for name in each["request_params"].get("objects", {})]
    alone = [each["request_params"]["run_id"] for each in found if "run_id" in each["request_params"]]
    assert {f"run_id={run}" for run in runs} == {name for name in objects if name.startswith("run_id=")} | {
        f"run_id={run}" for run in alone
    }
    begun = [each for each in found if "request_ids" in each["request_params"]]
    assert begun
    for each in begun:
        assert len(each["request_params"]["request_ids"]) == each["count"] == len(each["request_params"]["objects"])


def writes_of(client: Caller, run: str) -> list[dict[str, object]]:
    found = events(client, action_name="writeRun", max_results=1000)
    return [each for each in found if each["request_params"].get("run_id") == run]


def test_other_principals_and_failures_are_other_kinds(client: Caller, callers: Callers) -> None:
    run = client.run()
    for caller in (client, callers.editor, callers.manager):
        for _ in range(3):
            caller.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)
            caller.request("POST", "runs/log-metric", json={"run_id": run, "key": "", "value": 1, "timestamp": 1})
    found = eventually(lambda: (rows := writes_of(client, run)) and len(rows) == 6 and rows)
    kinds = [(each["principal"], each["status_code"]) for each in found]
    assert sorted(kinds) == sorted((who, status) for who in ("owner", "editor", "manager") for status in (200, 400))


def test_kinds_are_bounded(server: Server, client: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakeward.audit.recording._MOST_KINDS", 0)
    runs = [client.run() for _ in range(5)]
    for run in runs:
        client.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)
    assert sum(bool(writes_of(client, run)) for run in runs) <= 1  # they are counted as one kind from now on
    assert verified(server).well


# --- reading it


def test_only_administrators_read_it(callers: Callers) -> None:
    for who in ("reader", "editor", "manager", "stranger", "memberless"):
        assert getattr(callers, who).refused("GET", API).status == 403
    assert callers.nobody.refused("GET", API).status == 401
    assert callers.admin.get(API)["events"]


def test_filters_and_pages(serving) -> None:
    with serving() as server:
        client = server.local
        editor = server.bearer(server.token("editor", role=Role.EDIT))
        made = [client.experiment(f"page {number}") for number in range(7)]
        editor.post("experiments/delete", experiment_id=made[0])
        editor.refused("POST", "experiments/delete", {"experiment_id": "123456"})
        assert [each["request_params"]["name"] for each in events(client, action_name="createMlflowExperiment")] == [
            f"page {number}" for number in range(7)
        ]
        paged = events(client, action_name="createMlflowExperiment", max_results=3)
        assert [each["request_params"]["name"] for each in paged] == [f"page {number}" for number in range(7)]
        assert {each["principal"] for each in events(client, principal="editor")} == {"editor"}
        assert len(events(client, principal="editor")) == 2
        assert len(events(client, service_name="mlflowExperiment")) == 9
        first = events(client)[0]
        assert events(client, end_time=first["time"]) == []
        assert len(events(client, start_time=first["time"])) == 9
        assert events(client, workspace_id=77) == []
        token = client.get(API, max_results=1)["next_page_token"]
        assert client.refused("GET", API, {"page_token": token, "principal": "x"}).status == 400


def test_it_is_in_order_and_complete_under_load(server: Server, client: Caller) -> None:
    """Sealing goes on while eight callers write; each event is in the chain once."""
    names = [f"load {number}" for number in range(120)]

    def make(name: str) -> None:
        caller = server.caller()
        caller.experiment(name)
        if name.endswith("5"):
            caller.get(API, max_results=1)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(make, names))
    found = events(client, action_name="createMlflowExperiment", max_results=1000)
    made = [each["request_params"].get("name") for each in found]
    assert sorted(name for name in made if name in names) == sorted(names)
    assert len({each["event_id"] for each in found}) == len(found)
    assert verified(server).well


# --- names


def test_every_route_has_a_name_and_what_changes_something_is_recorded() -> None:
    for route in all_routes():
        name = naming(route)
        assert name.service.isidentifier(), route.path
        assert name.action.isidentifier(), route.path
        changes = route.method not in ("GET", "HEAD") and route.allow.name != READ.name
        assert recorded(route) or not changes or route.path.endswith("/explain"), route.path


def test_no_field_that_is_recorded_holds_a_value() -> None:
    forbidden = (
        "value",
        "token",
        "password",
        "secret",
        "credential",
        "string",
        "bytes",
        "content",
        "description",
        "json",
    )
    assert [field for field in FIELDS if any(word in field for word in forbidden)] == ["token_id"]


def test_what_a_plain_write_costs(serving) -> None:
    """Writes to a hundred runs are recorded by a statement a second, a change of the control plane by one."""
    with serving(log_statements=True) as server:
        runs = [server.local.run("0") for _ in range(100)]
        began = time.monotonic()
        with server.statements() as statements:
            for run in runs:
                server.local.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)
        recorded = [statement for statement in statements if "INSERT INTO audit_inbox" in statement]
        assert len(recorded) <= time.monotonic() - began + 2
        with server.statements() as statements:
            server.local.experiment("counted")
        assert len([each for each in statements if "INSERT INTO audit_inbox (record) VALUES" in each]) == 1


def test_counts_survive_a_database_that_is_away(serving) -> None:
    with serving() as server:

        async def flushed_twice() -> list[int]:
            from lakeward.audit.recording import _Kind, _Tally
            from lakeward.kit.errors import LakewardError
            from lakeward.runtime.db import Database

            away = await Database.open("postgresql://localhost:1/none", size=1)
            recorder = Recorder(away)
            tally = _Tally()
            tally.calls, tally.last = {"logMetric": 7}, 1
            recorder._tallies[_Kind(1, 1, "owner", None, "mlflowRun", "writeRun", "run_id=r", 200, None)] = tally
            with pytest.raises(LakewardError):
                await recorder.flush()
            kept = tally.calls["logMetric"]
            recorder._db = await Database.open(server.backend.dsn_of(server.database), size=1)
            await recorder.flush()
            await recorder._db.close()
            return [kept, tally.calls.get("logMetric", 0)]

        assert server.backend.loop.run(flushed_twice()) == [7, 0]
        [event] = events(server.local, action_name="writeRun")
        assert event["count"] == 7
        assert event["request_params"] == {"calls": {"logMetric": 7}, "objects": {"run_id=r": 7}}


def test_the_guard_of_the_tables(server: Server) -> None:
    """Not by accident, and not by who may only write: the owner of the tables must take the guard away first."""
    server.local.experiment()
    events(server.local)
    import asyncpg

    for statement in (
        "UPDATE audit_event SET record = '{}'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "UPDATE audit_seal SET seq = seq + 1",
        "DELETE FROM audit_seal",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            server.sql(statement)
    as_owner_of_everything(server, "SELECT 1")
