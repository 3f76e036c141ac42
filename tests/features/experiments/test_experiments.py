"""Experiments: names that are taken once whoever comes first, the trash, tags, and search with pages."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import Caller, Server

_numbers = itertools.count(1)
INVALID = (400, "INVALID_PARAMETER_VALUE")
MISSING = (404, "RESOURCE_DOES_NOT_EXIST")
TAKEN = (400, "RESOURCE_ALREADY_EXISTS")


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture
def name() -> str:
    return f"name {next(_numbers)}"


def refusal(client: Caller, method: str, path: str, **fields) -> tuple[int, str]:
    answer = client.refused(method, path, fields)
    return answer.status, answer.code


def get(client: Caller, experiment: str) -> dict:
    return client.get("experiments/get", experiment_id=experiment)["experiment"]


# --- life


def test_a_life(client: Caller, name):
    tags = [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]
    before = int(time.time() * 1000)
    experiment = client.experiment(name, tags=tags)
    found = get(client, experiment)
    assert before <= found["creation_time"] == found["last_update_time"] <= int(time.time() * 1000)
    assert found == {
        "experiment_id": experiment,
        "name": name,
        "artifact_location": f"mlflow-artifacts:/{experiment}",
        "lifecycle_stage": "active",
        "creation_time": found["creation_time"],
        "last_update_time": found["last_update_time"],
        "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
    }
    assert client.get("experiments/get-by-name", experiment_name=name)["experiment"] == found
    client.post("experiments/update", experiment_id=experiment, new_name=f"{name}!")
    client.post("experiments/set-experiment-tag", experiment_id=experiment, key="a", value="other")
    client.post("experiments/delete-experiment-tag", experiment_id=experiment, key="b")
    changed = get(client, experiment)
    assert (changed["name"], changed["tags"]) == (f"{name}!", [{"key": "a", "value": "other"}])
    assert changed["last_update_time"] >= found["last_update_time"]
    assert refusal(client, "GET", "experiments/get-by-name", experiment_name=name) == MISSING


def test_the_trash(client: Caller, name):
    experiment = client.experiment(name)
    run = client.run(experiment)
    client.post("experiments/delete", experiment_id=experiment)
    assert get(client, experiment)["lifecycle_stage"] == "deleted"
    assert client.get("experiments/get-by-name", experiment_name=name)["experiment"]["lifecycle_stage"] == "deleted"
    assert client.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"
    for path, fields in (
        ("experiments/delete", {}),
        ("experiments/update", {"new_name": "x"}),
        ("experiments/set-experiment-tag", {"key": "k", "value": "v"}),
        ("runs/create", {}),
    ):
        assert refusal(client, "POST", path, experiment_id=experiment, **fields) == INVALID
    for path, fields in (
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("runs/set-tag", {"key": "k", "value": "v"}),
        ("runs/update", {"status": "FINISHED"}),
        ("runs/log-batch", {}),
    ):
        assert refusal(client, "POST", path, run_id=run, **fields) == INVALID
    assert refusal(client, "POST", "experiments/create", name=name) == TAKEN
    client.post("experiments/restore", experiment_id=experiment)
    assert refusal(client, "POST", "experiments/restore", experiment_id=experiment) == INVALID
    assert client.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "active"
    client.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)


@pytest.mark.parametrize("experiment", ["999999", "9" * 18, "9" * 19, "x", "-1", "1.0", "\N{FIRE}", "00x", " 1", "1e3"])
def test_unknown_ids(client: Caller, experiment):
    assert refusal(client, "GET", "experiments/get", experiment_id=experiment) == MISSING
    for path in ("delete", "restore", "update", "set-experiment-tag", "delete-experiment-tag"):
        body = {"experiment_id": experiment, "key": "k", "value": "v", "new_name": "n"}
        assert refusal(client, "POST", f"experiments/{path}", **body) == MISSING
    assert refusal(client, "POST", "runs/create", experiment_id=experiment) == MISSING


def test_no_id_at_all(client: Caller):
    assert refusal(client, "GET", "experiments/get", experiment_id="") == INVALID
    assert refusal(client, "GET", "experiments/get") == INVALID


# --- names


@pytest.mark.parametrize("bad", ["", " ", "\t\n", "x" * 501])
def test_names_nobody_could_use(client: Caller, bad):
    assert refusal(client, "POST", "experiments/create", name=bad) == INVALID
    experiment = client.experiment()
    assert refusal(client, "POST", "experiments/update", experiment_id=experiment, new_name=bad) == INVALID


@pytest.mark.parametrize(
    "good", ["x" * 500, "\N{FIRE}" * 500, "/Shared/a b", "%", "a'b\"c", "<b>", "e\u0301", "\u00e9", "null", "0"]
)
def test_any_other_name(client: Caller, good):
    experiment = client.experiment(good)
    assert client.get("experiments/get-by-name", experiment_name=good)["experiment"]["experiment_id"] == experiment


def test_names_differ_by_case_and_form(client: Caller, name):
    variants = [name, name.upper(), f"{name} ", f"{name}\u00e9", f"{name}e\u0301"]
    assert len({client.experiment(each) for each in variants}) == len(variants)


def at_once(work, number: int = 16) -> list:
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(work, range(number)))


def test_sixteen_creators_of_one_name(client: Caller):
    """`set_experiment` in every process of a job: one makes it, the others hear that it is there."""
    for _ in range(5):
        body = {"name": f"name {next(_numbers)}", "tags": [{"key": "k", "value": "v"}]}
        answers = at_once(lambda _, body=body: client.request("POST", "experiments/create", json=body))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 15
        assert {answer.json().get("error_code") for answer in answers} == {None, "RESOURCE_ALREADY_EXISTS"}


def test_sixteen_renames_to_one_name(client: Caller):
    """All look, see that the name is free, and go: one gets it, the others are told, nothing breaks."""
    for _ in range(5):
        wanted = f"name {next(_numbers)}"
        experiments = [client.experiment() for _ in range(16)]

        def rename(number: int, wanted: str = wanted, experiments: list[str] = experiments):
            body = {"experiment_id": experiments[number], "new_name": wanted}
            return client.request("POST", "experiments/update", json=body)

        answers = at_once(rename)
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 15
        winner = experiments[[answer.status_code for answer in answers].index(200)]
        assert client.get("experiments/get-by-name", experiment_name=wanted)["experiment"]["experiment_id"] == winner


def test_creators_and_renamers_together(client: Caller):
    for _ in range(5):
        wanted = f"name {next(_numbers)}"
        experiments = [client.experiment() for _ in range(8)]

        def want(number: int, wanted: str = wanted, experiments: list[str] = experiments) -> int:
            if number % 2:
                return client.request("POST", "experiments/create", json={"name": wanted}).status_code
            body = {"experiment_id": experiments[number // 2], "new_name": wanted}
            return client.request("POST", "experiments/update", json=body).status_code

        assert sorted(at_once(want)) == [200] + [400] * 15


def test_a_rename_to_the_own_name(client: Caller, name):
    experiment = client.experiment(name)
    client.post("experiments/update", experiment_id=experiment, new_name=name)
    client.post("experiments/update", experiment_id=experiment)
    assert get(client, experiment)["name"] == name


# --- tags


def test_tags_have_limits(client: Caller):
    experiment = client.experiment()
    for key, value in (("", "v"), ("k" * 251, "v"), ("k", "v" * 20_001)):
        assert (
            refusal(client, "POST", "experiments/set-experiment-tag", experiment_id=experiment, key=key, value=value)
            == INVALID
        )
        tags = [{"key": key, "value": value}]
        assert refusal(client, "POST", "experiments/create", name="never made", tags=tags) == INVALID
    assert refusal(client, "GET", "experiments/get-by-name", experiment_name="never made") == MISSING
    client.post("experiments/set-experiment-tag", experiment_id=experiment, key="k" * 250, value="v" * 20_000)
    assert get(client, experiment)["tags"] == [{"key": "k" * 250, "value": "v" * 20_000}]
    assert refusal(client, "POST", "experiments/delete-experiment-tag", experiment_id=experiment, key="none") == MISSING


def test_one_tag_by_many_writers(client: Caller):
    experiment = client.experiment()

    def write(number: int) -> int:
        body = {"experiment_id": experiment, "key": "k", "value": str(number)}
        return client.request("POST", "experiments/set-experiment-tag", json=body).status_code

    assert set(at_once(write)) == {200}
    ((tag),) = get(client, experiment)["tags"]
    assert tag["value"] in {str(number) for number in range(16)}


# --- locations


@pytest.mark.parametrize(
    "location", ["s3://bucket/a", "gs://b", "abfss://c@d/e", "/mnt/share", "file:///mnt/share", "hdfs://h:1/x"]
)
def test_places_a_client_reaches_by_itself(client: Caller, location):
    experiment = client.experiment(artifact_location=f"{location}/")
    assert get(client, experiment)["artifact_location"] == location
    run = client.run(experiment)
    assert client.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"] == f"{location}/{run}/artifacts"


@pytest.mark.parametrize(
    "location", ["mlflow-artifacts:/x", "dbfs:/x", "runs:/x", "s3:bucket", "javascript:alert(1)", "relative/x",
                 "s3://b/../c", "/", "//", "s3://", "file:", "file:///", "s3://b?x", "s3://b#x", "/a/../b", "data:,x",
                 "s3://b;x", "\\\\share"],
)  # fmt: skip
def test_places_nobody_should_be_sent_to(client: Caller, location, name):
    assert refusal(client, "POST", "experiments/create", name=name, artifact_location=location) == INVALID


# --- search


@pytest.fixture(scope="module")
def crowd(server: Server) -> list[str]:
    """Names of thirty experiments, five for each moment of making; every third is in the trash."""
    names = []
    for number in range(30):
        experiment = server.local.experiment(f"crowd {number:02}", tags=[{"key": "parity", "value": str(number % 2)}])
        if number % 3 == 0:
            server.local.post("experiments/delete", experiment_id=experiment)
        names.append(f"crowd {number:02}")
    server.sql("UPDATE experiment SET created_at = 1000 + id / 5, updated_at = 5000 - id / 5 WHERE name LIKE 'crowd %'")
    return names


def search(client: Caller, size: int = 1000, **fields) -> list[str]:
    """Names over all pages, by POST and by GET alike."""
    found, token = [], None
    while True:
        body = {"filter": "name LIKE 'crowd %'", "max_results": size, **fields} | (
            {"page_token": token} if token else {}
        )
        page = client.post("experiments/search", **body)
        assert client.get("experiments/search", **body) == page
        assert client.get("experiments/list", **body) == page
        found += [each["name"] for each in page["experiments"]]
        token = page.get("next_page_token")
        assert len(page["experiments"]) == size or token is None
        if token is None:
            return found


def test_views(client: Caller, crowd):
    in_trash = {name for number, name in enumerate(crowd) if number % 3 == 0}
    assert set(search(client)) == set(crowd) - in_trash
    assert set(search(client, view_type="DELETED_ONLY")) == in_trash
    assert set(search(client, view_type=3)) == set(crowd)


@pytest.mark.parametrize("size", [1, 4, 5, 7, 30, 1000])
@pytest.mark.parametrize(
    "order", [[], ["name"], ["name DESC"], ["creation_time ASC"], ["last_update_time DESC", "name ASC"],
              ["attributes.creation_time DESC"], ["creation_time", "last_update_time", "name DESC", "creation_time"]],
)  # fmt: skip
def test_pages_meet_everything_once(client: Caller, crowd, size, order):
    """Also where five share a moment."""
    paged = search(client, size, view_type="ALL", order_by=order)
    assert sorted(paged) == crowd
    assert paged == search(client, view_type="ALL", order_by=order)


def test_orders(client: Caller, crowd):
    assert search(client, view_type="ALL", order_by=["name DESC"]) == crowd[::-1]
    newest = search(client, view_type="ALL")
    ids = [int(get_by_name(client, name)["experiment_id"]) for name in newest]
    times = [get_by_name(client, name)["creation_time"] for name in newest]
    assert times == sorted(times, reverse=True)
    for (one, here), (other, there) in itertools.pairwise(zip(ids, times, strict=True)):
        assert here > there or one > other or one < other  # among equals any order, but the same on every page


def get_by_name(client: Caller, name: str) -> dict:
    return client.get("experiments/get-by-name", experiment_name=name)["experiment"]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("name = 'crowd 01'", {1}),
        ("name LIKE 'crowd 0%'", {1, 2, 4, 5, 7, 8}),
        ("attribute.name ILIKE 'CROWD 1_'", {10, 11, 13, 14, 16, 17, 19}),
        ("name != 'crowd 01' AND name LIKE 'crowd 0%'", {2, 4, 5, 7, 8}),
        ("tags.parity = '1' AND name LIKE 'crowd 0%'", {1, 5, 7}),
        ("tags.parity != '1' AND name LIKE 'crowd 0%'", {2, 4, 8}),
        ("tags.absent != '1' AND name LIKE 'crowd %'", set()),
        ("creation_time > 0 AND name = 'crowd 02'", {2}),
        ("last_update_time <= 0 AND name = 'crowd 02'", set()),
    ],
)
def test_filters(client: Caller, crowd, filter_, expected):
    assert set(search(client, filter=filter_)) == {crowd[number] for number in expected}


def test_capitals_of_every_alphabet(client: Caller, name):
    client.experiment(f"{name} ÄPFEL")
    assert search(client, filter=f"name ILIKE '{name.upper()} äpf%'") == [f"{name} ÄPFEL"]
    assert search(client, filter=f"name LIKE '{name} äpf%'") == []


@pytest.mark.parametrize(
    "fields", [{"filter": "name"}, {"filter": "metrics.a > 1"}, {"filter": "name > 'a'"},
               {"filter": "creation_time = 'x'"},
               {"order_by": ["tags.a"]}, {"order_by": ["name UP"]}, {"max_results": 0}, {"max_results": 50_001},
               {"page_token": "x"}],
)  # fmt: skip
def test_searches_nobody_can_answer(client: Caller, fields):
    assert refusal(client, "POST", "experiments/search", **fields) == INVALID


def test_a_token_belongs_to_its_search(client: Caller, crowd):
    token = client.post("experiments/search", max_results=1)["next_page_token"]
    for fields in ({"filter": "name LIKE 'a'"}, {"order_by": ["name"]}, {"view_type": "ALL"}):
        assert refusal(client, "POST", "experiments/search", page_token=token, **fields) == INVALID
    assert client.post("experiments/search", page_token=token, max_results=5)["experiments"]
