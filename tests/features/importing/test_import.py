"""`lakeward import` from real MLflow servers, 3.17 and 2.22: all of it, once, whatever happens on the way."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sources
from sources import Between, Mlflow

from lakeward.importing import Login, Source
from lakeward.kit.errors import InvalidParameter
from server import Server

T0 = 1_700_000_000_000


def command(server: Server, url: str, *words: str) -> list[str]:
    return [
        sys.executable, "-m", "lakeward", "import", "--from", url, "--database-url", server.settings.database_url,
        "--data", str(server.settings.data), *words,
    ]  # fmt: skip


def run(server: Server, url: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAKEWARD_", "MLFLOW_"))}
    return subprocess.run(
        command(server, url, *words),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False, env=kept | environment,
    )  # fmt: skip


def brought(server: Server, url: str, *words: str) -> Any:
    """The report of an import after which both sides are alike."""
    done = run(server, url, "--json", *words)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert report["identical"]
    for kind, each in report["compared"].items():
        assert each["different"] == 0, kind
        assert (each["there"], each["there_checksum"]) == (each["here"], each["here_checksum"]), kind
    return report


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mlflow]:
    with sources.mlflow(sources.PYTHON_317, tmp_path_factory.mktemp("mlflow") / "317") as started:
        started.fill()
        yield started


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mlflow]:
    with sources.mlflow(sources.python_222(), tmp_path_factory.mktemp("mlflow") / "222") as started:
        started.fill()
        yield started


@pytest.fixture(scope="module")
def server(serving: Callable[..., Any], newer: Mlflow) -> Iterator[Server]:
    """With all of the newer server; tests after the first only add to it."""
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def report(server: Server, newer: Mlflow) -> Any:
    taken = server.local.post("experiments/create", name="here first")["experiment_id"]
    assert taken == newer.made["blue"]  # so that this id is not free
    server.local.post("experiments/create", name="red ✓", tags=[{"key": "mine", "value": "stays"}])
    return brought(server, newer.url)


# --- everything, from 3.17


def test_all_of_a_newer_server_comes_over(report: Any, newer: Mlflow) -> None:
    counts = {kind: each["there"] for kind, each in report["compared"].items()}
    assert report["version"].startswith("3.17")
    assert counts["experiments"] == 5
    assert counts["runs"] == 8 + 1 + 1 + 2 + 1 + 1
    assert counts["params"] == 10 * 9
    assert counts["points"] > 10 * 66
    assert counts["artifacts"] == 10 * 3
    assert counts["logged models"] == 4  # the model, two more, and the one in the deleted experiment
    assert counts["logged model artifacts"] >= 5
    assert (counts["registered models"], counts["model versions"], counts["aliases"]) == (4, 2 * 2 + 2, 4 + 2)
    assert (counts["prompts"], counts["prompt versions"]) == (2, 4)
    assert counts["traces"] == 4
    assert counts["spans"] == 8
    assert counts["assessments"] == 4
    assert (counts["traces of runs"], counts["traces of prompts"]) == (1, 1)
    assert report["problems"] == []


def test_what_was_mapped_and_merged_is_said(report: Any, server: Server, newer: Mlflow) -> None:
    notes = " ".join(report["notes"])
    assert "'Default' is here already" in notes
    assert "'red ✓' is here already" in notes
    assert notes.count("is taken") == 1  # the others keep their ids
    assert f"as {newer.made['blue']} is taken" in notes
    merged = server.local.get("experiments/get-by-name", experiment_name="red ✓")["experiment"]
    assert {"key": "mine", "value": "stays"} in merged["tags"]


def test_ids_times_users_and_states_are_kept(report: Any, server: Server, newer: Mlflow) -> None:
    for run_id in newer.made["runs"]:
        there = newer.get("runs/get", run_id=run_id)["run"]
        here = server.local.get("runs/get", run_id=run_id)["run"]
        for name in ("run_id", "run_name", "status", "start_time", "user_id", "lifecycle_stage"):
            assert here["info"][name] == there["info"].get(name, ""), name
        assert here["info"].get("end_time") == there["info"].get("end_time")
        assert here["data"]["tags"] == sorted(there["data"]["tags"], key=lambda tag: tag["key"])
    gone = server.local.get("experiments/get-by-name", experiment_name="gone")["experiment"]
    there = newer.get("experiments/get-by-name", experiment_name="gone")["experiment"]
    assert gone["lifecycle_stage"] == "deleted"
    assert (gone["creation_time"], gone["last_update_time"]) == (there["creation_time"], there["last_update_time"])


def test_histories_are_whole_and_searches_find_what_came(report: Any, server: Server, newer: Mlflow) -> None:
    blue = server.local.get("experiments/get-by-name", experiment_name="blue")["experiment"]["experiment_id"]
    [first] = server.local.post(
        "runs/search", experiment_ids=[blue], filter="attributes.run_name = 'run-0' and params.p1 LIKE 'value 0%'"
    )["runs"]
    run_id = first["info"]["run_id"]
    assert [step for _, step, _ in server.local.history(run_id, "loss")] == list(range(60))
    assert [value for _, _, value in server.local.history(run_id, "odd")] == ["NaN", 1e308, -0.5]
    best = server.local.post("runs/search", experiment_ids=[blue], order_by=["metrics.m5 DESC"], max_results=1)
    assert best["runs"][0]["info"]["run_name"] == "run-7"


def test_the_unmodified_client_loads_what_came(report: Any, server: Server, newer: Mlflow) -> None:
    script = Path(__file__).with_name("load.py")
    done = subprocess.run(
        [sys.executable, script, server.url, newer.made["model_uri"], newer.made["runs"][0]],
        env=sources.environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.strip().endswith("loaded"), done.stderr[-4000:]


def test_a_new_version_gets_the_next_number(report: Any, server: Server) -> None:
    made = server.local.post("model-versions/create", name="doubler", source="s3://elsewhere/model")["model_version"]
    assert made["version"] == "4"
    server.local.request("DELETE", "model-versions/delete", json={"name": "doubler", "version": "4"})


# --- again


def test_a_second_import_brings_only_what_is_new(report: Any, server: Server, newer: Mlflow) -> None:
    assert brought(server, newer.url)["brought"] == {}
    segments = server.sql("SELECT count(*) FROM metric_segment")[0][0]
    [running] = [
        run_id for run_id in newer.made["runs"]
        if newer.get("runs/get", run_id=run_id)["run"]["info"].get("run_name") == "run-7"
    ]  # fmt: skip
    newer.post("runs/log-metric", run_id=running, key="loss", value=9, timestamp=T0 + 10**6, step=60)
    newer.post("runs/update", run_id=running, status="FINISHED", end_time=T0 + 10**6)
    newer.post("runs/create", experiment_id=newer.made["blue"], start_time=T0 + 10**7)
    newer.post("registered-models/alias", name="doubler", alias="champion", version="3")
    newer.post("experiments/restore", experiment_id=newer.get("experiments/get-by-name", experiment_name="gone")
               ["experiment"]["experiment_id"])  # fmt: skip
    more = brought(server, newer.url)["brought"]
    assert more["runs"] == 2 + 2  # and those that came back with their experiment
    assert server.sql("SELECT count(*) FROM metric_segment")[0][0] == segments + 1
    assert len(server.local.history(running, "loss")) == 61
    found = server.local.get("registered-models/alias", name="doubler", alias="champion")["model_version"]
    assert found["version"] == "3"
    gone = server.local.get("experiments/get-by-name", experiment_name="gone")["experiment"]
    assert gone["lifecycle_stage"] == "active"
    begun, ended = (
        server.local.get("/api/2.0/lakeward/audit", action_name=action)["events"]
        for action in ("startImport", "finishImport")
    )
    assert len(begun) == len(ended) == 3
    assert ended[0]["request_params"]["source"] == newer.url
    assert ended[0]["request_params"]["brought"]["runs"] == more["runs"]


def test_what_another_process_spells_otherwise_is_not_new(report: Any, server: Server, newer: Mlflow) -> None:
    """Each worker of MLflow's server has its own order of what is told of a trace."""
    brought(server, newer.url)
    told = traces_told(newer)
    for _ in range(5):
        newer.stop()
        newer.start()
        if (again := traces_told(newer)) != told:
            break
    assert json.loads(again) == json.loads(told)
    assert again != told, "five processes had one order"
    assert brought(server, newer.url)["brought"] == {}


