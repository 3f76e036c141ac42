"""Everything a server holds, as MLflow's own client reads it:  python import_read.py URL FILE [--restore]

Runs in the environment of the client. Writes a JSON object of what there is, by kind and name; two such files are alike
if the servers are. Addresses of artifacts are left out, as each server has its own; their bytes are not.

LoggedModels of an experiment in the trash: MLflow lists them as if it were not there. Lakeward has them in the trash
with it, so with `--restore` such an experiment is taken out of it, when all else is read, and put back again.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ.update(
    MLFLOW_HTTP_REQUEST_TIMEOUT="120", MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false", GIT_PYTHON_REFRESH="quiet"
)

import mlflow
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import ViewType

THREADS = 8
PAGE = 1_000
Found = dict[str, Any]


def pages(ask: Callable[..., Any], **words: Any) -> Iterator[Any]:
    token = None
    while True:
        page = ask(**words, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def digests(listed: Sequence[Any], **place: str) -> dict[str, str]:
    """SHA-256 of every file below a place; the client fails over one that has none."""
    if not listed:
        return {}
    target = Path(tempfile.mkdtemp(prefix="import-read-"))
    try:
        root = Path(download_artifacts(dst_path=str(target), **place))
        return {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in root.rglob("*")
            if path.is_file()
        }
    finally:
        shutil.rmtree(target)


def experiments(client: MlflowClient) -> Iterator[Any]:
    return pages(client.search_experiments, view_type=ViewType.ALL, max_results=PAGE)


def experiment(each: Any) -> Found:
    own = {} if each.name == "Default" else {"created": each.creation_time, "updated": each.last_update_time}
    return {"id": each.experiment_id, "stage": each.lifecycle_stage, "tags": each.tags, **own}


def run(client: MlflowClient, each: Any) -> Found:
    told = each.to_dictionary()
    told["info"].pop("artifact_uri")
    told["histories"] = {
        key: sorted(repr((point.step, point.timestamp, point.value)) for point in history)
        for key in each.data.metrics
        if (history := client.get_metric_history(each.info.run_id, key))
    }
    inputs, outputs = each.inputs, each.outputs
    told["inputs"] = sorted(json.dumps(found.to_dictionary(), sort_keys=True) for found in inputs.dataset_inputs)
    told["outputs"] = sorted((found.model_id, found.step) for found in outputs.model_outputs) if outputs else []
    told["files"] = digests(client.list_artifacts(each.info.run_id), run_id=each.info.run_id)
    return told


def logged_model(client: MlflowClient, each: Any) -> Found:
    told = each.to_dictionary()
    for own in ("artifact_location", "artifact_uri"):
        told.pop(own, None)
    told["metrics"] = sorted(
        repr((found.key, found.value, found.step, found.timestamp, found.dataset_name, found.run_id))
        for found in each.metrics or []
    )
    told["files"] = digests(client.list_logged_model_artifacts(each.model_id), artifact_uri=f"models:/{each.model_id}")
    return told


def version(each: Any) -> Found:
    names = ("version", "creation_timestamp", "last_updated_timestamp", "description", "user_id", "current_stage")
    names = (*names, "run_id", "run_link", "status", "status_message", "tags")
    uri = f"models:/{each.name}/{each.version}"
    return {name: getattr(each, name) for name in names} | {"files": digests([uri], artifact_uri=uri)}


def registered(each: Any) -> Found:
    names = ("creation_timestamp", "last_updated_timestamp", "description", "tags", "aliases")
    return {name: getattr(each, name) for name in names}


def prompt(client: MlflowClient, name: str) -> Found:
    found = client.search_prompt_versions(name, max_results=PAGE)
    return {
        str(each.version): {
            "template": each.template, "message": each.commit_message, "tags": each.tags,
            "aliases": sorted(client.get_prompt_version(name, each.version).aliases), "made": each.creation_timestamp,
        }
        for each in found
    }  # fmt: skip


def trace(each: Any) -> Found:
    told = json.loads(each.to_json())
    told["info"]["tags"].pop("mlflow.artifactLocation", None)
    told["info"]["assessments"] = sorted(
        json.dumps(found, sort_keys=True) for found in told["info"].get("assessments", [])
    )
    told["data"]["spans"] = sorted(json.dumps(span, sort_keys=True) for span in told["data"]["spans"])
    return told


def read(url: str, restore: bool) -> dict[str, Found]:
    mlflow.set_tracking_uri(url)
    client = MlflowClient(url)
    every = list(experiments(client))
    names = {each.experiment_id: each.name for each in every}
    with ThreadPoolExecutor(THREADS) as threads:

        def gathered(things: Iterable[Any], name: Callable[[Any], str], one: Callable[[Any], Found]) -> Found:
            kept = list(things)
            return dict(zip(map(name, kept), threads.map(one, kept), strict=True))

        def models_of(experiment_id: str) -> Found:
            listed = pages(client.search_logged_models, experiment_ids=[experiment_id])
            return gathered(listed, lambda each: each.model_id, lambda each: logged_model(client, each))

        runs = pages(client.search_runs, experiment_ids=list(names), run_view_type=ViewType.ALL, max_results=PAGE)
        traces = pages(client.search_traces, locations=list(names), max_results=100)
        told = {
            "experiments": {each.name: experiment(each) for each in every},
            "runs": gathered(runs, lambda each: each.info.run_id, lambda each: run(client, each)),
            "logged models": {key: one for name in names for key, one in models_of(name).items()},
            "registered models": {
                each.name: registered(each) for each in pages(client.search_registered_models, max_results=PAGE)
            },
            "model versions": gathered(
                pages(client.search_model_versions, max_results=PAGE),
                lambda each: f"{each.name} {each.version}", version,
            ),
            "prompts": gathered(
                pages(client.search_prompts, max_results=PAGE),
                lambda each: each.name, lambda each: prompt(client, each.name),
            ),
            "traces": gathered(traces, lambda each: each.info.trace_id, trace),
        }  # fmt: skip
        for each in every:
            if restore and each.lifecycle_stage == "deleted":
                client.restore_experiment(each.experiment_id)
                told["logged models"] |= models_of(each.experiment_id)
                client.delete_experiment(each.experiment_id)
        return told


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(read(sys.argv[1], "--restore" in sys.argv), sort_keys=True, default=repr))
