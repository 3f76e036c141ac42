"""What runs measure on models: every point is kept, on its data set, with its run."""

import threading

import pytest

TRAIN, TEST = ("train", "d1"), ("test", "d2")


def points(models, model):
    return [(m["key"], m["value"], m["timestamp"], m["step"]) for m in models.metrics(model)]


def test_a_metric_of_a_run_reaches_the_model(models, client, experiment):
    run, model = client.run(experiment), models.id(experiment)
    models.measure(run, model, "acc", 0.5, on=TEST, at=(7, 2))
    assert models.metrics(model) == [
        {"key": "acc", "value": 0.5, "timestamp": 7, "step": 2, "dataset_name": "test", "dataset_digest": "d2",
         "model_id": model, "run_id": run},
    ]  # fmt: skip
    assert client.history(run, "acc") == [(7, 2, 0.5)]


def test_without_a_data_set(models, client, experiment):
    run, model = client.run(experiment), models.id(experiment)
    models.measure(run, model, "acc", 1)
    (found,) = models.metrics(model)
    assert {key: value for key, value in found.items() if value is not None} == {
        "key": "acc", "value": 1, "timestamp": 1, "step": 0, "model_id": model, "run_id": run,
    }  # fmt: skip


def test_a_metric_without_a_model_stays_with_the_run(models, client, experiment):
    run, model = client.run(experiment), models.id(experiment, source_run_id="x")
    client.post("runs/log-metric", run_id=run, key="acc", value=1, timestamp=1)
    assert models.metrics(model) == []


def test_a_batch_over_models_and_data_sets(models, client, experiment):
    run, one, two = client.run(experiment), models.id(experiment), models.id(experiment)
    metrics = [
        {
            "key": key,
            "value": n,
            "timestamp": 1,
            "step": n,
            "model_id": model,
            "dataset_name": name,
            "dataset_digest": d,
        }
        for n, (key, model, (name, d)) in enumerate(
            (key, model, on) for key in ("a", "b") for model in (one, two, "") for on in (TRAIN, TEST)
        )
    ]
    client.post("runs/log-batch", run_id=run, metrics=metrics)
    client.post("runs/log-batch", run_id=run, metrics=metrics)
    for model in (one, two):
        sent = [m for m in metrics if m["model_id"] == model]
        found = models.metrics(model)
        assert len(found) == len(sent) == 4
        assert all({**m, "run_id": run} in found for m in sent)
    assert len(client.data(run)["metrics"]) == 2


def test_every_point_is_kept_and_equal_points_are_one(models, client, experiment):
    first, second, model = client.run(experiment), client.run(experiment), models.id(experiment)
    for run in (first, second):
        for step in range(3):
            for _ in range(2):
                models.measure(run, model, "loss", 1 / (step + 1), at=(step, step))
    assert len(models.metrics(model)) == 6
    models.measure(first, model, "loss", 5, at=(0, 0))
    assert len(models.metrics(model)) == 7


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", 1e308, 5e-324, -0.5, 2**53 + 1])
def test_every_double(models, client, experiment, value):
    run, model = client.run(experiment), models.id(experiment)
    models.measure(run, model, "m", value)
    (found,) = models.metrics(model)
    assert found["value"] == (value if isinstance(value, str) else float(value))


def test_runs_of_another_experiment_measure_too(models, client, experiment):
    run, model = client.run(), models.id(experiment)
    models.measure(run, model, "acc", 0.25)
    assert models.search(experiment, filter="metrics.acc = 0.25") == [model]


def test_an_unknown_model_refuses_the_whole_batch(models, client, experiment):
    run, model = client.run(experiment), models.id(experiment)
    batch = [
        {"key": "m", "value": 1, "timestamp": 1, "model_id": model},
        {"key": "m", "value": 1, "timestamp": 1, "model_id": "m-unknown"},
    ]
    refused = client.refused("POST", "runs/log-batch", {"run_id": run, "metrics": batch})
    assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert "m-unknown" in refused.message
    assert models.metrics(model) == []
    assert client.data(run)["metrics"] == []


@pytest.mark.parametrize("on", [("n" * 501, "d"), ("n", "d" * 37)])
def test_data_set_names_are_bounded(models, client, experiment, on):
    run, model = client.run(experiment), models.id(experiment)
    fields = {"run_id": run, "model_id": model, "key": "m", "value": 1, "timestamp": 1}
    refused = client.refused("POST", "runs/log-metric", fields | {"dataset_name": on[0], "dataset_digest": on[1]})
    assert refused.code == "INVALID_PARAMETER_VALUE"
    assert models.metrics(model) == []


def test_the_longest_names_there_are(models, client, experiment):
    run, model = client.run(experiment), models.id(experiment, name="名" * 500)
    key, on = "鍵" * 250, ("集" * 500, "値" * 36)
    models.measure(run, model, key, 1, on=on)
    order = {"field_name": f"metrics.{key}", "dataset_name": on[0], "dataset_digest": on[1]}
    found = models.search(experiment, filter=f"metrics.`{key}` = 1 and name = '{'名' * 500}'", order_by=[order])
    assert found == [model]


def test_a_model_with_very_many_points_shows_the_newest_of_each(models, client, experiment):
    first, second, model = client.run(experiment), client.run(experiment), models.id(experiment)
    for run, count in ((first, 600), (second, 400)):
        metrics = [
            {"key": "loss", "value": step, "timestamp": step, "step": step, "model_id": model} for step in range(count)
        ]
        client.post("runs/log-batch", run_id=run, metrics=metrics)
    assert len(models.metrics(model)) == 1000
    models.measure(first, model, "loss", 0, on=TEST, at=(0, 0))
    found = [(m["run_id"], m["step"], m.get("dataset_name")) for m in models.metrics(model)]
    assert sorted(found, key=str) == sorted([(first, 599, None), (second, 399, None), (first, 0, "test")], key=str)


def test_writers_at_the_same_time(models, client, server, experiment):
    """Ten writers over the same models and data sets, in different orders: no point is lost, none waits for ever."""
    ids = [models.id(experiment) for _ in range(5)]
    failures = []

    def write(number: int) -> None:
        caller = server.caller()
        try:
            run = caller.run(experiment)
            for step in range(5):
                chosen = ids[number % 5 :] + ids[: number % 5]
                metrics = [
                    {"key": f"m{k}", "value": number, "timestamp": step, "step": step, "model_id": model,
                     "dataset_name": f"set {step} {k}", "dataset_digest": "d"}
                    for model in (chosen if number % 2 else chosen[::-1]) for k in range(4)
                ]  # fmt: skip
                caller.post("runs/log-batch", run_id=run, metrics=metrics)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [len(models.metrics(model)) for model in ids] == [200] * 5