def traces_told(source: Mlflow) -> str:
    red = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": source.made["red"]}}
    body = {"locations": [red], "order_by": ["timestamp_ms ASC"]}
    return httpx.post(f"{source.url}/api/3.0/mlflow/traces/search", json=body, timeout=60, trust_env=False).text


def test_a_difference_is_found_and_mended(report: Any, server: Server, newer: Mlflow) -> None:
    run_id = newer.made["runs"][0]
    server.sql("UPDATE run_param SET value = 'wrong' WHERE run_seq = (SELECT seq FROM run WHERE run_id = $1)", run_id)
    server.sql("DELETE FROM run_document")
    [spoilt] = Path(server.settings.data).glob(f"objects/**/{run_id}/artifacts/a.txt")
    spoilt.write_bytes(b"x" * spoilt.stat().st_size)
    server.local.post("registered-models/alias", name="doubler", alias="newest", version="1")
    other = server.local.get("experiments/get-by-name", experiment_name="Blue")["experiment"]["experiment_id"]
    server.local.post("experiments/delete", experiment_id=other)
    done = run(server, newer.url)
    assert done.returncode == 1
    assert "not the same" in done.stdout
    assert "'wrong' here" in done.stdout
    assert f"run {run_id} a.txt" in done.stdout
    assert "doubler newest: 3 there, 1 here" in done.stdout
    assert "not alike" in done.stdout
    again = brought(server, newer.url, "--again")
    assert again["brought"]["artifacts"] >= 1
    assert server.local.get("experiments/get", experiment_id=other)["experiment"]["lifecycle_stage"] == "active"


