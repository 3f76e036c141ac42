"""The backup page does what it says: both copies, taken from a running server by the page's own commands, restore."""

import json
import time
import urllib.request
from pathlib import Path

from .pages import ROOT, home_directory, run, script_of, server

PAGE = ROOT / "docs/operations.md"
BACKUP = "Backup and restore"
LOG = """
import mlflow, requests
for path, more in (("scopes/create", {}), ("put", {"key": "k", "string_value": "sesame"})):
    url = f"{mlflow.get_tracking_uri()}/api/2.0/secrets/{path}"
    requests.post(url, json={"scope": "s", **more}).raise_for_status()
with mlflow.start_run(run_name="kept"):
    mlflow.log_metric("loss", 0.25, step=3)
    mlflow.log_text("still here", "note.txt")
"""
CHECK = """
import base64, mlflow, requests
[run] = mlflow.search_runs(["0"], "attributes.run_name = 'kept'", output_format="list")
[point] = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
print(point.value, point.step, mlflow.artifacts.load_text(f"{run.info.artifact_uri}/note.txt"))
secret = requests.get(f"{mlflow.get_tracking_uri()}/api/2.0/secrets/get", {"scope": "s", "key": "k"}).json()
print(base64.b64decode(secret["value"]).decode())
"""


def python(code: str, port: int, home: Path) -> str:
    script = f"export MLFLOW_TRACKING_URI=http://127.0.0.1:{port}\npython - <<'PYTHON'\n{code}PYTHON\n"
    return run(script, home).strip()


def backed_up(home: Path) -> None:
    """A server with a run, and both copies of it made while it runs."""
    with server(home) as port:
        python(LOG, port, home)
        run(script_of(PAGE, port=port, only=BACKUP), home)


def test_a_physical_copy_restores() -> None:
    with home_directory() as home:
        backed_up(home)
        with server(home, data=home / "restored") as port:
            assert python(CHECK, port, home) == "0.25 3 still here\nsesame"


def test_a_logical_copy_restores() -> None:
    with home_directory() as home:
        backed_up(home)
        with server(home, data=home / "loaded") as port:
            restore = script_of(PAGE, port=port, only="Restore of a logical copy")
            run(restore.replace("$HOME/restored", str(home / "loaded")), home)
        with server(home, data=home / "loaded") as port:
            assert python(CHECK, port, home) == "0.25 3 still here\nsesame"


def test_health_and_metrics_are_what_the_page_says() -> None:
    with home_directory() as home, server(home) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
            health = json.load(answer)
            assert answer.headers["X-Request-Id"]
        assert {check["name"] for check in health["checks"] if check["ok"]} == {"database", "objects"}
        deadline = time.monotonic() + 5  # another process may have answered, and tells it within a second
        counted, metrics = 'lakeward_requests_total{method="GET",path="/health",status="200"}', ""
        while counted not in metrics and time.monotonic() < deadline:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                metrics = answer.read().decode()
    assert counted in metrics
    assert "lakeward_request_seconds_bucket" in metrics
