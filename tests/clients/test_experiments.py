"""Experiments: their life, their names, their tags, and what is refused."""

import time
import uuid

import mlflow
import pytest
from mlflow.entities import ViewType

from .expect import EXISTS, INVALID, MISSING, refused


def test_create_gives_a_decimal_id(side, client):
    experiment_id = client.create_experiment(side.name())
    assert isinstance(experiment_id, str)
    assert experiment_id.isdecimal()


def test_get_shows_what_was_created(side, client):
    name, before = side.name(), int(time.time() * 1000)
    experiment_id = client.create_experiment(name, tags={"team": "vision", "mlflow.note.content": "a *note*"})
    found = client.get_experiment(experiment_id)
    assert (found.experiment_id, found.name, found.lifecycle_stage) == (experiment_id, name, "active")
    assert found.tags["team"] == "vision"
    assert found.tags["mlflow.note.content"] == "a *note*"
    assert before - 1000 <= found.creation_time <= int(time.time() * 1000) + 1000
    assert found.last_update_time >= found.creation_time
    assert found.artifact_location


def test_get_by_name(side, client):
    name = side.name()
    experiment_id = client.create_experiment(name)
    assert client.get_experiment_by_name(name).experiment_id == experiment_id


def test_unknown_name_is_none(side, client):
    assert client.get_experiment_by_name(side.name("nobody")) is None


def test_unknown_id(client):
    with refused(MISSING, "999999999999"):
        client.get_experiment("999999999999")


@pytest.mark.parametrize(
    "name",
    [
        "ünïcödé",
        "日本語の実験",
        "emoji 🧪🚀",
        "עברית",
        "with space",
        "a/b/c",
        "100%",
        "what?",
        "#1",
        "a&b=c",
        "quo'te",
        'dou"ble',
        "back\\slash",
        "semi;colon",
        "plus+plus",
        "Å decomposed A\u030a",
        "; drop table experiments; --",
    ],
)
def test_names_of_any_kind(side, client, name):
    full = f"{side.name()} {name}"
    experiment_id = client.create_experiment(full)
    assert client.get_experiment(experiment_id).name == full
    assert client.get_experiment_by_name(full).experiment_id == experiment_id


def test_longest_name(side, client):
    name = side.name().ljust(500, "n")
    assert client.get_experiment(client.create_experiment(name)).name == name


def test_too_long_name(side, client):
    with refused(INVALID, "500"):
        client.create_experiment(side.name().ljust(501, "n"))


def test_empty_name(client):
    with refused(INVALID, "name"):
        client.create_experiment("")


def test_duplicate_name(side, client):
    name = side.name()
    client.create_experiment(name)
    with refused(EXISTS, name.rsplit("/", maxsplit=1)[-1]):
        client.create_experiment(name)


def test_names_differ_by_case(side, client):
    name = side.name("case")
    lower, upper = client.create_experiment(f"{name}a"), client.create_experiment(f"{name}A")
    assert lower != upper
    assert client.get_experiment_by_name(f"{name}A").experiment_id == upper


def test_name_of_a_deleted_experiment_stays_taken(side, client):
    name = side.name()
    client.delete_experiment(client.create_experiment(name))
    with refused(EXISTS):
        client.create_experiment(name)


def test_rename(side, client):
    old, new = side.name("old"), side.name("new")
    experiment_id = client.create_experiment(old)
    before = client.get_experiment(experiment_id)
    time.sleep(0.005)
    client.rename_experiment(experiment_id, new)
    after = client.get_experiment(experiment_id)
    assert after.name == new
    assert after.last_update_time > before.last_update_time
    assert client.get_experiment_by_name(old) is None


@pytest.mark.beyond  # MLflow answers BAD_REQUEST with the database's words
def test_rename_to_a_taken_name(side, client):
    taken = side.name("taken")
    client.create_experiment(taken)
    experiment_id = side.experiment()
    with refused(EXISTS):
        client.rename_experiment(experiment_id, taken)
    assert client.get_experiment(experiment_id).name != taken


def test_rename_unknown(side, client):
    with refused(MISSING):
        client.rename_experiment("999999999999", side.name())


@pytest.mark.beyond  # MLflow fails with 500
def test_rename_deleted(side, client, experiment):
    client.delete_experiment(experiment)
    with refused(INVALID, "(?i)active|deleted"):
        client.rename_experiment(experiment, side.name())


def test_rename_to_a_too_long_name(side, client, experiment):
    with refused(INVALID):
        client.rename_experiment(experiment, side.name().ljust(501, "n"))


def test_delete_and_restore(client, experiment):
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"


def test_delete_takes_the_runs_along_and_restore_brings_them_back(client, experiment, run):
    client.delete_experiment(experiment)
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment]) == []
    client.restore_experiment(experiment)
    assert client.get_run(run).info.lifecycle_stage == "active"
    assert [r.info.run_id for r in client.search_runs([experiment])] == [run]


