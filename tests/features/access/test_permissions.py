"""Permissions of experiments: what a member of the workspace without a role on everything may see and do."""

import time

import pytest

from lakeward.runtime.http import Role
from server import Caller, Server

PERMISSIONS = "/api/2.0/permissions"


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def ann(server: Server) -> Caller:
    return server.bearer(server.token("ann", role=Role.USE))


@pytest.fixture(scope="module")
def bob(server: Server) -> Caller:
    return server.bearer(server.token("bob", role=Role.USE))


def grant(caller: Caller, experiment: str, level: str, method: str = "PATCH", **who: str):
    entry = {**(who or {"user_name": "bob"}), "permission_level": level}
    return caller.call(method, f"{PERMISSIONS}/experiments/{experiment}", json={"access_control_list": [entry]})


def levels(caller: Caller, experiment: str) -> dict[str, set[tuple[str, bool]]]:
    found = caller.call("GET", f"{PERMISSIONS}/experiments/{experiment}")
    return {
        each.get("user_name") or each.get("group_name"): {
            (one["permission_level"], one["inherited"]) for one in each["all_permissions"]
        }
        for each in found["access_control_list"]
    }


def seen(caller: Caller, **more) -> set[str]:
    """Ids of all experiments, read in pages of two."""
    found: set[str] = set()
    token = {}
    while True:
        page = caller.get("experiments/search", max_results=2, **more, **token)
        here = [each["experiment_id"] for each in page["experiments"]]
        assert not found & set(here)
        found |= set(here)
        if "next_page_token" not in page:
            return found
        assert len(here) == 2  # what is not seen leaves no gaps
        token = {"page_token": page["next_page_token"]}


