"""Catalogs and schemas as objects: names, owners, comments, lists, what is in them; models stand in real ones."""

import threading

import pytest

from lakeward.runtime.http import Role
from server import Caller, Server

UC = "/api/2.1/unity-catalog"
HOSTILE = (
    "",
    " ",
    "a b",
    "a.b",
    "a/b",
    "../x",
    "..",
    "a\\b",
    "a'b",
    'a"b',
    "a;b",
    "a%b",
    "-a",
    "a\n",
    "a\0",
    "`a`",
    "x" * 256,
)


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


def make(client: Caller, name: str, *schemas: str) -> None:
    client.call("POST", f"{UC}/catalogs", json={"name": name})
    for schema in schemas:
        client.call("POST", f"{UC}/schemas", json={"name": schema, "catalog_name": name})


def grant(client: Caller, kind: str, name: str, principal: str, *privileges: str) -> None:
    changes = [{"principal": principal, "add": list(privileges)}]
    client.call("PATCH", f"{UC}/permissions/{kind}/{name}", json={"changes": changes})


def names_of(client: Caller, what: str, size: int = 2, **more) -> list[str]:
    """Read in pages; only the last one may be short."""
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = client.call("GET", f"{UC}/{what}", params={"max_results": size, **more, **token})
        found += [each["name"] for each in page[what]]
        if "next_page_token" not in page:
            return found
        assert len(page[what]) == size
        token = {"page_token": page["next_page_token"]}


def test_the_first_start_has_main_default(client: Caller):
    made = client.call("GET", f"{UC}/catalogs/MAIN")
    assert (made["name"], made["owner"], made["isolation_mode"]) == ("main", "admins", "ISOLATED")
    assert client.call("GET", f"{UC}/schemas/main.default")["full_name"] == "main.default"
    summary = client.call("GET", f"{UC}/metastore_summary")
    assert summary["metastore_id"] == made["metastore_id"]
    assert client.call("GET", f"{UC}/metastores/{summary['metastore_id']}")["name"] == summary["name"]
    assigned = client.call("GET", f"{UC}/current-metastore-assignment")
    assert assigned == {"workspace_id": 1, "metastore_id": summary["metastore_id"], "default_catalog_name": "main"}
    for path in ("catalogs/main", "schemas/main.default"):
        assert client.refused("DELETE", f"{UC}/{path}", params={"force": "true"}).status == 400


def test_a_life(client: Caller):
    given = {"name": "Life", "comment": "first", "properties": {"team": "a"}}
    made = client.call("POST", f"{UC}/catalogs", json=given)
    assert (made["name"], made["owner"], made["comment"], made["properties"]) == (
        "life",
        "owner",
        "first",
        {"team": "a"},
    )
    assert made["isolation_mode"] == "OPEN"
    assert client.refused("POST", f"{UC}/catalogs", json={"name": "LIFE"}).code == "ALREADY_EXISTS"
    changed = client.call("PATCH", f"{UC}/catalogs/life", json={"comment": "second"})
    assert (changed["comment"], changed["properties"]) == ("second", {"team": "a"})
    assert changed["updated_at"] >= made["updated_at"]
    assert client.call("PATCH", f"{UC}/catalogs/life", json={"properties": {}})["properties"] == {}
    schema = client.call("POST", f"{UC}/schemas", json={"catalog_name": "LIFE", "name": "One", "comment": "c"})
    assert (schema["full_name"], schema["comment"]) == ("life.one", "c")
    again = {"catalog_name": "life", "name": "one"}
    assert client.refused("POST", f"{UC}/schemas", json=again).code == "ALREADY_EXISTS"
    assert client.call("PATCH", f"{UC}/schemas/Life.One", json={"comment": "d"})["comment"] == "d"
    assert client.refused("DELETE", f"{UC}/catalogs/life").code == "CATALOG_NOT_EMPTY"
    client.call("DELETE", f"{UC}/schemas/life.one")
    assert client.refused("GET", f"{UC}/schemas/life.one").code == "SCHEMA_DOES_NOT_EXIST"
    client.call("DELETE", f"{UC}/catalogs/life")
    assert client.refused("GET", f"{UC}/catalogs/life").code == "CATALOG_DOES_NOT_EXIST"
    for missing in ({"catalog_name": "nowhere", "name": "s"},):
        assert client.refused("POST", f"{UC}/schemas", json=missing).status == 404
    assert client.refused("GET", f"{UC}/schemas", params={"catalog_name": "nowhere"}).status == 404


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_refused_and_say_why(client: Caller, name: str):
    for path, body in (
        ("catalogs", {"name": name}),
        ("schemas", {"name": name, "catalog_name": "main"}),
        ("models", {"name": "m", "catalog_name": name, "schema_name": "s"}),
    ):
        answer = client.refused("POST", f"{UC}/{path}", json=body)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE"), answer
        assert "name" in answer.message