def test_delete_unknown(client):
    with refused(MISSING):
        client.delete_experiment("999999999999")


def test_restore_unknown(client):
    with refused(MISSING):
        client.restore_experiment("999999999999")


def test_no_run_in_a_deleted_experiment(client, experiment):
    client.delete_experiment(experiment)
    with refused(INVALID, "(?i)active|deleted"):
        client.create_run(experiment)


def test_tags(client, experiment):
    client.set_experiment_tag(experiment, "k", "v1")
    client.set_experiment_tag(experiment, "k", "v2")
    client.set_experiment_tag(experiment, "n", 3)
    tags = client.get_experiment(experiment).tags
    assert (tags["k"], tags["n"]) == ("v2", "3")


def test_tag_values_up_to_20000(client, experiment):
    client.set_experiment_tag(experiment, "long", "v" * 20000)
    assert client.get_experiment(experiment).tags["long"] == "v" * 20000
    with refused(INVALID):
        client.set_experiment_tag(experiment, "long", "v" * 20001)


def test_tag_keys_up_to_250(client, experiment):
    client.set_experiment_tag(experiment, "k" * 250, "v")
    with refused(INVALID):
        client.set_experiment_tag(experiment, "k" * 251, "v")


def test_tag_unicode(client, experiment):
    client.set_experiment_tag(experiment, "ключ", "значение 🏷")
    assert client.get_experiment(experiment).tags["ключ"] == "значение 🏷"


def test_tag_of_an_unknown_experiment(client):
    with refused(MISSING):
        client.set_experiment_tag("999999999999", "k", "v")


def test_tag_of_a_deleted_experiment(client, experiment):
    client.delete_experiment(experiment)
    with refused(INVALID):
        client.set_experiment_tag(experiment, "k", "v")


def test_set_experiment_creates_once(side):
    name = side.name()
    first = mlflow.set_experiment(name)
    again = mlflow.set_experiment(name)
    assert first.experiment_id == again.experiment_id
    assert mlflow.set_experiment(experiment_id=first.experiment_id).name == name


def test_set_experiment_on_a_deleted_one(side, client):
    name = side.name()
    client.delete_experiment(client.create_experiment(name))
    with refused(INVALID, "deleted", by="client"):
        mlflow.set_experiment(name)


def test_fluent_create_and_tags(side):
    experiment_id = mlflow.create_experiment(side.name(), tags={"a": "1"})
    mlflow.set_experiment(experiment_id=experiment_id)
    mlflow.set_experiment_tag("b", "2")
    mlflow.set_experiment_tags({"c": "3", "d": "4"})
    tags = mlflow.get_experiment(experiment_id).tags
    assert {k: tags[k] for k in "abcd"} == {"a": "1", "b": "2", "c": "3", "d": "4"}


def test_own_artifact_location_is_kept(side, client, tmp_path):
    location = (tmp_path / "elsewhere").as_uri()
    experiment_id = client.create_experiment(side.name(), artifact_location=location)
    assert client.get_experiment(experiment_id).artifact_location == location


@pytest.mark.beyond
def test_both_modes_see_the_same_experiment(side, client, experiment, other_side):
    client.set_experiment_tag(experiment, "k", "v")
    here = client.get_experiment(experiment)
    with other_side().entered() as other:
        there = other.client.get_experiment(experiment)
    assert (there.name, there.tags, there.creation_time) == (here.name, here.tags, here.creation_time)


@pytest.mark.beyond
@pytest.mark.modes("databricks")
@pytest.mark.parametrize("name", ["relative", "also/relative", "./here"])
def test_platform_names_are_absolute_paths(client, name):
    with refused(INVALID, "(?i)name"):
        client.create_experiment(f"{name}-{uuid.uuid4().hex}")


@pytest.mark.beyond
@pytest.mark.modes("databricks")
@pytest.mark.parametrize("folder", ["/Shared", "/Users/a@example.com", "/Users/a@example.com/deep/er", "/Repos/x"])
def test_platform_folders(client, folder):
    name = f"{folder}/{uuid.uuid4().hex}"
    assert client.get_experiment(client.create_experiment(name)).name == name