def test_a_member_sees_what_he_made(server: Server, ann: Caller, bob: Caller):
    others = [server.local.experiment() for _ in range(5)]
    mine = [ann.experiment() for _ in range(3)]
    assert seen(ann) == set(mine)
    assert not seen(bob) & {*mine, *others}
    assert seen(server.local) >= {*mine, *others}
    run = ann.run(mine[0])
    assert ann.data(run)["tags"]
    for experiment in (mine[0], others[0]):
        answer = bob.refused("GET", "experiments/get", {"experiment_id": experiment})
        assert (answer.status, answer.code) == (403, "PERMISSION_DENIED")
        assert "bob" in answer.message
    assert bob.refused("GET", "runs/get", {"run_id": run}).status == 403
    assert bob.refused("POST", "runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 1}).status == 403
    assert bob.refused("GET", "experiments/get", {"experiment_id": "987654"}).status == 404
    assert bob.refused("GET", "runs/get", {"run_id": "0" * 32}).status == 404
    assert bob.refused("GET", "experiments/get-by-name", {"experiment_name": "nothing"}).status == 404


def test_levels_add_up(ann: Caller, bob: Caller):
    experiment = ann.experiment()
    run = ann.run(experiment)
    metric = {"run_id": run, "key": "m", "value": 1, "timestamp": 1}
    grant(ann, experiment, "CAN_READ")
    assert bob.get("runs/get", run_id=run)
    assert experiment in seen(bob)
    assert bob.post("runs/search", experiment_ids=[experiment])["runs"]
    assert bob.refused("POST", "runs/log-metric", metric).status == 403
    grant(ann, experiment, "CAN_EDIT")
    bob.post("runs/log-metric", **metric)
    assert bob.refused("POST", "experiments/delete", {"experiment_id": experiment}).status == 403
    path = f"{PERMISSIONS}/experiments/{experiment}"
    assert bob.refused("PATCH", path, json={"access_control_list": []}).status == 403
    grant(ann, experiment, "CAN_MANAGE")
    grant(bob, experiment, "CAN_READ", group_name="users")
    assert levels(bob, experiment)["users"] == {("CAN_READ", False)}
    bob.post("experiments/delete", experiment_id=experiment)


def test_a_grant_is_taken_back_within_a_second(server: Server, serving, ann: Caller, bob: Caller):
    experiment = ann.experiment()
    run = ann.run(experiment)
    with serving(beside=server) as other:
        elsewhere = other.bearer(bob.headers["authorization"].removeprefix("Bearer "))
        assert elsewhere.refused("GET", "runs/get", {"run_id": run}).status == 403
        grant(ann, experiment, "CAN_EDIT")
        metric = {"run_id": run, "key": "m", "value": 1, "timestamp": 1}
        for caller in (bob, elsewhere):  # at once
            caller.post("runs/log-metric", **metric)
        ann.call("PUT", f"{PERMISSIONS}/experiments/{experiment}", json={"access_control_list": []})
        taken = time.monotonic()
        assert experiment not in seen(bob)
        time.sleep(max(0, taken + 1.05 - time.monotonic()))
        for caller in (bob, elsewhere):
            assert caller.refused("POST", "runs/log-metric", metric).status == 403


def test_a_group_and_the_groups_in_it(server: Server, ann: Caller, bob: Caller):
    server.sql(
        "WITH made AS (INSERT INTO principal (kind, name) VALUES ('GROUP', 'lab'), ('GROUP', 'team')"
        " RETURNING id, name)"
        " INSERT INTO group_member SELECT o.id, i.id FROM made o, made i WHERE o.name = 'lab' AND i.name = 'team'"
        " UNION ALL SELECT made.id, p.id FROM made, principal p WHERE made.name = 'team' AND p.name = 'bob'"
    )
    time.sleep(1.05)  # the groups of a caller are known for a second
    experiment = ann.experiment()
    assert experiment not in seen(bob)
    grant(ann, experiment, "CAN_READ", group_name="lab")
    assert experiment in seen(bob)
    assert bob.get("experiments/get", experiment_id=experiment)
    server.sql("DELETE FROM group_member WHERE member_id = (SELECT id FROM principal WHERE name = 'bob')")
    time.sleep(1.05)
    assert bob.refused("GET", "experiments/get", {"experiment_id": experiment}).status == 403


def test_what_is_inherited_is_shown_and_stays(server: Server, ann: Caller):
    server.token("chief", role=Role.MANAGE)
    experiment = ann.experiment()
    grant(ann, experiment, "CAN_EDIT")
    assert levels(ann, experiment) == {
        "ann": {("CAN_MANAGE", False)},
        "bob": {("CAN_EDIT", False)},
        "chief": {("CAN_MANAGE", True)},
        "admins": {("CAN_MANAGE", True)},
    }
    answer = ann.call("PUT", f"{PERMISSIONS}/experiments/{experiment}", json={"access_control_list": []})
    assert (answer["object_id"], answer["object_type"]) == (f"/experiments/{experiment}", "mlflowExperiment")
    assert set(levels(ann, experiment)) == {"ann", "chief", "admins"}
    listed = ann.call("GET", f"{PERMISSIONS}/experiments/{experiment}/permissionLevels")["permission_levels"]
    assert [each["permission_level"] for each in listed] == ["CAN_READ", "CAN_EDIT", "CAN_MANAGE"]


def test_a_role_is_enough_and_a_grant_adds_to_it(server: Server, ann: Caller):
    reader = server.bearer(server.token("reads", role=Role.READ))
    experiment = ann.experiment()
    run = ann.run(experiment)
    assert reader.get("runs/get", run_id=run)
    assert reader.refused("POST", "runs/set-tag", {"run_id": run, "key": "k", "value": "v"}).status == 403
    grant(ann, experiment, "CAN_EDIT", user_name="reads")
    reader.post("runs/set-tag", run_id=run, key="k", value="v")
    assert reader.get("experiments/search")["experiments"]


def test_who_is_in_no_workspace_gains_nothing(server: Server, ann: Caller):
    memberless = server.bearer(server.token("nowhere"))
    experiment = ann.experiment()
    entry = {"user_name": "nowhere", "permission_level": "CAN_MANAGE"}
    path = f"{PERMISSIONS}/experiments/{experiment}"
    answer = ann.refused("PATCH", path, json={"access_control_list": [entry]})  # as if he did not exist
    assert (answer.status, answer.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    server.sql(
        "INSERT INTO access_grant SELECT 1, 'experiment', $1, id, 'CAN_MANAGE' FROM principal WHERE name = 'nowhere'",
        experiment,
    )
    assert memberless.refused("GET", "experiments/get", {"experiment_id": experiment}).status == 403


def test_lists_keep_what_is_seen(ann: Caller, bob: Caller):
    mine, yours = bob.experiment(), ann.experiment()
    run = bob.run(mine)
    ann.run(yours)
    found = bob.post("runs/search", experiment_ids=[yours, mine])["runs"]
    assert [each["info"]["run_id"] for each in found] == [run]
    assert bob.refused("POST", "runs/search", {"experiment_ids": [yours]}).status == 403
    assert bob.post("runs/search", experiment_ids=["987654"]) == {"runs": []}
    assert bob.post("logged-models/search", experiment_ids=[yours, mine]) == {"models": []}
    for path in ("logged-models/search", "experiments/search-datasets"):
        assert bob.refused("POST", path, {"experiment_ids": [yours]}).status == 403
    both = {"run_ids": [run, ann.run(yours)], "metric_key": "m"}
    assert bob.refused("GET", "metrics/get-history-bulk-interval", both).status == 403


def test_rights_do_not_pass_from_one_object_to_another(ann: Caller, bob: Caller):
    """An own run does not lend its rights to the model of somebody else in the same request."""
    mine, yours = bob.experiment(), ann.experiment()
    run = bob.run(mine)
    model = ann.post("logged-models", experiment_id=yours, name="m")["model"]["info"]["model_id"]
    metric = {"key": "m", "value": 1, "timestamp": 1, "model_id": model}
    assert bob.refused("POST", "runs/log-metric", {"run_id": run, **metric}).status == 403
    assert bob.refused("POST", "runs/log-batch", {"run_id": run, "metrics": [metric]}).status == 403
    path = f"/api/2.0/mlflow-artifacts/artifacts/{mine}/../{yours}/models/{model}/artifacts/f"
    assert bob.request("GET", path).status_code in (400, 403, 404)


def test_nobody_adds_to_the_trace_of_another(ann: Caller, bob: Caller):
    mine, yours = bob.experiment(), ann.experiment()

    def send(caller: Caller, experiment: str, trace: str) -> int:
        span = {"traceId": trace, "spanId": "0" * 15 + "1", "name": "s", "startTimeUnixNano": 1, "endTimeUnixNano": 2}
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
        headers = {"x-mlflow-experiment-id": experiment}
        return caller.request("POST", "/v1/traces", json=body, headers=headers).status_code

    assert send(ann, yours, "a" * 32) == 200
    assert send(bob, yours, "b" * 32) == 403
    assert send(bob, mine, "a" * 32) == 403
    assert send(bob, mine, "c" * 32) == 200
    trace = "tr-" + "a" * 32
    assert len(ann.call("GET", f"/api/3.0/mlflow/traces/get?trace_id={trace}")["trace"]["spans"]) == 1
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": mine}}
    told = {"trace_id": trace, "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
    assert bob.refused("POST", "/api/3.0/mlflow/traces", {"trace": {"trace_info": told}}).status == 403
    found = bob.call("POST", "/api/3.0/mlflow/traces/batchGetInfos", json={"trace_ids": [trace, "tr-" + "c" * 32]})
    assert [each["trace_id"] for each in found["trace_infos"]] == ["tr-" + "c" * 32]


@pytest.mark.parametrize(
    ("entry", "status", "code"),
    [
        ({"user_name": "bob", "permission_level": "CAN_QUERY"}, 400, "INVALID_PARAMETER_VALUE"),
        ({"user_name": "bob", "group_name": "users", "permission_level": "CAN_READ"}, 400, "INVALID_PARAMETER_VALUE"),
        ({"permission_level": "CAN_READ"}, 400, "INVALID_PARAMETER_VALUE"),
        ({"user_name": "nobody-at-all", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ({"group_name": "bob", "permission_level": "CAN_READ"}, 404, "RESOURCE_DOES_NOT_EXIST"),
    ],
)
def test_wrong_entries(ann: Caller, bob: Caller, entry, status, code):
    path = f"{PERMISSIONS}/experiments/{ann.experiment()}"
    answer = ann.refused("PUT", path, json={"access_control_list": [entry]})
    assert (answer.status, answer.code) == (status, code)


def test_wrong_objects(server: Server, ann: Caller):
    for caller in (server.local, ann):
        answer = caller.refused("GET", f"{PERMISSIONS}/lamps/1")
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")
        assert "experiments" in answer.message
        for unknown in ("987654", "x"):
            assert caller.refused("GET", f"{PERMISSIONS}/experiments/{unknown}").status == 404


def test_grants_go_with_their_object(server: Server, ann: Caller):
    experiment = ann.experiment()
    grant(ann, experiment, "CAN_READ", group_name="users")
    count = "SELECT count(*) FROM access_grant WHERE kind = 'experiment' AND object = $1"
    assert server.sql(count, experiment)[0][0] == 2
    ann.post("experiments/delete", experiment_id=experiment)
    ann.post("/api/2.0/lakeward/purge", experiment_ids=[experiment])
    assert server.sql(count, experiment)[0][0] == 0


def test_explanations(server: Server, ann: Caller, bob: Caller):
    experiment = ann.experiment()

    def why(
        caller: Caller, principal: str, privilege: str, what: str = f"experiments/{experiment}"
    ) -> tuple[bool, str]:
        asked = {"principal": principal, "privilege": privilege, "object": what}
        told = caller.call("POST", "/api/2.0/lakeward/explain", json=asked)
        return told["allowed"], " ".join(told["because"])

    assert why(ann, "ann", "CAN_MANAGE") == (True, f"owns experiment {experiment}.")
    allowed, reason = why(bob, "bob", "CAN_READ")
    assert not allowed
    assert "has only the role USE" in reason
    grant(ann, experiment, "CAN_EDIT", group_name="users")
    assert why(bob, "bob", "EDIT") == (True, f"has CAN_EDIT on experiment {experiment} through users.")
    assert why(ann, "bob", "CAN_MANAGE")[0] is False
    path = "/api/2.0/lakeward/explain"
    asked = {"principal": "ann", "privilege": "EDIT", "object": f"experiments/{experiment}"}
    assert bob.refused("POST", path, asked).status == 403  # about others asks who manages the object
    server.token("boss", role=Role.MANAGE)
    assert "the role MANAGE" in why(ann, "boss", "READ")[1]
    assert "administrator" in why(server.local, "owner", "READ")[1]
    assert why(ann, "ann", "CREATE_MODEL", "schema/main.default")[0]
    assert "It would take" in why(ann, "ann", "MANAGE", "catalog/main")[1]
    for wrong in ({"object": "lamps/1"}, {"privilege": "FLY"}, {"object": "experiments/"}):
        assert bob.refused("POST", path, asked | {"principal": "bob"} | wrong).status == 400
    assert bob.refused("POST", path, asked | {"principal": "bob", "object": "experiments/987654"}).status == 404
    server.sql("UPDATE principal SET is_active = false WHERE name = 'boss'")
    assert why(server.local, "boss", "READ") == (False, "boss is deactivated.")


def test_what_is_linked_to_must_be_ones_own_to_see(server: Server, ann: Caller, bob: Caller):
    """A right on the one end of a link is none on the other; what does not exist is linked as mlflow does."""
    closed, own = ann.experiment(), bob.experiment()
    secret, mine = ann.run(closed), bob.run(own)
    model = ann.post("logged-models", experiment_id=closed)["model"]["info"]["model_id"]
    links = [
        ("traces/link-to-run", {"trace_ids": ["tr-1"], "run_id": secret}),
        ("runs/outputs", {"run_id": mine, "models": [{"model_id": model}]}),
        ("runs/log-inputs", {"run_id": mine, "models": [{"model_id": "m-1"}, {"model_id": model}]}),
        ("logged-models", {"experiment_id": own, "source_run_id": secret}),
    ]
    for path, body in links:
        assert bob.refused("POST", path, body).status == 403, path
    for caller in (bob, server.local):
        assert caller.refused("POST", "traces/link-to-run", {"trace_ids": [], "run_id": "0" * 32}).status == 404
    bob.post("runs/outputs", run_id=mine, models=[{"model_id": "m-1"}])
    grant(ann, closed, "CAN_READ")
    for path, body in links[1:]:
        bob.post(path, **body)
    assert bob.refused("POST", *links[0]).status == 403
    grant(ann, closed, "CAN_EDIT")
    bob.post(links[0][0], **links[0][1])
    reader = server.bearer(server.token("rea", role=Role.READ))  # whose role lets her read the other end
    grant(bob, own, "CAN_EDIT", user_name="rea")
    for path, body in links[1:]:
        reader.post(path, **body)


def test_a_trace_names_no_run_of_others(ann: Caller, bob: Caller):
    """Whichever way it says of which run it is."""
    secret, own = ann.run(ann.experiment()), bob.experiment()
    said = {"mlflow.sourceRun": secret}
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": own}}
    info = {"trace_id": f"tr-{'f' * 32}", "request_time": "2026-01-01T00:00:00Z", "trace_location": place}
    v2 = {"experiment_id": own, "timestamp_ms": 1, "request_metadata": [{"key": "mlflow.sourceRun", "value": secret}]}
    given = {"trace": {"trace_info": info | {"trace_metadata": said}}}
    headers = {"x-mlflow-experiment-id": own, "x-mlflow-run-id": secret, "content-type": "application/json"}
    assert bob.refused("POST", "/api/3.0/mlflow/traces", given).status == 403
    assert bob.refused("POST", "traces", v2).status == 403
    assert bob.refused("POST", "/v1/traces", content=b"{}", headers=headers).status == 403
    said["mlflow.sourceRun"] = bob.run(own)
    told = bob.post("/api/3.0/mlflow/traces", **given)["trace"]["trace_info"]["trace_metadata"]
    assert told["mlflow.sourceRun"] == said["mlflow.sourceRun"]


def test_a_list_that_forgets_its_caller_fails(server: Server, ann: Caller, monkeypatch: pytest.MonkeyPatch):
    """A handler that does not ask what may be seen gives nothing away: the answer is thrown away."""
    from lakeward.experiments import routes
    from lakeward.runtime.http import Call

    monkeypatch.setattr(Call, "sight", property(lambda _: None))
    assert any(route.path.endswith("experiments/search") for route in routes.routes)
    response = ann.request("GET", "experiments/search")
    assert response.status_code == 500
    assert "experiment_id" not in response.text
    assert server.local.request("GET", "experiments/search").status_code == 200
