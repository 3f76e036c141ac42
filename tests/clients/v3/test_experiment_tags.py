"""Deleting tags of experiments came with mlflow 3."""

from clients.expect import MISSING, refused


def test_delete_tag(client, experiment):
    client.set_experiment_tag(experiment, "k", "v")
    client.set_experiment_tag(experiment, "l", "w")
    client.delete_experiment_tag(experiment, "k")
    tags = client.get_experiment(experiment).tags
    assert "k" not in tags
    assert tags["l"] == "w"


def test_delete_what_is_not_there(client, experiment):
    with refused(MISSING):
        client.delete_experiment_tag(experiment, "k")
