"""What there is on the source, page by page. Lists are asked for in an order in which new things come last."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from lakeward.importing import wire
from lakeward.importing.records import File
from lakeward.importing.source import AJAX, V2, Source, SourceError

_ALL: Final = 3  # ViewType: active and deleted
_EXPERIMENTS: Final = 1_000
_RUNS: Final = 200
_POINTS: Final = 25_000  # the most that servers give
_POINTS_AT_ONCE: Final = 300_000  # in memory, about
_RUNS_AT_ONCE: Final = 50  # their ids make an address, which servers take up to 4 kB of
_MODELS: Final = 50
_REGISTERED: Final = 200
_IS_PROMPT: Final = "tags.`mlflow.prompt.is_prompt` = 'true'"


async def experiments(source: Source) -> AsyncIterator[wire.Experiment]:
    async for page in _pages(
        lambda token: source.post(
            wire.Experiments, f"{V2}/experiments/search",
            max_results=_EXPERIMENTS, view_type=_ALL, order_by=["creation_time ASC", "experiment_id ASC"],
            page_token=token,
        )
    ):  # fmt: skip
        for each in page.experiments:
            yield each


async def runs(source: Source, experiment_id: str) -> AsyncIterator[list[wire.Run]]:
    """Pages of runs with their latest metrics, deleted ones too."""
    async for page in _pages(
        lambda token: source.post(
            wire.Runs, f"{V2}/runs/search",
            experiment_ids=[experiment_id], run_view_type=_ALL, max_results=_RUNS,
            order_by=["attributes.start_time ASC"], page_token=token,
        )
    ):  # fmt: skip
        if page.runs:
            yield page.runs


async def history(
    source: Source, known: "Histories", run_id: str, key: str
) -> AsyncIterator[list[tuple[int, int, float]]]:
    """Pages of (timestamp, step, value). Servers before 3.0 know no pages and send all at once."""
    if points := known.get((run_id, key)):
        yield points
        return
    async for page in _pages(
        lambda token: source.get(
            wire.MetricHistory, f"{V2}/metrics/get-history",
            run_id=run_id, metric_key=key, max_results=_POINTS, page_token=token,
        )
    ):  # fmt: skip
        if page.metrics:
            yield [metric.point for metric in page.metrics]


Histories = dict[tuple[str, str], list[tuple[int, int, float]]]


async def short_histories(source: Source, found: list[wire.Run]) -> Histories:
    """Points by (run id, key) of histories that several runs share a key of: many in one answer, as the UI asks.

    An answer holds 25,000 points at most, so one that has as many may lack some: those runs are left to `history`.
    """
    runs_of: dict[str, list[str]] = {}
    for run in found:
        for metric in run.data.metrics:
            runs_of.setdefault(metric.key, []).append(run.run_id)
    points: Histories = {}
    held: list[int] = []

    async def ask(key: str, run_ids: list[str]) -> None:
        if sum(held) > _POINTS_AT_ONCE:
            return
        try:
            answer = await source.get(
                wire.MetricHistory, f"{AJAX}/metrics/get-history-bulk",
                run_id=run_ids, metric_key=key, max_results=_POINTS,
            )  # fmt: skip
        except SourceError:  # a server of another make
            return
        if len(answer.metrics) >= _POINTS:
            return
        for metric in answer.metrics:
            points.setdefault((metric.run_id, key), []).append(metric.point)
        held.append(len(answer.metrics))

    await asyncio.gather(
        *(
            ask(key, run_ids[begin : begin + _RUNS_AT_ONCE])
            for key, run_ids in runs_of.items()
            if len(run_ids) > 1
            for begin in range(0, len(run_ids), _RUNS_AT_ONCE)
        )
    )
    return points


def run_files(source: Source, run_id: str) -> AsyncIterator[File]:
    return _walk(
        lambda path, token: source.get(
            wire.Files, f"{V2}/artifacts/list", run_id=run_id, path=path or None, page_token=token
        )
    )


def run_file(run_id: str, path: str) -> tuple[str, dict[str, str]]:
    """Where the bytes of a file are: a path, and its parameters."""
    return "/get-artifact", {"run_id": run_id, "path": path}


# ── LoggedModels ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def logged_models(source: Source, experiment_id: str) -> AsyncIterator[list[wire.LoggedModel]]:
    """Pages of active models: MLflow lists no deleted ones."""
    async for page in _pages(
        lambda token: source.post(
            wire.LoggedModels, f"{V2}/logged-models/search",
            experiment_ids=[experiment_id], max_results=_MODELS,
            order_by=[{"field_name": "creation_timestamp", "ascending": True}], page_token=token,
        )
    ):  # fmt: skip
        if page.models:
            yield page.models


def logged_model_files(source: Source, model_id: str) -> AsyncIterator[File]:
    return _walk(
        lambda path, token: source.get(
            wire.Files, f"{V2}/logged-models/{model_id}/artifacts/directories",
            artifact_directory_path=path or None, page_token=token,
        )
    )  # fmt: skip


def logged_model_file(model_id: str, path: str) -> tuple[str, dict[str, str]]:
    return f"{AJAX}/logged-models/{model_id}/artifacts/files", {"artifact_file_path": path}


# ── the registry ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def registered_models(source: Source, *, prompts: bool) -> AsyncIterator[wire.RegisteredModel]:
    async for page in _pages(
        lambda token: source.get(
            wire.RegisteredModels, f"{V2}/registered-models/search",
            filter=_IS_PROMPT if prompts else None, max_results=_REGISTERED, order_by="name ASC", page_token=token,
        )
    ):  # fmt: skip
        for each in page.registered_models:
            yield each


async def versions(source: Source, *, prompts: bool) -> AsyncIterator[wire.ModelVersion]:
    """The versions of all models, or of all prompts; a copy comes after its original."""
    async for page in _pages(
        lambda token: source.get(
            wire.ModelVersions, f"{V2}/model-versions/search",
            filter=_IS_PROMPT if prompts else None, max_results=_REGISTERED,
            order_by=["creation_timestamp ASC", "name ASC", "version_number ASC"], page_token=token,
        )
    ):  # fmt: skip
        for each in page.model_versions:
            yield each


def stored_files(source: Source, directory: str) -> AsyncIterator[File]:
    """Files below a directory of the source's artifact proxy; paths are below that directory."""
    return _walk(
        lambda path, token: source.get(
            wire.Files, "/api/2.0/mlflow-artifacts/artifacts",
            path="/".join(filter(None, (directory, path))), page_token=token,
        ),
        relative=True,
    )  # fmt: skip


def stored_file(directory: str, path: str) -> tuple[str, dict[str, str]]:
    return f"/api/2.0/mlflow-artifacts/artifacts/{quote(directory)}/{quote(path)}", {}


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _pages(ask: Callable[[str | None], Any]) -> AsyncIterator[Any]:
    token: str | None = None
    seen: set[str] = set()
    while True:
        page = await ask(token)
        yield page
        token = page.next_page_token
        if not token or token in seen:  # a server that knows no pages repeats the first
            return
        seen.add(token)


async def _walk(ask: Callable[[str, str | None], Any], *, relative: bool = False) -> AsyncIterator[File]:
    """Every file below the root. `relative`: the server says names below the directory that was asked for."""
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        async for page in _pages(partial(ask, directory)):
            for entry in page.files:
                path = f"{directory}/{entry.path}" if relative and directory else entry.path
                if directory and not path.startswith(directory + "/"):
                    continue  # asked for a file, a server answers with the file itself
                if entry.is_dir:
                    waiting.append(path)
                else:
                    yield File(path, None if entry.file_size is None else wire.whole(entry.file_size))
