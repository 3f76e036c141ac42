"""Params are written once, tags are overwritten; registrations are read out of a tag."""

import json

import pytest

PAIR = {"key": "k", "value": "v"}


def test_params_add_up(models, client, experiment):
    model = models.id(experiment, params={"a": "1"})
    client.post(f"logged-models/{model}/params", params=[{"key": "b", "value": "2"}, {"key": "é", "value": ""}])
    client.post(f"logged-models/{model}/params", params=[])
    assert models.params(model) == {"a": "1", "b": "2", "é": ""}


def test_the_same_value_again_is_fine(models, client, experiment):
    model = models.id(experiment, params={"a": "1"})
    client.post(f"logged-models/{model}/params", params=[{"key": "a", "value": "1"}] * 2 + [{"key": "b", "value": "2"}])
    assert models.params(model) == {"a": "1", "b": "2"}


def test_another_value_is_refused_and_nothing_is_written(models, client, experiment):
    model = models.id(experiment, params={"a": "1"})
    for params in (
        [{"key": "new", "value": "x"}, {"key": "a", "value": "2"}],
        [{"key": "new", "value": "x"}, {"key": "new", "value": "y"}],
    ):
        refused = client.refused("POST", f"logged-models/{model}/params", {"params": params})
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert models.params(model) == {"a": "1"}


def test_as_many_and_as_long_as_allowed(models, client, experiment):
    params = [{"key": f"{n:04}" + "k" * 246, "value": "日" * 65_535 if n == 0 else "v"} for n in range(1000)]
    model = models.id(experiment)
    client.post(f"logged-models/{model}/params", params=params)
    found = models.params(model)
    assert len(found) == 1000
    assert found["0000" + "k" * 246] == "日" * 65_535


@pytest.mark.parametrize("what", ["params", "tags"])
@pytest.mark.parametrize(
    "entries", [[{"value": "v"}], [{"key": "k" * 251}], [{"key": "k", "value": 5}], "k", [PAIR] * 1001]
)
def test_malformed_entries(models, client, experiment, what, entries):
    model = models.id(experiment)
    method = "POST" if what == "params" else "PATCH"
    refused = client.refused(method, f"logged-models/{model}/{what}", {what: entries})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert models.params(model) == models.tags(model) == {}


def test_tags_are_overwritten_and_the_last_of_equal_keys_wins(models, experiment):
    model = models.id(experiment, tags={"a": "1", "b": "1"})
    answer = models.patch(model, "/tags", tags=[{"key": "b", "value": "2"}, {"key": "b", "value": "3"}, PAIR])
    assert models.tags(model) == {"a": "1", "b": "3", "k": "v"}
    assert answer["model"] == models.get(model)


@pytest.mark.parametrize("key", ["k", "a/b", "a/b/", "with space", "日本", "50%", "a.b", "../..", "q%3Fx"])
def test_delete_a_tag(models, client, experiment, key):
    model = models.id(experiment, tags={key: "v", "kept": "v"})
    quoted = key.replace("%", "%25").replace(" ", "%20").replace("..", "%2E%2E")
    path = f"logged-models/{model}/tags/{quoted}"
    assert client.call("DELETE", path) == {}
    assert models.tags(model) == {"kept": "v"}
    refused = client.refused("DELETE", path)
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_change_of_params_or_tags_is_an_update(models, client, experiment):
    model = models.create(experiment)["info"]
    stamps = [model["last_updated_timestamp_ms"]]
    models.patch(model["model_id"], "/tags", tags=[PAIR])
    stamps.append(models.get(model["model_id"])["info"]["last_updated_timestamp_ms"])
    client.post(f"logged-models/{model['model_id']}/params", params=[PAIR])
    stamps.append(models.get(model["model_id"])["info"]["last_updated_timestamp_ms"])
    assert stamps == sorted(stamps)
    assert stamps[-1] > stamps[0] or stamps[-1] - stamps[0] < 5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            [{"name": "main.default.m", "version": "3"}, {"name": "n", "version": 4}],
            [("main.default.m", "3"), ("n", "4")],
        ),
        ([], []),
        ("not a list", []),
        ([{"name": "n"}], []),
    ],
)
def test_registrations_are_what_the_client_wrote_into_its_tag(models, experiment, value, expected):
    model = models.id(experiment, tags={"mlflow.modelVersions": json.dumps(value)})
    found = models.get(model)["info"]["registrations"]
    assert [(each["name"], each["version"]) for each in found] == expected


def test_a_tag_that_is_no_json_registers_nothing(models, experiment):
    model = models.id(experiment, tags={"mlflow.modelVersions": "{", "x": "mlflow.modelVersions"})
    assert models.get(model)["info"]["registrations"] == []