def test_hostile_names_over_http_make_no_catalogs(server: Server, client: Caller):
    """Over http a name of three parts is a full name only if its catalog and schema may be called so."""
    for name in ("my model.v1.2", "a b.c.d", "<b>.c.d"):
        client.post("registered-models/create", name=name)
        assert client.get("registered-models/get", name=name)["registered_model"]["name"] == name
        assert client.get("unity-catalog/registered-models/get", name=f"main.default.{name}")
    rows = server.sql("SELECT name FROM catalog WHERE name ~ '[^a-z0-9_-]'")
    assert rows == []


def test_models_stand_in_schemas(server: Server, client: Caller):
    client.post("registered-models/create", name="Shelf.Top.m")
    assert client.call("GET", f"{UC}/catalogs/shelf")["owner"] == "owner"  # whoever made the first thing in it
    assert names_of(client, "schemas", catalog_name="shelf") == ["top"]
    client.post("registered-models/rename", name="Shelf.Top.m", new_name="shelf.bottom.m")
    assert names_of(client, "schemas", catalog_name="shelf") == ["bottom", "top"]
    assert client.refused("DELETE", f"{UC}/schemas/shelf.bottom").code == "SCHEMA_NOT_EMPTY"
    client.call("DELETE", f"{UC}/schemas/shelf.top")
    client.call("DELETE", f"{UC}/schemas/shelf.bottom", params={"force": "true"})
    assert client.refused("GET", "registered-models/get", {"name": "shelf.bottom.m"}).status == 404
    client.post("registered-models/create", name="shelf.bottom.m")
    client.call("DELETE", f"{UC}/catalogs/shelf", params={"force": "true"})
    assert client.refused("GET", "registered-models/get", {"name": "shelf.bottom.m"}).status == 404
    assert server.sql("SELECT FROM access_grant WHERE object LIKE 'shelf%'") == []


def test_a_schema_is_not_deleted_under_what_is_made_in_it(client: Caller):
    """Makers and a deleter at once: whatever is acknowledged stands in a schema that is there."""
    make(client, "busy", "s")
    made: list[str] = []
    stop = threading.Event()

    def maker(number: int) -> None:
        for count in range(15):
            name = f"busy.s.m{number}-{count}"
            client.post("registered-models/create", name=name)
            made.append(name)

    def deleter() -> None:
        while not stop.is_set():
            client.request("DELETE", f"{UC}/schemas/busy.s")  # not empty, or gone

    threads = [threading.Thread(target=maker, args=(number,)) for number in range(3)]
    breaker = threading.Thread(target=deleter)
    breaker.start()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    stop.set()
    breaker.join()
    assert len(made) == 45
    assert client.call("GET", f"{UC}/schemas/busy.s")
    assert all(client.get("registered-models/get", name=name) for name in made)


# --- who may


def test_privileges(server: Server, client: Caller, ann: Caller, bob: Caller):
    make(client, "closed", "s", "t")
    assert ann.refused("POST", f"{UC}/catalogs", json={"name": "anns"}).status == 403
    grant(client, "metastore", "metastore", "ann", "CREATE_CATALOG")
    made = ann.call("POST", f"{UC}/catalogs", json={"name": "anns"})
    assert made["owner"] == "ann"
    ann.call("POST", f"{UC}/schemas", json={"name": "s", "catalog_name": "anns"})
    for path in ("catalogs/anns", "schemas/anns.s", "catalogs/closed"):
        assert bob.refused("GET", f"{UC}/{path}").status == 403
    assert bob.refused("POST", f"{UC}/schemas", json={"name": "x", "catalog_name": "anns"}).status == 403
    grant(ann, "catalog", "anns", "bob", "USE_CATALOG")
    assert bob.call("GET", f"{UC}/catalogs/anns")["name"] == "anns"
    assert bob.refused("GET", f"{UC}/schemas/anns.s").status == 403
    assert bob.refused("PATCH", f"{UC}/catalogs/anns", json={"comment": "x"}).status == 403
    grant(ann, "catalog", "anns", "bob", "USE_SCHEMA", "CREATE_SCHEMA")
    assert bob.call("GET", f"{UC}/schemas/anns.s")["name"] == "s"
    assert bob.call("POST", f"{UC}/schemas", json={"name": "bobs", "catalog_name": "anns"})["owner"] == "bob"
    bob.call("DELETE", f"{UC}/schemas/anns.bobs")
    assert bob.refused("DELETE", f"{UC}/schemas/anns.s").status == 403
    ann.call("PATCH", f"{UC}/catalogs/anns", json={"owner": "bob"})
    assert bob.call("PATCH", f"{UC}/catalogs/anns", json={"comment": "mine"})["owner"] == "bob"
    refused = bob.refused("PATCH", f"{UC}/catalogs/anns", json={"owner": "nobody-there"})
    assert (refused.status, refused.code) == (404, "PRINCIPAL_DOES_NOT_EXIST")


