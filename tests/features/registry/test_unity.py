"""Unity Catalog's dialect: names, case, and what differs from the classic registry; its prompts."""

import pytest

UC = "unity-catalog"
INVALID = (400, "INVALID_PARAMETER_VALUE")
MISSING = (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.fixture
def name(registry, client):
    made = f"main.default.{registry.name()}"
    client.post(f"{UC}/registered-models/create", name=made, description="d", tags=[{"key": "k", "value": "v"}])
    return made


@pytest.mark.parametrize(
    "wrong", ["m", "a.b", "a.b.c.d", ".b.c", "a..c", "a.b.", "a b.c.d", "a.b.c/d", "a.b.c:d", "a.b.c\\d", "a.b.c\n"]
)
def test_names_that_may_not_be(client, wrong):
    for path, body in (
        (f"{UC}/registered-models/create", {"name": wrong}),
        (f"{UC}/prompts", {"name": wrong, "prompt": {}}),
    ):
        refused = client.refused("POST", path, body)
        assert (refused.status, refused.code) == INVALID
    if wrong.count(".") < 2:
        refused = client.refused("GET", f"{UC}/registered-models/get", {"name": wrong})
        assert (refused.status, refused.code) == INVALID
        assert "specify all three levels" in refused.message


def test_case_does_not_count(client, registry, name):
    found = client.get(f"{UC}/registered-models/get", name=name.upper())["registered_model"]
    assert (found["name"], found["description"]) == (name, "d")
    upper = {"name": name.upper()}
    assert client.refused("POST", f"{UC}/registered-models/create", upper).code == "RESOURCE_ALREADY_EXISTS"
    mixed = registry.name("Mixed")
    registry.create(mixed, tags={"which": "upper"})
    registry.create(mixed.lower(), tags={"which": "lower"})
    for said, which in ((mixed, "upper"), (mixed.lower(), "lower"), (mixed.upper(), "upper")):
        found = client.get(f"{UC}/registered-models/get", name=f"main.default.{said}")["registered_model"]
        assert found["tags"] == [{"key": "which", "value": which}]
    registry.add(mixed)
    found = client.get(f"{UC}/model-versions/search", filter=f"name='main.default.{mixed.upper()}'")["model_versions"]
    assert [(each["name"], each["version"]) for each in found] == [(f"main.default.{mixed}", "1")]


@pytest.mark.parametrize("stem", ["É", "Straße", "İ", "日本語"])
def test_letters_beyond_ascii_are_compared_as_they_are(client, registry, stem):
    over_http, over_uc = (
        f"main.default.{registry.model(name=registry.name(stem))}",
        f"main.default.{registry.name(stem)}",
    )
    client.post(f"{UC}/registered-models/create", name=over_uc)
    for full in (over_http, over_uc):
        lower = full.replace("S", "s")  # the only ASCII capital
        found = client.get(f"{UC}/registered-models/get", name=full)["registered_model"]
        assert found["name"] in (full, lower)
        client.post(f"{UC}/model-versions/create", name=full, source="x")
        listed = client.get(f"{UC}/model-versions/search", filter=f"name='{full}'")["model_versions"]
        assert [each["name"] for each in listed] == [found["name"]]


def test_aliases_and_what_is_missing(client, name):
    version = client.post(f"{UC}/model-versions/create", name=name, source="x")["model_version"]["version"]
    client.post(f"{UC}/registered-models/alias", name=name, alias="champion", version=version)
    found = client.get(f"{UC}/registered-models/alias", name=name, alias="champion")["model_version"]
    assert found["aliases"] == [{"alias": "champion", "version": version}]
    for path, params in (
        ("registered-models/alias", {"name": name, "alias": "nobody"}),
        ("model-versions/get", {"name": name, "version": "99"}),
        ("registered-models/get", {"name": "main.default.nothing"}),
        ("model-versions/get-download-uri", {"name": "main.default.nothing", "version": "1"}),
    ):
        refused = client.refused("GET", f"{UC}/{path}", params)
        assert (refused.status, refused.code) == MISSING


def test_a_version_takes_no_model_that_is_not_there(client, registry, name):
    body = {"name": name, "source": "x", "model_id": "m-" + "0" * 32}
    refused = client.refused("POST", f"{UC}/model-versions/create", body)
    assert (refused.status, refused.code) == MISSING
    assert client.post(f"{UC}/model-versions/create", name=name, source="x")["model_version"]["version"] == "1"


def test_rename(client, registry, name):
    leaf = registry.name("renamed")
    body = {"name": name, "new_name": f"Prod.Vision.{leaf}"}
    changed = client.call("PATCH", f"{UC}/registered-models/update", json=body)["registered_model"]
    assert changed["name"] == f"prod.vision.{leaf}"
    assert registry.get(f"prod.vision.{leaf}")["name"] == f"prod.vision.{leaf}"


def test_a_new_name_that_is_taken_in_another_case(client, registry):
    """`Net` over http and `net` were one model to Unity Catalog's clients."""
    taken = registry.model(name=registry.name("Net"))
    made = f"main.default.{registry.name('other')}"
    client.post("unity-catalog/registered-models/create", name=made)
    body = {"name": made, "new_name": f"main.default.{taken.lower()}"}
    assert client.refused("PATCH", "unity-catalog/registered-models/update", body).code == "RESOURCE_ALREADY_EXISTS"
    own = {"name": f"main.default.{taken}", "new_name": taken.lower()}
    changed = client.call("PATCH", "unity-catalog/registered-models/update", json=own)["registered_model"]
    assert changed["name"] == f"main.default.{taken.lower()}"


def test_pages(client, registry):
    schema = registry.name("s").replace("-", "_")
    names = [f"main.{schema}.p{number}" for number in range(5)]
    for each in names:
        client.post(f"{UC}/prompts", name=each, prompt={})
    where = {"catalog_schema": {"catalog_name": "MAIN", "schema_name": schema}}
    found, token = [], None
    while True:
        more = {"page_token": token} if token else {}
        page = client.post(f"{UC}/prompts/search", **where, max_results=2, **more)
        found += [each["name"] for each in page["prompts"]]
        token = page.get("next_page_token")
        if not token:
            break
    assert found == names
    assert client.post(f"{UC}/prompts/search", **where, filter="name LIKE '%p3'")["prompts"][0]["name"] == names[3]


def test_a_prompt_in_both_dialects(client, registry):
    name = f"main.default.{registry.name('prompt')}"
    client.post(f"{UC}/prompts", name=name, prompt={"description": "d"})
    again = client.refused("POST", f"{UC}/prompts", {"name": name, "prompt": {}})
    assert (again.status, again.code) == (409, "ALREADY_EXISTS")
    for template, kept in (('"hi {{x}} ü"', "hi {{x}} ü"), ('[{"role": "user", "content": "y"}]', None)):
        made = client.post(f"{UC}/prompts/{name}/versions", prompt_version={"template": template})
        tags = registry.tags(name, int(made["version"]))
        assert tags["mlflow.prompt.text"] == (kept or template)
        assert made["tags"] == [{"key": "_mlflow_prompt_type", "value": "text" if kept else "chat"}]
        got = client.get(f"{UC}/prompts/{name}/versions/{made['version']}", name=name, version=made["version"])
        assert (got["template"], got["creation_timestamp"][-1]) == (template, "Z")
    for template in ("no json", "7", "{}"):
        body = {"prompt_version": {"template": template}}
        refused = client.refused("POST", f"{UC}/prompts/{name}/versions", body)
        assert (refused.status, refused.code) == INVALID
    for key in ("mlflow.prompt.is_prompt", "mlflow.prompt.text"):
        refused = client.refused("DELETE", f"{UC}/prompts/{name}/tags/{key}")
        assert (refused.status, refused.code) == INVALID
    client.call("PATCH", f"{UC}/prompts/{name}/versions/1", json={"prompt_version": {"description": "words"}})
    assert registry.version(name, 1)["description"] == "words"
    refused = client.refused("GET", f"{UC}/registered-models/get", {"name": name})
    assert (refused.status, refused.code) == MISSING
    refused = client.refused("GET", f"{UC}/prompts/{name}/versions/production")
    assert (refused.status, refused.code) == MISSING
