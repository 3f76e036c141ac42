"""Lineage: each link from both of its ends, in pages, within the workspace."""

import json

import pytest

from server import Caller, Callers

LINEAGE = "/api/2.0/lakeward/lineage"
PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
UP, DOWN = "UPSTREAM", "DOWNSTREAM"


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


def word(found: dict) -> str:
    """A linked object in short: its kind and how it is called."""
    name = found.get("id") or "/".join(filter(None, (found["name"], found.get("version") or found.get("digest"))))
    return f"{found['kind']} {name}" + (" (deleted)" if found.get("deleted") else "")


def links(client: Caller, kind: str, **which) -> list[tuple[str, str, str]]:
    found = client.get(LINEAGE, kind=kind, **which)["links"]
    return [(each["direction"], each["relation"], word(each["object"])) for each in found]


class World:
    """A run that reads a data set and a prompt, and makes a model, which is registered, copied, read, and traced."""

    def __init__(self, client: Caller, stem: str) -> None:
        self.client, self.stem = client, stem
        self.experiment = client.experiment()
        self.prompt, self.model, self.copy = f"{stem}-prompt", f"{stem}-model", f"{stem}-copy"
        client.post("registered-models/create", name=self.prompt, tags=PROMPT)
        text = [{"key": "mlflow.prompt.text", "value": "hi"}]
        client.post("model-versions/create", name=self.prompt, source="dummy-source", tags=PROMPT + text)
        used = json.dumps([{"name": self.prompt, "version": "1"}])
        self.run = client.run(self.experiment, tags=[{"key": "mlflow.linkedPrompts", "value": used}])
        dataset = {"name": stem, "digest": "d1", "source_type": "s", "source": "x"}
        client.post("runs/log-inputs", run_id=self.run, datasets=[{"dataset": dataset}])
        made = client.post(
            "logged-models", experiment_id=self.experiment, name="m", source_run_id=self.run,
            tags=[{"key": "mlflow.linkedPrompts", "value": used.replace(": ", ":").replace(", ", ",")}],
        )  # fmt: skip
        self.logged = made["model"]["info"]["model_id"]
        client.post("runs/outputs", run_id=self.run, models=[{"model_id": self.logged}])
        for name in (self.model, self.copy):
            client.post("registered-models/create", name=name)
        client.post("model-versions/create", name=self.model, source=f"models:/{self.logged}", model_id=self.logged)
        client.post("model-versions/create", name=self.copy, source=f"models:/{self.model}/1")
        self.reader = client.run(self.experiment)
        client.post("runs/log-inputs", run_id=self.reader, models=[{"model_id": self.logged}])
        self.trace = f"tr-{stem}"
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": self.experiment}}
        info = {
            "trace_id": self.trace, "trace_location": place, "request_time": "2026-01-01T00:00:00Z",
            "trace_metadata": {"mlflow.sourceRun": self.run, "mlflow.modelId": self.logged},
            "tags": {"mlflow.linkedPrompts": used},
        }  # fmt: skip
        client.post("/api/3.0/mlflow/traces", trace={"trace_info": info})


@pytest.fixture(scope="module")
def world(server) -> World:
    return World(server.local, "w'ö")


def test_of_a_run(client, world):
    assert links(client, "RUN", id=world.run) == [
        (UP, "READ", f"DATASET {world.stem}/d1"),
        (UP, "USED", f"PROMPT_VERSION {world.prompt}/1"),
        (DOWN, "MADE", f"LOGGED_MODEL {world.logged}"),
        (DOWN, "REGISTERED", f"MODEL_VERSION {world.model}/1"),
        (DOWN, "REGISTERED", f"MODEL_VERSION {world.copy}/1"),
        (DOWN, "MADE", f"TRACE {world.trace}"),
    ]
    assert links(client, "RUN", id=world.reader) == [(UP, "READ", f"LOGGED_MODEL {world.logged}")]


def test_of_a_data_set(client, world):
    assert links(client, "DATASET", name=world.stem, digest="d1") == [(DOWN, "READ", f"RUN {world.run}")]


def test_of_a_logged_model(client, world):
    assert links(client, "LOGGED_MODEL", id=world.logged) == [
        (UP, "MADE", f"RUN {world.run}"),
        (UP, "USED", f"PROMPT_VERSION {world.prompt}/1"),
        (DOWN, "REGISTERED", f"MODEL_VERSION {world.model}/1"),
        (DOWN, "REGISTERED", f"MODEL_VERSION {world.copy}/1"),
        (DOWN, "READ", f"RUN {world.reader}"),
        (DOWN, "MADE", f"TRACE {world.trace}"),
    ]


