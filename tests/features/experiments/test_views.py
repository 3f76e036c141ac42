"""Saved views: one's own and the shared ones, names, limits."""

import pytest

from lakeward.experiments.records import MAX_VIEW_STATE, MAX_VIEWS
from server import Caller, Callers, Server

OWN = "/api/2.0/lakeward/experiments"
BEST = {"q": "metrics.acc > 0.9", "sort": "metrics.acc:desc", "cols": "name,metrics.acc"}


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture
def experiment(server: Server) -> str:
    return server.local.experiment()


def seen(caller: Caller, experiment: str, table: str = "runs") -> dict[tuple[str, bool], dict[str, str]]:
    views = caller.get(f"{OWN}/{experiment}/views", table=table)["views"]
    return {(each["name"], each["shared"]): each["state"] for each in views}


def save(caller: Caller, experiment: str, name: str, state: dict[str, str], kind: str = "views", **more) -> None:
    caller.call("PUT", f"{OWN}/{experiment}/{kind}/runs/{name}", json={"state": state, **more})


def test_own_views_are_nobody_elses(callers: Callers, experiment: str):
    save(callers.editor, experiment, "best", BEST)
    save(callers.reader, experiment, "best", {"q": "other"})  # who may look may keep what he looks at
    assert seen(callers.editor, experiment) == {("best", False): BEST}
    assert seen(callers.reader, experiment) == {("best", False): {"q": "other"}}
    assert seen(callers.admin, experiment) == {}
    callers.reader.call("DELETE", f"{OWN}/{experiment}/views/runs/best")
    assert seen(callers.reader, experiment) == {}
    assert seen(callers.editor, experiment) == {("best", False): BEST}


def test_shared_views_are_seen_by_readers_and_changed_by_editors(callers: Callers, experiment: str):
    save(callers.editor, experiment, "best", BEST, "shared-views")
    assert seen(callers.reader, experiment) == {("best", True): BEST}
    path = f"{OWN}/{experiment}/shared-views/runs/best"
    assert callers.reader.refused("PUT", path, {"state": {}}).status == 403
    assert callers.reader.refused("DELETE", path).status == 403
    save(callers.manager, experiment, "best", {"q": "more"}, "shared-views")
    [view] = callers.reader.get(f"{OWN}/{experiment}/views")["views"]
    assert (view["state"], view["changed_by"], view["table"]) == ({"q": "more"}, "manager", "runs")
    save(callers.reader, experiment, "best", BEST)  # one's own may be called the same
    assert set(seen(callers.reader, experiment)) == {("best", True), ("best", False)}
    callers.manager.call("DELETE", path)
    callers.manager.call("DELETE", path)
    assert set(seen(callers.reader, experiment)) == {("best", False)}


def test_names(client: Caller, experiment: str):
    save(client, experiment, "a/b ü", BEST)
    save(client, experiment, "a/b ü", {"q": "x"})
    taken = client.refused("PUT", f"{OWN}/{experiment}/views/runs/a/b ü", {"only_new": True})
    assert taken.code == "RESOURCE_ALREADY_EXISTS"
    save(client, experiment, "renamed", {"q": "y"}, instead_of="a/b ü")
    assert seen(client, experiment) == {("renamed", False): {"q": "y"}}
    save(client, experiment, "other", {})
    taken = client.refused("PUT", f"{OWN}/{experiment}/views/runs/other", {"instead_of": "renamed"})
    assert taken.code == "RESOURCE_ALREADY_EXISTS"
    lost = client.refused("PUT", f"{OWN}/{experiment}/views/runs/third", {"instead_of": "gone"})
    assert lost.code == "RESOURCE_DOES_NOT_EXIST"
    assert client.refused("PUT", f"{OWN}/{experiment}/views/runs/%20", {}).code == "INVALID_PARAMETER_VALUE"
    assert client.refused("PUT", f"{OWN}/{experiment}/views/metrics/x", {}).code == "INVALID_PARAMETER_VALUE"
    assert client.refused("PUT", f"{OWN}/424242/views/runs/x", {}).code == "RESOURCE_DOES_NOT_EXIST"
    client.call("PUT", f"{OWN}/{experiment}/views/traces/slow", json={"state": {"q": "t"}})
    assert seen(client, experiment, "traces") == {("slow", False): {"q": "t"}}


def test_there_is_a_limit(client: Caller, server: Server, experiment: str):
    assert client.refused(
        "PUT", f"{OWN}/{experiment}/views/runs/x", {"state": {"cols": "x" * MAX_VIEW_STATE}}
    ).code == "INVALID_PARAMETER_VALUE"  # fmt: skip
    server.sql(
        "INSERT INTO saved_view (experiment_id, of_table, name, state, changed_by, updated_at)"
        " SELECT $1, 'runs', n::text, '{}', 'x', 0 FROM generate_series(1, $2::int) n",
        int(experiment), MAX_VIEWS,
    )  # fmt: skip
    more = client.refused("PUT", f"{OWN}/{experiment}/shared-views/runs/more", {})
    assert more.code == "INVALID_PARAMETER_VALUE"
    save(client, experiment, "7", BEST, "shared-views")  # what is there may be changed
    assert seen(client, experiment)["7", True] == BEST


def test_views_go_with_their_experiment(client: Caller, server: Server, experiment: str):
    save(client, experiment, "best", BEST, "shared-views")
    client.post("experiments/delete", experiment_id=experiment)
    assert seen(client, experiment) == {("best", True): BEST}  # in the trash it is still looked at
    client.post("/api/2.0/lakeward/purge", experiment_ids=[experiment])
    assert server.sql("SELECT count(*) FROM saved_view WHERE experiment_id = $1", int(experiment))[0][0] == 0