class TestSearch:
    @pytest.fixture
    def family(self, side, client):
        """Five experiments of one family, found by the tag `family`."""
        family = uuid.uuid4().hex
        stem = side.name("fam")
        ids = {}
        for number, letter in enumerate("abcde"):
            tags = {"family": family, "n": str(number)} | ({"odd": "yes"} if number % 2 else {})
            ids[letter] = client.create_experiment(f"{stem}-{letter}", tags=tags)
            time.sleep(0.003)
        return stem, family, ids

    def names(self, client, stem, filter_string=None, **kwargs):
        found = client.search_experiments(filter_string=filter_string, max_results=1000, **kwargs)
        return [e.name.removeprefix(f"{stem}-") for e in found if e.name.startswith(stem)]

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ("tags.n = '2'", "c"),
            ("tags.n != '2'", "abde"),
            ("tags.odd = 'yes'", "bd"),
            ("tags.odd LIKE 'y%'", "bd"),
            ("tags.odd ILIKE 'YES'", "bd"),
            ("tag.n = '0'", "a"),
            ("tags.`n` = '1'", "b"),
            ('tags."n" = "1"', "b"),
            ("name LIKE '%-c'", "c"),
            ("name ILIKE '%-D'", "d"),
            ("name LIKE '%-D'", ""),
            ("attribute.name LIKE '%-a'", "a"),
            ("creation_time > 0", "abcde"),
            ("creation_time < 1", ""),
            ("last_update_time >= 1", "abcde"),
        ],
    )
    def test_filter(self, client, family, condition, expected):
        stem, tag, _ = family
        assert sorted(self.names(client, stem, f"tags.family = '{tag}' AND {condition}")) == list(expected)

    def test_name_equals(self, client, family):
        stem, _, ids = family
        (found,) = client.search_experiments(filter_string=f"name = '{stem}-b'")
        assert found.experiment_id == ids["b"]
        assert found.tags["n"] == "1"

    def test_name_not_equals(self, client, family):
        stem, tag, _ = family
        assert sorted(self.names(client, stem, f"tags.family = '{tag}' and name != '{stem}-b'")) == list("acde")

    def test_creation_time_bounds(self, client, family):
        stem, tag, ids = family
        middle = client.get_experiment(ids["c"]).creation_time
        found = self.names(client, stem, f"tags.family = '{tag}' AND creation_time <= {middle}")
        assert sorted(found) == list("abc")

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (["name"], "abcde"),
            (["name ASC"], "abcde"),
            (["name DESC"], "edcba"),
            (["creation_time ASC"], "abcde"),
            (["creation_time DESC"], "edcba"),
            (["last_update_time ASC"], "abcde"),
            (["experiment_id ASC"], "abcde"),
            (["experiment_id DESC"], "edcba"),
            (["last_update_time DESC", "name"], "edcba"),
            (None, "edcba"),
        ],
    )
    def test_order(self, client, family, order, expected):
        stem, tag, _ = family
        assert self.names(client, stem, f"tags.family = '{tag}'", order_by=order) == list(expected)

    def test_updated_comes_first(self, client, family):
        stem, tag, ids = family
        time.sleep(0.003)
        client.rename_experiment(ids["a"], f"{stem}-z")
        found = self.names(client, stem, f"tags.family = '{tag}'", order_by=["last_update_time DESC"])
        assert found == list("zedcb")

    def test_view_types(self, client, family):
        stem, tag, ids = family
        client.delete_experiment(ids["c"])
        where = f"tags.family = '{tag}'"
        assert sorted(self.names(client, stem, where)) == list("abde")
        assert self.names(client, stem, where, view_type=ViewType.DELETED_ONLY) == ["c"]
        assert sorted(self.names(client, stem, where, view_type=ViewType.ALL)) == list("abcde")

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
    def test_pages_are_complete_and_without_doubles(self, client, family, size):
        _, tag, ids = family
        seen, token = [], None
        while True:
            page = client.search_experiments(
                filter_string=f"tags.family = '{tag}'", max_results=size, order_by=["name"], page_token=token
            )
            assert len(page) <= size
            seen += [e.experiment_id for e in page]
            token = page.token
            if not token:
                break
        assert seen == [ids[letter] for letter in "abcde"]

    @pytest.mark.parametrize(
        "filter_string",
        [
            "nonsense",
            "name",
            "name =",
            "name = unquoted",
            "name = 'a' OR name = 'b'",
            "flavour = 'a'",
            "metrics.acc > 1",
            "params.a = 'b'",
            "tags.a > 'b'",
            "creation_time = 'yesterday'",
            "name > 'a'",
        ],
    )
    def test_bad_filter(self, client, filter_string):
        with refused(INVALID):
            client.search_experiments(filter_string=filter_string)

    @pytest.mark.parametrize("order", ["flavour", "name SIDEWAYS", "name ASC DESC", "tags.n", "metrics.a DESC"])
    def test_bad_order(self, client, order):
        with refused(INVALID):
            client.search_experiments(order_by=[order])

    @pytest.mark.parametrize("size", [0, -1, 50001])
    def test_bad_page_size(self, client, size):
        with refused(INVALID):
            client.search_experiments(max_results=size)

    def test_bad_page_token(self, client):
        with refused(INVALID):
            client.search_experiments(page_token="made-up")

    def test_fluent_search(self, client, family):
        _, tag, ids = family
        found = mlflow.search_experiments(filter_string=f"tags.family = '{tag}'", max_results=2)
        assert len(found) == 2
        everything = mlflow.search_experiments(filter_string=f"tags.family = '{tag}'")
        assert {e.experiment_id for e in everything} == set(ids.values())
