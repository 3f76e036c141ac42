"""Names found by a part of them, and rows of managed Delta tables, which a process of its own reads."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import deltalake
import pyarrow as pa
import pytest

from lakeward.runtime.http import Role
from s3 import s3_server
from server import Caller, Server

_UC = "/api/2.1/unity-catalog"
_OWN = "/api/2.0/lakeward/catalog"


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def client(server: Server) -> Caller:
    for name in ("shop", "closed"):
        server.local.call("POST", f"{_UC}/catalogs", json={"name": name, "comment": "what there is"})
        server.local.call("POST", f"{_UC}/schemas", json={"name": "toys", "catalog_name": name})
    return server.local


@pytest.fixture(scope="module")
def bob(server: Server) -> Caller:
    return server.bearer(server.token("bob", role=Role.USE))


def table(client: Caller, name: str, **more: object) -> Path:
    """Registers one; the directory where its files belong."""
    where = {"catalog_name": "shop", "schema_name": "toys", "name": name, **more}
    made = client.call("POST", f"{_UC}/tables", json=where)
    return Path(unquote(urlsplit(made["storage_location"]).path))


def sample(client: Caller, name: str, **query: object) -> dict:
    return client.get(f"{_OWN}/tables/shop.toys.{name}/sample", **query)


def grant(client: Caller, kind: str, name: str, *privileges: str) -> None:
    change = {"principal": "bob", "add": list(privileges)}
    client.call("PATCH", f"{_UC}/permissions/{kind}/{name}", json={"changes": [change]})


def test_rows_of_a_table(client: Caller):
    place = table(client, "sales")
    assert sample(client, "sales")["written"] is False
    rows = pa.table(
        {
            "id": [1, 2**60, None], "price": [1.5, float("nan"), 2.0], "name": ["ball", "x" * 900, None],
            "made": [dt.datetime(2026, 1, 31, 12)] * 3, "parts": [[{"n": 1}], [], None],
            "code": [b"\xff\0", b"", None], 'a "b"': [True, False, None],
        }
    )  # fmt: skip
    deltalake.write_deltalake(place, rows)
    found = sample(client, "sales")
    assert [each["name"] for each in found["columns"]] == rows.column_names
    assert [each["type"] for each in found["columns"]][:3] == ["long", "double", "string"]
    assert (found["version"], found["files"], found["more"]) == (0, 1, False)
    assert found["rows"][0] == [1, 1.5, "ball", "2026-01-31T12:00:00", '[{"n": 1}]', "0xff00", True]
    assert found["rows"][1][:2] == [str(2**60), "nan"]
    assert len(found["rows"][1][2]) == 500
    assert found["rows"][2][0] is None
    cut = sample(client, "sales", max_rows=2)
    assert (len(cut["rows"]), cut["more"]) == (2, True)
    assert client.refused("GET", f"{_OWN}/tables/shop.toys.sales/sample", {"max_rows": 9999}).status == 400


def test_rows_of_what_is_elsewhere_are_not_read(client: Caller):
    """Neither an external table nor a file that the log of a managed one names outside of it."""
    table(client, "far", table_type="EXTERNAL", data_source_format="DELTA", storage_location="s3://other/bucket")
    refused = client.refused("GET", f"{_OWN}/tables/shop.toys.far/sample")
    assert (refused.status, "external" in refused.message) == (400, True)
    mine, other = table(client, "mine"), table(client, "other")
    deltalake.write_deltalake(other, pa.table({"secret": ["s3cr3t"]}))
    [stolen] = other.glob("*.parquet")
    for path in (
        f"../{other.name}/{stolen.name}",
        f"..%2F{other.name}%2F{stolen.name}",
        stolen.as_uri(),
        str(stolen),
        f"%2e%2e/{other.name}/{stolen.name}",
    ):
        shutil.rmtree(mine / "_delta_log", ignore_errors=True)
        shutil.copytree(other / "_delta_log", mine / "_delta_log")
        [log] = (mine / "_delta_log").glob("*.json")
        actions = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        for each in actions:
            if "add" in each:
                each["add"]["path"] = path
        log.write_text("\n".join(map(json.dumps, actions)), "utf-8")
        answer = client.request("GET", f"{_OWN}/tables/shop.toys.mine/sample")
        assert (answer.status_code, "s3cr3t" in answer.text) == (400, False), (path, answer.text)


def test_rows_take_select(server: Server, client: Caller, bob: Caller):
    deltalake.write_deltalake(table(client, "wages"), pa.table({"sum": [1]}))
    path = f"{_OWN}/tables/shop.toys.wages/sample"
    grant(client, "catalog", "shop", "USE_CATALOG")
    grant(client, "schema", "shop.toys", "USE_SCHEMA", "BROWSE")
    assert bob.refused("GET", path).status == 403
    grant(client, "table", "shop.toys.wages", "SELECT")
    assert bob.get(path)["rows"] == [[1]]


def test_names_are_found_by_who_may_see_them(client: Caller, bob: Caller):
    table(client, "to_y_s")
    function = {"catalog_name": "closed", "schema_name": "toys", "name": "toy_price"}
    client.call("POST", f"{_UC}/functions", json={"function_info": function})
    found = client.get(f"{_OWN}/search", words="TOY")["found"]
    assert [(each["kind"], each["full_name"]) for each in found] == [
        ("schema", "closed.toys"), ("schema", "shop.toys"), ("function", "closed.toys.toy_price"),
    ]  # fmt: skip
    assert [each["full_name"] for each in client.get(f"{_OWN}/search", words="_s")["found"]] == ["shop.toys.to_y_s"]
    assert [each["full_name"] for each in client.get(f"{_OWN}/search", words="shop")["found"]] == ["shop"]
    grant(client, "schema", "shop.toys", "USE_SCHEMA")
    assert "closed" not in bob.request("GET", f"{_OWN}/search", params={"words": "o"}).text
    assert client.refused("GET", f"{_OWN}/search", {"words": " "}).status == 400


def test_rows_in_an_object_store(serving: Callable[..., AbstractContextManager[Server]]):
    with s3_server() as s3, serving(objects_url=s3.url(), objects=s3.options) as server:
        where = {"catalog_name": "main", "schema_name": "default", "name": "far"}
        made = server.local.call("POST", f"{_UC}/tables", json=where)
        path = f"{_OWN}/tables/main.default.far/sample"
        assert server.local.get(path)["written"] is False
        options = s3.options | {"allow_http": "true", "aws_s3_allow_unsafe_rename": "true"}
        deltalake.write_deltalake(made["storage_location"], pa.table({"id": [7]}), storage_options=options)
        assert server.local.get(path)["rows"] == [[7]]