# --- trouble on the way


def test_killed_at_any_moment_and_started_again(serving: Any, newer: Mlflow) -> None:
    with serving() as empty:
        for table, rows, how in (("run", 2, signal.SIGKILL), ("trace", 1, signal.SIGINT)):
            process = subprocess.Popen(
                command(empty, newer.url, "--connections", "2"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            while empty.sql(f"SELECT count(*) FROM {table}")[0][0] < rows:
                assert process.poll() is None, f"it was too fast: {process.stderr.read()}"
            process.send_signal(how)
            _, said = process.communicate()
            if how == signal.SIGINT:
                assert process.returncode == 130
                assert (
                    said.decode().strip() == "Interrupted. What came over is kept: run the same command again to go on."
                )
        half = empty.sql("SELECT count(*) FROM run")[0][0]
        done = brought(empty, newer.url)
        assert half > 0
        assert half <= done["compared"]["runs"]["here"]
        doubled = empty.sql(
            "SELECT count(*), count(DISTINCT (run_seq, k, t, s, v)) FROM (SELECT run_seq, unnest(keys) k, unnest(ts) t,"
            " unnest(steps) s, unnest(vals) v FROM metric_segment) p"
        )[0]
        assert doubled[0] == doubled[1]
        spans = empty.sql("SELECT sum(spans) FROM trace_segment")[0][0]
        assert spans == done["compared"]["spans"]["there"]


def test_some_experiments_of_a_source_that_stumbles(serving: Any, newer: Mlflow) -> None:
    """Answers are cut off or refused now and then; versions come that are made of these experiments, and no others."""
    with serving() as empty, Between(newer.url, broken=7) as between:
        some = brought(empty, between.url, "--experiments", "red ✓", "--connections", "3")
        assert between.seen > 40
        assert some["compared"]["experiments"]["there"] == 1
        assert some["compared"]["model versions"]["there"] == 6
        assert "prompts" not in some["compared"]
        missing = run(empty, newer.url, "--experiments", "red ✓", "--experiments", "nowhere")
        assert missing.returncode == 1
        assert "no experiment named 'nowhere'" in missing.stderr


def test_a_source_that_goes_away_half_way(serving: Any, newer: Mlflow) -> None:
    with serving() as empty, Between(newer.url, room=40) as between:
        cut = run(empty, between.url, "--patience", "0.5", "--experiments", "blue")
        assert cut.returncode == 3
        assert "does not answer any more" in cut.stderr
        assert "run the same command again" in cut.stderr
        assert "Traceback" not in cut.stderr
        between.room = 10**9
        assert empty.sql("SELECT count(*) FROM run")[0][0] > 0
        brought(empty, between.url, "--experiments", "blue")


def test_a_login_is_asked_for_and_a_dry_run_brings_nothing(serving: Any, newer: Mlflow) -> None:
    with serving() as empty:
        with Between(newer.url, login="Bearer sesame") as between:
            refused = run(empty, between.url, "--dry-run")
            assert refused.returncode == 1
            assert "MLFLOW_TRACKING_TOKEN" in refused.stderr
            let_in = run(empty, between.url, "--dry-run", "--json", MLFLOW_TRACKING_TOKEN="sesame")
            assert let_in.returncode == 0, let_in.stderr
            there = json.loads(let_in.stdout)["there"]
            assert (there["experiments"], there["model versions"], there["traces"]) == (5, 6, 4)
        with Between(newer.url, login="Basic YW5uYTpzZXNhbWU=") as between:
            shown = run(empty, between.url.replace("http://", "http://anna:sesame@"), "--dry-run")
            assert shown.returncode == 0, shown.stderr
            assert "prompt versions" in shown.stdout
            assert "sesame" not in shown.stdout
        assert empty.sql("SELECT count(*) FROM run")[0][0] == 0
        assert empty.sql("SELECT count(*) FROM import_source")[0][0] == 0
        astray = run(empty, newer.url, "--workspace", "nowhere")
        assert (astray.returncode, "no workspace named 'nowhere'" in astray.stderr) == (1, True)


def test_what_is_no_mlflow_server(serving: Any, tmp_path: Path) -> None:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: Any) -> None:
            pass

    with serving() as empty, http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        stranger = run(empty, f"http://127.0.0.1:{other.server_address[1]}")
        assert stranger.returncode == 2
        assert "is not an MLflow tracking server" in stranger.stderr
        other.shutdown()
        nobody = run(empty, f"http://127.0.0.1:{sources.free_port()}")
        assert nobody.returncode == 3
        assert "There is no answer" in nobody.stderr
        assert run(empty, "old-mlflow:5000").returncode == 2
    for wrong in ("ftp://old-mlflow", "http://127.0.0.1:99999", "http://[::1", "http://"):
        with pytest.raises(InvalidParameter, match="no address of a server"):
            Source(wrong, Login(), connections=1, patience=0)


def test_names_that_are_others_here_are_refused_and_the_rest_comes(serving: Any, newer: Mlflow) -> None:
    with serving() as empty:
        empty.local.post("registered-models/create", name="greeting-0")
        empty.local.post("registered-models/create", name="doubler")
        empty.local.post("model-versions/create", name="doubler", source="s3://mine/model")
        newer.post("registered-models/alias", name="doubler", alias="first", version="1")
        done = run(empty, newer.url, "--json")
        said = json.loads(done.stdout)
        assert done.returncode == 1
        assert any("greeting-0" in problem and "registered model" in problem for problem in said["problems"])
        assert any("Version 1 of 'doubler' is another one here" in problem for problem in said["problems"])
        assert said["compared"]["runs"]["different"] == 0
        assert said["compared"]["model versions"]["different"] == 1
        assert said["compared"]["prompt versions"]["different"] == 2
        mine = empty.local.get("registered-models/get", name="doubler")["registered_model"]
        found = {each["alias"]: each["version"] for each in mine["aliases"]}
        assert found["newest"] == "3"
        assert "first" not in found  # version 1 is another one here
        assert empty.sql("SELECT count(*) FROM model_version WHERE is_prompt")[0][0] == 2  # of the other prompt


def test_what_the_source_cannot_give_is_told_and_the_rest_comes(serving: Any, newer: Mlflow) -> None:
    first, second, *_ = newer.made["runs"]
    missing = (f"artifacts/list?run_id={first}", f"get-artifact?run_id={second}&path=a.txt")
    with serving() as empty, Between(newer.url, missing=missing) as between:
        done = run(empty, between.url, "--experiments", "blue", "--json")
        said = json.loads(done.stdout)
        assert done.returncode == 1
        assert len(said["problems"]) == 2
        assert any(each.startswith(f"run {first}: ") and "no credentials" in each for each in said["problems"])
        assert any(each.startswith(f"file 'a.txt' of run {second}: ") for each in said["problems"])
        assert said["compared"]["points"]["different"] == 0
        assert said["compared"]["artifacts"]["different"] == 1
        between.missing = ()
        assert brought(empty, between.url, "--experiments", "blue")["brought"]["artifacts"] == 3 + 1


# --- everything, from 2.22


def test_all_of_an_older_server_comes_over(serving: Any, older: Mlflow) -> None:
    with serving() as empty:
        found = brought(empty, older.url)
        counts = {kind: each["there"] for kind, each in found["compared"].items()}
        assert found["version"].startswith("2.22")
        assert counts["runs"] == 8 + 1 + 2 + 1
        assert counts["artifacts"] >= 10 * 3 + 5
        assert (counts["registered models"], counts["model versions"]) == (4, 6)
        assert (counts["prompts"], counts["prompt versions"]) == (2, 4)
        assert counts["traces"] == 4
        assert counts["spans"] == 8
        assert brought(empty, older.url)["brought"] == {}
        script = Path(__file__).with_name("load.py")
        model = f"runs:/{older.made['model_run']}/doubler"
        done = subprocess.run(
            [sys.executable, script, empty.url, model, older.made["runs"][0]],
            env=sources.environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.stdout.strip().endswith("loaded"), done.stderr[-4000:]
