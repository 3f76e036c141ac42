"""Kill -9 of PostgreSQL, again and again, while eight exporters send spans: what was acknowledged is there, once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from exporter import TOKENS

from lakeward_up import Up, children_of, name_of, running, wait_until

EXPORTERS = 8
SECONDS = 14.0
PAUSE = 1.2  # between one death and the next
EXPORTER = Path(__file__).with_name("exporter.py")
API = "/api/3.0/mlflow/traces"


def postmasters(up: Up) -> list[int]:
    return [pid for pid in children_of(up.process.pid) if name_of(pid) == "postgres"]


def kill_postgres(up: Up) -> None:
    """And wait until there is another one that answers."""
    [before] = postmasters(up)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: postmasters(up) and postmasters(up) != [before], 20)
    wait_until(lambda: up.get("/health").status_code == 200, 20)


def searched(up: Up, experiment: str) -> list[dict]:
    found, token = [], None
    while True:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
        asked = {"locations": [place], "max_results": 5_000, "page_token": token}
        page = up.http.post(f"{up.url}{API}/search", json=asked).json()
        found += page["traces"]
        token = page.get("next_page_token")
        if not token:
            return found


def test_every_acknowledged_span_is_there_once(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--port", "0", "--workers", "2") as up:
        experiment = up.post("experiments/create", name="exported").json()["experiment_id"]
        exporters = [
            subprocess.Popen(
                [sys.executable, str(EXPORTER), up.url, experiment, str(number), str(SECONDS)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(EXPORTERS)
        ]
        deaths = 0
        began = time.monotonic()
        while time.monotonic() - began < SECONDS - 2:
            time.sleep(PAUSE)
            kill_postgres(up)
            deaths += 1
        told = [json.loads(exporter.communicate(timeout=90)[0]) for exporter in exporters]
        assert [exporter.returncode for exporter in exporters] == [0] * EXPORTERS
        assert deaths >= 4
        assert sum(each["repeated"] for each in told) >= EXPORTERS, "hardly anything was interrupted"

        sent = {trace for each in told for trace in each["traces"]}
        found = searched(up, experiment)
        assert Counter(each["trace_id"] for each in found) == Counter(sent)
        assert {each["state"] for each in found} == {"OK"}
        usage = {json.loads(each["trace_metadata"]["mlflow.trace.tokenUsage"])["input_tokens"] for each in found}
        assert usage == {2 * TOKENS}, "what was stored twice counts once"
        assert spans_of(up, sorted(sent)) == Counter((trace, f"span {place}") for trace in sent for place in range(3))


def spans_of(up: Up, traces: list[str]) -> Counter:
    """(trace, span name) of all of their spans."""
    found: Counter = Counter()
    for at in range(0, len(traces), 500):
        asked = "&".join(f"trace_ids={trace}" for trace in traces[at : at + 500])
        for each in up.get(f"{API}/batchGet?{asked}").json()["traces"]:
            found.update((each["trace_info"]["trace_id"], span["name"]) for span in each["spans"])
    return found
