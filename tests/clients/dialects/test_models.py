"""A model made in one dialect is seen, aliased, loaded, described and deleted in each of the others."""

import time
import uuid

import pytest
from databricks.sdk.service.catalog import CatalogIsolationMode

from clients.dialects.dialects import Dialect, RefusedError
from clients.server import Server

pytestmark = pytest.mark.beyond

MAKERS = (
    "2.22.5-http", "2.22.5-databricks-uc", "2.22.5-uc", "newest-http", "newest-databricks-uc", "newest-native",
    "newest-uc", "databricks-sdk", "unitycatalog-client",
)  # fmt: skip
DOUBLED = [2.0, 4.0]
ABSENT = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}


def test_the_makers_are_all_there_are(dialects):
    assert set(MAKERS) == set(dialects)


@pytest.mark.parametrize("number", range(len(MAKERS)), ids=MAKERS)
def test_made_in_one_dialect(number: int, dialects: dict[str, Dialect], source: str):
    maker, others = dialects[MAKERS[number]], [dialects[each] for each in (*MAKERS[number + 1 :], *MAKERS[:number])]
    name = f"main.default.m{uuid.uuid4().hex[:12]}"
    if maker.do("make", name, "of one", source) is None:  # the platform's SDK makes no versions
        assert others[0].do("make_version", name, source) == "1"
    for each in others:
        assert each.do("see", name) == ["of one", ["1"]], each.name
        assert each.do("status", name, "1") == "READY"
        assert each.do("load", f"models:/{name}/1") == DOUBLED, each.name

    named = [each for each in (maker, *others) if each.aliases]
    named[-1].do("alias", name, "champion", "1")
    for each in named:
        assert each.do("by_alias", name, "champion") == "1", each.name
    assert named[0].do("load", f"models:/{name}@champion") == DOUBLED
    assert named[1].do("load", f"models:/{name}@champion") == DOUBLED
    for old, each in zip((name, f"{name}x"), (named[0], named[1]), strict=True):
        new = f"{old}x"
        each.do("rename", old, new)
        for other in (maker, *others):
            assert other.do("see", new) == ["of one", ["1"]], (each.name, other.name)
    name = new
    assert named[-1].do("load", f"models:/{name}@champion") == DOUBLED
    named[0].do("unalias", name, "champion")
    with pytest.raises(RefusedError) as refused:
        named[-1].do("by_alias", name, "champion")
    assert refused.value.code in ABSENT | {"INVALID_PARAMETER_VALUE"}

    assert others[1].do("describe", name, "of all") == "of all"
    others[0].do("delete_version", name, "1")
    assert maker.do("see", name) == ["of all", []]
    assert others[2].do("see", name) == ["of all", []]
    others[1].do("delete", name)
    for each in (maker, *others):
        with pytest.raises(RefusedError) as refused:
            each.do("see", name)
        assert refused.value.code in ABSENT, (each.name, refused.value)


def test_without_execute_no_dialect_gives_anything(dialects, server: Server, source: str):
    """And with it each does, by the same token."""
    catalog = f"c{uuid.uuid4().hex[:8]}"
    who, name = f"reader-{catalog}", f"{catalog}.s.m"
    token = server.make_token(who, "--role", "use")
    owner = dialects["databricks-sdk"].client()
    owner.catalogs.create(catalog)
    owner.schemas.create("s", catalog)
    dialects["newest-http"].do("make", name, "", source)
    dialects["newest-http"].do("alias", name, "champion", "1")
    grant(owner, "catalog", catalog, who, "USE_CATALOG", "USE_SCHEMA")
    for each in dialects.values():
        for asked in ways(each, name):
            with pytest.raises(RefusedError) as refused:
                each.do(*asked, token=token)
            assert refused.value.code == "PERMISSION_DENIED" or "PERMISSION_DENIED" in str(refused.value), (
                each.name, asked, refused.value,
            )  # fmt: skip
    grant(owner, "function", name, who, "EXECUTE")
    for each in dialects.values():
        assert each.do("see", name, token=token) == ["", ["1"]], each.name
        for asked in ways(each, name)[2:]:
            assert each.do(*asked, token=token) in (DOUBLED, "1"), (each.name, asked)
        with pytest.raises(RefusedError) as refused:
            each.do("delete", name, token=token)
        assert refused.value.code == "PERMISSION_DENIED", each.name


def ways(each: Dialect, name: str) -> list[tuple[str, ...]]:
    """To see a version, and to load it."""
    by_number = [("see", name), ("status", name, "1"), ("load", f"models:/{name}/1")]
    by_alias = [("by_alias", name, "champion"), ("load", f"models:/{name}@champion")]
    return [*by_number, *by_alias] if each.aliases else by_number


def test_a_catalog_bound_to_one_workspace_is_in_no_other_by_any_dialect(dialects, server: Server, source: str):
    catalog = f"c{uuid.uuid4().hex[:8]}"
    elsewhere, name = f"w{catalog}", f"{catalog}.s.m"
    owner = dialects["databricks-sdk"].client()
    made = server.request(
        "POST", "/api/3.0/mlflow/workspaces", json={"name": elsewhere, "description": ""},
        headers={"Authorization": f"Bearer {server.token}"},
    )  # fmt: skip
    assert made.ok, made.text
    token = server.make_token(f"manager-{catalog}", "--role", "manage", "--workspace", elsewhere)
    owner.catalogs.create(catalog)
    dialects["newest-http"].do("make", name, "", source)
    dialects["newest-http"].do("alias", name, "champion", "1")
    grant(owner, "catalog", catalog, "users", "ALL_PRIVILEGES")
    time.sleep(1.05)
    for each in dialects.values():
        assert each.do("load", f"models:/{name}/1", token=token) == DOUBLED, each.name  # OPEN: whoever was given it
    owner.catalogs.update(catalog, isolation_mode=CatalogIsolationMode.ISOLATED)
    time.sleep(1.05)
    for each in dialects.values():
        for asked in ways(each, name):
            with pytest.raises(RefusedError) as refused:
                each.do(*asked, token=token)
            # some clients make one error of several, in which the code is lost
            assert any(code in str(refused.value) for code in (*ABSENT, "not found")), (each.name, asked, refused.value)
        assert each.do("load", f"models:/{name}/1") == DOUBLED, each.name  # at home as ever
    owner.catalogs.delete(catalog, force=True)


def grant(owner, kind: str, name: str, who: str, *privileges: str) -> None:
    changes = {"changes": [{"principal": who, "add": list(privileges)}]}
    owner.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{name}", body=changes)
