"""A purge that is killed with -9 after any step, or whose object store fails, is finished by the next one."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from test_trash import PURGE, counts, files, filled_model, filled_run, gone, purge, swept

from server import Server

# What `lakeward gc` runs, and SIGKILL to itself after a number of steps.
KILLED = textwrap.dedent("""
    import asyncio, os, signal, sys
    from lakeward import tracking
    from lakeward.runtime.db import Database
    from lakeward.runtime.objects import ObjectStore

    dsn, location, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])

    def tell(step, done):
        global steps
        steps -= 1
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def main():
        db, objects = await Database.open(dsn), ObjectStore.open(location)
        await tracking.purge(db, objects, 0, progress=tell)

    asyncio.run(main())
""")


def killed_purge(server: Server, steps: int) -> bool:
    """Whether the purge was killed before it was done."""
    dsn = server.backend.dsn_of(server.database)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", KILLED, dsn, server.settings.objects_location, str(steps)],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def test_killed_after_every_step(server, client):
    """One trash, purged by processes that each die one step later than the one before, until one is done."""
    experiment = client.experiment()
    model = filled_model(client, experiment)
    filled_run(client, experiment, model)
    before = counts(server), files(server)
    died = 0
    for steps in range(1, 40):
        doomed = client.experiment("same name")
        for where in (experiment, doomed):
            own = filled_model(client, where)
            client.post("runs/delete", run_id=filled_run(client, where, own))
            client.call("DELETE", f"logged-models/{own}")
        client.post("experiments/delete", experiment_id=doomed)
        died = died + 1 if killed_purge(server, steps) else 0
        if not died:
            break
        for view in ("DELETED_ONLY", "ALL"):  # whatever is half done is not to be seen
            found = client.post("runs/search", experiment_ids=[experiment, doomed], run_view_type=view).get("runs", [])
            for each in found:
                assert client.get("artifacts/list", run_id=each["info"]["run_id"])["files"]
        swept(server)
        assert (counts(server), files(server)) == before
        assert client.get(f"logged-models/{model}")
    assert 8 < steps < 39, "a purge of this trash has some ten steps"
    assert (counts(server), files(server)) == before


def test_the_worker_finishes_what_was_killed(server, client):
    """`finish_purges` touches what is marked, and nothing else in the trash."""
    doomed, trashed = client.experiment(), client.experiment()
    filled_run(client, doomed)
    run = filled_run(client, trashed)
    client.post("experiments/delete", experiment_id=doomed)
    assert killed_purge(server, 1)
    client.post("runs/delete", run_id=run)

    from lakeward import tracking
    from lakeward.runtime.db import Database
    from lakeward.runtime.objects import ObjectStore

    async def finish() -> None:
        db = await Database.open(server.backend.dsn_of(server.database))
        objects = ObjectStore.open(server.settings.objects_location)
        await tracking.finish_purges(db, objects)
        await db.close()
        objects.close()

    server.backend.loop.run(finish())
    assert client.refused("GET", "experiments/get", {"experiment_id": doomed}).status == 404
    assert server.sql("SELECT count(*) FROM experiment WHERE purging")[0][0] == 0
    assert {name.split("/")[2] for name in files(server)} == {trashed}
    client.post("runs/restore", run_id=run)


def test_two_purges_at_once_count_everything_once(server, client):
    experiment = client.experiment()
    for _ in range(6):
        client.post("runs/delete", run_id=filled_run(client, experiment))
    own = subprocess.Popen(
        [sys.executable, "-c", KILLED, server.backend.dsn_of(server.database), server.settings.objects_location, "99"]
    )
    _, runs, _ = swept(server)
    assert own.wait(60) == 0
    assert runs <= 6
    assert counts(server).keys() <= {"dataset"}
    assert files(server) == set()


@pytest.mark.parametrize("what", ["run_ids", "model_ids", "experiment_ids"])
def test_a_call_without_its_object_store_can_be_repeated(server, client, what):
    """The object is hidden, nothing of it is lost sight of, and the same call finishes it when the store is back."""
    experiment = client.experiment()
    run, model = filled_run(client, experiment), filled_model(client, experiment)
    client.post("experiments/delete", experiment_id=experiment)
    named = {"run_ids": run, "model_ids": model, "experiment_ids": experiment}[what]
    root = Path(server.settings.objects_location)
    before, away = counts(server), root.with_name("away")
    root.rename(away)
    response = client.request("POST", PURGE, json={what: [named]})
    assert (response.status_code, response.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert counts(server) == before
    away.rename(root)
    if what != "model_ids":
        assert client.refused("GET", "runs/get", {"run_id": run}).status == 404
    if what != "run_ids":
        assert client.refused("GET", f"logged-models/{model}", {"allow_deleted": True}).status == 404
    expected = {"run_ids": gone(runs=1), "model_ids": gone(models=1), "experiment_ids": gone(1, 1, 1)}[what]
    assert purge(client, **{what: [named]}) == expected
    assert len(files(server)) == (0 if what == "experiment_ids" else 1)