def test_lists_show_what_may_be_seen_in_full_pages(client: Caller, bob: Caller):
    for number in range(7):
        make(client, f"l{number}", "a", "b", "c")
    for number in (0, 2, 3, 6):
        grant(client, "catalog", f"l{number}", "bob", "USE_CATALOG")
    grant(client, "catalog", "l5", "bob", "BROWSE")
    seen = names_of(bob, "catalogs")
    assert [name for name in seen if name.startswith("l")] == ["l0", "l2", "l3", "l6"]
    assert "main" in seen  # it is open to all
    assert "l5" in names_of(bob, "catalogs", include_browse="true")
    [browsed] = [
        each for each in bob.call("GET", f"{UC}/catalogs", params={"include_browse": "true"})["catalogs"]
        if each["name"] == "l5"
    ]  # fmt: skip
    assert browsed["browse_only"] is True
    assert {f"l{number}" for number in range(7)} <= set(names_of(client, "catalogs"))
    assert names_of(bob, "schemas", catalog_name="l0") == []
    grant(client, "schema", "l0.b", "bob", "USE_SCHEMA")
    assert names_of(bob, "schemas", catalog_name="l0") == ["b"]
    assert names_of(client, "schemas", catalog_name="L0") == ["a", "b", "c"]
    assert client.refused("GET", f"{UC}/catalogs", params={"max_results": -1}).status == 400
    page = client.call("GET", f"{UC}/catalogs", params={"max_results": 1})
    wrong = {"max_results": 1, "page_token": page["next_page_token"], "catalog_name": "l0"}
    assert client.refused("GET", f"{UC}/schemas", params=wrong).status == 400


def test_who_has_privileges_only_makes_no_schemas_by_naming_them(client: Caller, ann: Caller):
    make(client, "strict", "s")
    grant(client, "catalog", "strict", "ann", "USE_CATALOG", "USE_SCHEMA", "CREATE_MODEL")
    ann.post("registered-models/create", name="strict.s.m")
    refused = ann.refused("POST", "registered-models/create", {"name": "strict.other.m"})
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert names_of(client, "schemas", catalog_name="strict") == ["s"]


def test_what_stands_in_a_renamed_catalog_is_known_by_its_new_name(client: Caller):
    make(client, "before", "s")
    table = {"catalog_name": "before", "schema_name": "s", "name": "t"}
    client.call("POST", f"{UC}/tables", json=table)
    client.call("POST", f"{UC}/models", json={"catalog_name": "before", "schema_name": "s", "name": "M"})
    needed = {"dependencies": [{"table": {"table_full_name": "before.s.t"}}]}
    version = {"catalog_name": "before", "schema_name": "s", "model_name": "M", "source": "s3://b/m"}
    client.call("POST", f"{UC}/models/versions", json={**version, "model_version_dependencies": needed})
    for bad in ("a b", "a.b", "-x", "x" * 300, "a/b", "a\n"):
        assert client.refused("PATCH", f"{UC}/catalogs/before", json={"new_name": bad}).status == 400
        assert client.refused("PATCH", f"{UC}/schemas/before.s", json={"new_name": bad}).status == 400
    client.call("PATCH", f"{UC}/schemas/before.s", json={"new_name": "r"})
    client.call("PATCH", f"{UC}/catalogs/before", json={"new_name": "after", "comment": "c"})
    assert client.call("GET", f"{UC}/models/after.r.m")["name"] == "m"
    assert client.refused("GET", f"{UC}/models/before.s.m").status == 404
    [link] = client.get("/api/2.0/lakeward/lineage", kind="TABLE", name="after.r.t")["links"]
    assert (link["object"]["name"], link["object"]["version"]) == ("after.r.m", "1")
    log = client.get("/api/2.0/lakeward/registry/activity", name="after.r.m")["activities"]
    assert [each["action"] for each in log] == ["renamed", "renamed", "created", "created"]
    client.call("DELETE", f"{UC}/catalogs/after", params={"force": "true"})


def test_what_is_not_served_is_refused(client: Caller):
    for more in ({"connection_name": "c"}, {"share_name": "s"}, {"managed_encryption_settings": {"k": "v"}}):
        assert client.refused("POST", f"{UC}/catalogs", json={"name": "x", **more}).status == 400
    make(client, "stays")
    assert client.call("PATCH", f"{UC}/catalogs/stays", json={"new_name": "Stays", "comment": "x"})["comment"] == "x"
    assert client.refused("PATCH", f"{UC}/catalogs/stays", json={"isolation_mode": "HALF"}).status == 400
    for values in ({"k": "v" * 5000}, {"": "v"}, {"k\n": "v"}, {f"k{n}": "v" for n in range(300)}):
        assert client.refused("PATCH", f"{UC}/catalogs/stays", json={"properties": values}).status == 400
