"""What the registry's paths cost: the statements the database is sent, counted. One more is a decision."""

import itertools
import re
import time

import pytest

from server import Caller, Server


@pytest.fixture(scope="module")
def server(serving):
    with serving(log_statements=True) as started:
        yield started


@pytest.fixture
def model(client: Caller) -> str:
    made = client.post("registered-models/create", name="m" + str(time.monotonic_ns()))
    name = made["registered_model"]["name"]
    client.post("model-versions/create", name=name, source="s3://b/m")
    client.post("registered-models/alias", name=name, alias="champion", version="1")
    return name


# Whatever is asked: who calls, which catalogs are bound where, and which tags are governed, is looked up once a second;
# the worker seals the audit log.
ASIDE = re.compile(
    r"principals_of\(p\.id\)|catalog_binding|SELECT tag_key|audit_(event|seal)|(SELECT|DELETE) .*audit_inbox"
)


def cost(server: Server, work) -> list[str]:
    """The verbs of the statements of `work`, done twice before: then they are prepared."""
    work()
    work()
    time.sleep(0.2)
    with server.statements() as seen:
        work()
        time.sleep(0.1)
    return [statement.split(None, 1)[0].rstrip(";") for statement in seen if not ASIDE.search(statement)]


def test_writes_are_one_statement_each_with_their_line_in_the_audit_log(server, client, model):
    numbers = itertools.count()
    by_id = {"name": model, "version": "1"}
    for path, body in (
        ("registered-models/create", lambda: {"name": f"{model}-{next(numbers)}", "tags": [{"key": "k"}]}),
        ("model-versions/create", lambda: {"name": model, "source": "s3://b/m", "tags": [{"key": "k"}]}),
        ("registered-models/set-tag", lambda: {"name": model, "key": "k", "value": "v"}),
        ("model-versions/set-tag", lambda: by_id | {"key": "k", "value": "v"}),
        ("registered-models/alias", lambda: by_id | {"alias": "champion"}),
    ):
        verbs = cost(server, lambda path=path, body=body: client.post(path, **body()))
        assert verbs == ["WITH"], path


@pytest.mark.parametrize(
    ("path", "params", "statements"),
    [
        ("registered-models/alias", {"alias": "champion"}, 1),
        ("registered-models/alias", {"alias": "latest"}, 1),
        ("model-versions/get", {"version": "1"}, 1),
        ("model-versions/get-download-uri", {"version": "1"}, 1),
        ("registered-models/get", {}, 2),
        ("registered-models/get-latest-versions", {}, 2),
    ],
)
def test_reads(server, client, model, path, params, statements):
    assert cost(server, lambda: client.get(path, name=model, **params)) == ["SELECT"] * statements


def test_searches_do_not_grow_with_what_they_find(server, client, model):
    for _ in range(20):
        client.post("model-versions/create", name=model, source="s3://b/m")
    assert cost(server, lambda: client.get("registered-models/search", max_results=1000)) == ["SELECT"] * 2
    assert cost(server, lambda: client.get("model-versions/search", filter=f"name = '{model}'")) == ["SELECT"]
