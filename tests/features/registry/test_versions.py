"""Versions: numbers, description, stages, tags, aliases."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

MISSING = (404, "RESOURCE_DOES_NOT_EXIST")
INVALID = (400, "INVALID_PARAMETER_VALUE")


def test_a_version_as_it_is_born(registry):
    name = registry.model()
    made = registry.add(
        name,
        source="s3://bucket/path",
        run_id="r1",
        run_link="https://x/r1",
        description="d",
        tags={"b": "2", "a": "1"},
    )
    assert made == {
        "name": name,
        "version": "1",
        "creation_timestamp": made["creation_timestamp"],
        "last_updated_timestamp": made["creation_timestamp"],
        "user_id": "owner",
        "current_stage": "None",
        "source": "s3://bucket/path",
        "run_id": "r1",
        "run_link": "https://x/r1",
        "status": "READY",
        "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
        "aliases": [],
        "description": "d",
    }
    assert registry.version(name, 1) == made
    assert registry.get(name)["latest_versions"] == [made]
    assert registry.get(name)["last_updated_timestamp"] == made["creation_timestamp"]


def test_numbers_never_come_back(registry, client):
    name = registry.model()
    assert [registry.add(name)["version"] for _ in range(3)] == ["1", "2", "3"]
    registry.delete("model-versions/delete", name=name, version="3")
    registry.delete("model-versions/delete", name=name, version="1")
    assert registry.add(name)["version"] == "4"
    assert registry.versions(filter=f"name = '{name}'") == [(name, 4), (name, 2)]
    refused = client.refused("DELETE", "model-versions/delete", {"name": name, "version": "3"})
    assert (refused.status, refused.code) == MISSING


def test_sixteen_create_versions_at_once(registry, server):
    name = registry.model()
    callers = [server.caller() for _ in range(16)]
    start = threading.Barrier(16)

    def create(caller):
        start.wait()
        body = {"name": name, "source": "s3://b/m"}
        return [int(caller.post("model-versions/create", **body)["model_version"]["version"]) for _ in range(12)]

    with ThreadPoolExecutor(16) as pool:
        numbers = [number for each in pool.map(create, callers) for number in each]
    assert sorted(numbers) == list(range(1, 16 * 12 + 1))


def test_a_refused_version_leaves_no_gap(registry, client):
    name = registry.model()
    registry.add(name)
    client.refused("POST", "model-versions/create", {"name": name, "source": "../up"})
    client.refused("POST", "model-versions/create", {"name": name, "source": "s3://b", "tags": [{"key": ""}]})
    assert registry.add(name)["version"] == "2"


def test_description(registry, client):
    name = registry.model()
    registry.add(name)
    body = {"name": name, "version": "1", "description": "words"}
    changed = client.call("PATCH", "model-versions/update", json=body)["model_version"]
    assert changed["description"] == "words"
    assert changed["last_updated_timestamp"] >= changed["creation_timestamp"]
    client.call("PATCH", "model-versions/update", json={"name": name, "version": 1})
    assert "description" not in registry.version(name, 1)


@pytest.mark.parametrize("version", ["0", "-1", "99", "4294967297", "99999999999999999999"])
def test_versions_that_are_not(registry, client, version):
    name = registry.model()
    registry.add(name)
    for method, path, more in (
        ("GET", "model-versions/get", {}),
        ("GET", "model-versions/get-download-uri", {}),
        ("PATCH", "model-versions/update", {"description": "x"}),
        ("DELETE", "model-versions/delete", {}),
        ("POST", "model-versions/transition-stage", {"stage": "Staging"}),
        ("POST", "model-versions/set-tag", {"key": "k", "value": "v"}),
        ("DELETE", "model-versions/delete-tag", {"key": "k"}),
        ("POST", "registered-models/alias", {"alias": "a"}),
    ):
        refused = client.refused(method, path, {"name": name, "version": version, **more})
        assert (refused.status, refused.code) == MISSING
        assert name in refused.message


@pytest.mark.parametrize("version", ["x", "", "1.5"])
def test_versions_that_are_no_numbers(registry, client, version):
    refused = client.refused("GET", "model-versions/get", {"name": registry.model(), "version": version})
    assert (refused.status, refused.code) == INVALID


def test_tags_of_versions(registry, client):
    name = registry.model()
    registry.add(name)
    registry.add(name)
    client.post("model-versions/set-tag", name=name, version="1", key="k/x", value="1")
    client.post("model-versions/set-tag", name=name, version="1", key="k/x", value="2")
    assert (registry.tags(name, 1), registry.tags(name, 2)) == ({"k/x": "2"}, {})
    registry.delete("model-versions/delete-tag", name=name, version="1", key="k/x")
    registry.delete("model-versions/delete-tag", name=name, version="1", key="k/x")
    assert registry.tags(name, 1) == {}
    long = {"name": name, "version": "1", "key": "mlflow.prompt.text", "value": "x" * 100_001}
    assert "Prompt text exceeds" in client.refused("POST", "model-versions/set-tag", long).message


# --- stages


def stages(registry, name) -> list[tuple[str, str]]:
    return [(each["version"], each["current_stage"]) for each in registry.get(name)["latest_versions"]]


def move(client, name, version, stage, **more):
    body = {"name": name, "version": str(version), "stage": stage, **more}
    return client.post("model-versions/transition-stage", **body)["model_version"]


def test_stages(registry, client):
    name = registry.model()
    for _ in range(4):
        registry.add(name)
    assert move(client, name, 1, "pRODUCTION")["current_stage"] == "Production"
    move(client, name, 2, "Production")
    move(client, name, 3, "Staging")
    assert stages(registry, name) == [("2", "Production"), ("3", "Staging"), ("4", "None")]
    move(client, name, 3, "Production", archive_existing_versions=True)
    assert [registry.version(name, number)["current_stage"] for number in (1, 2, 3, 4)] == [
        "Archived", "Archived", "Production", "None",
    ]  # fmt: skip
    assert stages(registry, name) == [("2", "Archived"), ("3", "Production"), ("4", "None")]


def test_latest_versions(registry, client):
    name = registry.model()
    for number in (1, 2, 3):
        registry.add(name)
        registry.alias(name, f"a{number}", number)
    move(client, name, 1, "Staging")
    for ask in (
        lambda **fields: client.post("registered-models/get-latest-versions", **fields),
        lambda **fields: client.get("registered-models/get-latest-versions", **fields),
    ):
        found = ask(name=name)["model_versions"]
        assert [(each["version"], each["aliases"]) for each in found] == [("1", ["a1"]), ("3", ["a3"])]
        assert [each["version"] for each in ask(name=name, stages=["staging"])["model_versions"]] == ["1"]
        assert ask(name=name, stages=["Archived", "Production"])["model_versions"] == []
    refused = client.refused("POST", "registered-models/get-latest-versions", {"name": name, "stages": ["Nope"]})
    assert (refused.status, refused.code) == INVALID
    refused = client.refused("POST", "registered-models/get-latest-versions", {"name": registry.name()})
    assert (refused.status, refused.code) == MISSING


def test_stages_that_are_not(registry, client):
    name = registry.model()
    registry.add(name)
    for more in ({"stage": "Nope"}, {"stage": "Archived", "archive_existing_versions": True}):
        refused = client.refused("POST", "model-versions/transition-stage", {"name": name, "version": "1", **more})
        assert (refused.status, refused.code) == INVALID


# --- aliases


def test_aliases(registry, client):
    name = registry.model()
    for _ in range(3):
        registry.add(name)
    registry.alias(name, "champion", 1)
    registry.alias(name, "Challenger_2-x", 1)
    assert registry.version(name, 1)["aliases"] == ["Challenger_2-x", "champion"]
    registry.alias(name, "champion", 2)
    assert registry.by_alias(name, "champion") == "2"
    assert registry.get(name)["aliases"] == [
        {"alias": "Challenger_2-x", "version": "1"},
        {"alias": "champion", "version": "2"},
    ]
    registry.delete("registered-models/alias", name=name, alias="champion")
    registry.delete("registered-models/alias", name=name, alias="champion")
    refused = client.refused("GET", "registered-models/alias", {"name": name, "alias": "champion"})
    assert (refused.status, refused.code, refused.message) == (*INVALID, "Registered model alias champion not found.")
    registry.delete("model-versions/delete", name=name, version="1")
    assert registry.get(name)["aliases"] == []
    assert {registry.by_alias(name, each) for each in ("latest", "LATEST")} == {"3"}


@pytest.mark.parametrize("alias", ["", "latest", "Latest", "v1", "V22", "a b", "a/b", "a.b", "x" * 256])
def test_aliases_that_may_not_be(registry, client, alias):
    name = registry.model()
    registry.add(name)
    refused = client.refused("POST", "registered-models/alias", {"name": name, "alias": alias, "version": "1"})
    assert (refused.status, refused.code) == INVALID


def test_aliases_of_nothing(registry, client):
    empty = registry.model()
    for name, alias in ((registry.name(), "a"), (registry.name(), "latest"), (empty, "latest")):
        refused = client.refused("GET", "registered-models/alias", {"name": name, "alias": alias})
        assert (refused.status, refused.code) == MISSING
    body = {"name": registry.name(), "alias": "a"}
    assert client.refused("DELETE", "registered-models/alias", body).code == MISSING[1]


def test_an_alias_that_is_moved_always_leads_somewhere(registry, server):
    name = registry.model()
    for _ in range(2):
        registry.add(name)
    registry.alias(name, "champion", 1)
    done = threading.Event()

    def read(caller):
        seen = set()
        while not done.is_set():
            found = caller.get("registered-models/alias", name=name, alias="champion")["model_version"]
            assert found["aliases"] == ["champion"]
            seen.add(found["version"])
        return seen

    callers = [server.caller() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, caller) for caller in callers]
        for flip in range(1000):
            registry.alias(name, "champion", 1 + flip % 2)
        done.set()
        assert set.union(*(reader.result() for reader in readers)) == {"1", "2"}