def test_of_versions(client, world):
    assert links(client, "MODEL_VERSION", name=world.model, version="1") == [
        (UP, "REGISTERED", f"LOGGED_MODEL {world.logged}"),
        (UP, "REGISTERED", f"RUN {world.run}"),
        (DOWN, "COPIED", f"MODEL_VERSION {world.copy}/1"),
    ]
    of_copy = links(client, "MODEL_VERSION", name=f"main.default.{world.copy}", version="1")
    assert (UP, "COPIED", f"MODEL_VERSION {world.model}/1") in of_copy


def test_of_a_prompt_and_a_trace(client, world):
    assert links(client, "PROMPT_VERSION", name=world.prompt, version="1") == [
        (DOWN, "USED", f"RUN {world.run}"),
        (DOWN, "USED", f"LOGGED_MODEL {world.logged}"),
        (DOWN, "USED", f"TRACE {world.trace}"),
    ]
    assert links(client, "TRACE", id=world.trace) == [
        (UP, "USED", f"PROMPT_VERSION {world.prompt}/1"),
        (UP, "MADE", f"RUN {world.run}"),
        (UP, "MADE", f"LOGGED_MODEL {world.logged}"),
    ]


def test_one_way(client, world):
    for way in (UP, DOWN):
        found = links(client, "RUN", id=world.run, direction=way)
        assert found == [each for each in links(client, "RUN", id=world.run) if each[0] == way]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages(client, world, size):
    found, token = [], None
    while True:
        more = {"page_token": token} if token else {}
        page = client.get(LINEAGE, kind="RUN", id=world.run, max_results=size, **more)
        assert len(page["links"]) == size or "next_page_token" not in page
        found += [(each["direction"], each["relation"], word(each["object"])) for each in page["links"]]
        token = page.get("next_page_token")
        if token is None:
            break
    assert found == links(client, "RUN", id=world.run)


def test_what_is_gone_is_known_by_its_name(client):
    own = World(client, "gone")
    client.post("runs/delete", run_id=own.run)
    client.call("DELETE", "model-versions/delete", json={"name": own.model, "version": "1"})
    of_copy = links(client, "MODEL_VERSION", name=own.copy, version="1")
    assert (UP, "REGISTERED", f"RUN {own.run} (deleted)") in of_copy
    assert (UP, "COPIED", f"MODEL_VERSION {own.model}/1 (deleted)") in of_copy


@pytest.mark.parametrize(
    ("which", "status"),
    [
        ({"kind": "RUN", "id": "none"}, 404),
        ({"kind": "TRACE", "id": "none"}, 404),
        ({"kind": "LOGGED_MODEL", "id": "none"}, 404),
        ({"kind": "DATASET", "name": "none", "digest": "none"}, 404),
        ({"kind": "MODEL_VERSION", "name": "none", "version": "1"}, 404),
        ({"kind": "RUN"}, 400),
        ({"kind": "MODEL_VERSION", "name": "x"}, 400),
        ({"kind": "TABLE", "name": "x"}, 404),
        ({"kind": "FUNCTION", "name": "a.b.c"}, 404),
        ({"kind": "EXTERNAL_METADATA", "name": "x"}, 404),
        ({"kind": "PATH"}, 400),
        ({"kind": "NOTEBOOK", "name": "x"}, 400),
        ({"kind": "RUN", "id": "x", "direction": "SIDEWAYS"}, 400),
    ],
)
def test_what_is_not_there(client, which, status):
    assert client.refused("GET", LINEAGE, which).status == status


def test_a_prompt_is_no_model(client, world):
    assert client.refused("GET", LINEAGE, {"kind": "MODEL_VERSION", "name": world.prompt, "version": "1"}).status == 404
    assert client.refused("GET", LINEAGE, {"kind": "PROMPT_VERSION", "name": world.model, "version": "1"}).status == 404


def test_links_end_at_the_workspace(client, callers: Callers):
    """What another workspace says about our objects leads nobody there, and nobody from there to us."""
    own, stranger = World(client, "bounded"), callers.stranger
    theirs = World(stranger, "bounded")
    used = json.dumps([{"name": own.prompt, "version": "1"}])
    stranger.post("runs/set-tag", run_id=theirs.run, key="mlflow.linkedPrompts", value=used)
    stranger.post("runs/log-inputs", run_id=theirs.run, models=[{"model_id": own.logged}])
    for who, mine, other in ((client, own, theirs), (stranger, theirs, own)):
        seen = str([
            links(who, "RUN", id=mine.run),
            links(who, "LOGGED_MODEL", id=mine.logged),
            links(who, "DATASET", name=mine.stem, digest="d1"),
            links(who, "PROMPT_VERSION", name=mine.prompt, version="1"),
            links(who, "MODEL_VERSION", name=mine.model, version="1"),
        ])  # fmt: skip
        assert other.run not in seen
        assert other.logged not in seen
        for kind, which in (("RUN", other.run), ("LOGGED_MODEL", other.logged)):
            assert who.refused("GET", LINEAGE, {"kind": kind, "id": which}).status == 404
