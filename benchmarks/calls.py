"""The requests of the mlflow 3.17 client, byte for byte as it sends them over http.

Recorded on the wire between the unmodified client and its own server: the order of fields, the doubled `run_uuid`, the
separators of its JSON and its headers. `log_params`, `log_metrics` and `set_tags` are one `runs/log-batch` each;
`end_run` is `runs/get` and `runs/update`.
"""

import json
import random
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

HEADERS = (
    "Host: 127.0.0.1:{port}\r\n"
    "User-Agent: mlflow-python-client/3.17.2\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Accept: */*\r\n"
    "Connection: keep-alive\r\n"
    "X-MLflow-Client-Version: 3.17.2\r\n"
)
API = "/api/2.0/mlflow"
RUN_ID = re.compile(rb'"run_id":\s*"([0-9a-f]{32})"')
HISTORY_PAGE = 25_000  # what the client asks for
EPOCH_MS = 1_795_000_000_000
PLACE = b"0" * 32  # stands where a run's id will be put


class Calls:
    """Makes requests for one port."""

    def __init__(self, port: int) -> None:
        self._headers = HEADERS.format(port=port)

    def post(self, path: str, body: bytes) -> bytes:
        head = f"POST {API}/{path} HTTP/1.1\r\n{self._headers}"
        return f"{head}Content-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n".encode() + body

    def post_json(self, path: str, body: dict[str, Any]) -> bytes:
        return self.post(path, json.dumps(body).encode())

    def get(self, path: str, query: dict[str, str | int] | None = None) -> bytes:
        asked = f"?{urlencode(query)}" if query else ""
        return f"GET {API}/{path}{asked} HTTP/1.1\r\n{self._headers}\r\n".encode()

    def artifact(self, method: str, path: str, length: int | None = None) -> bytes:
        """The `mlflow-artifacts` proxy; `length` for a PUT, whose body follows."""
        head = f"{method} /api/2.0/mlflow-artifacts/artifacts/{path} HTTP/1.1\r\n{self._headers}"
        if length is not None:
            head += f"Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n"
        return f"{head}\r\n".encode()

    def greeting(self) -> bytes:
        return self.post("experiments/search", b'{"max_results": 1}')

    def create_experiment(self, name: str) -> bytes:
        return self.post_json("experiments/create", {"name": name})

    def create_run(self, experiment_id: str, name: str | None = None, tags: Sequence[tuple[str, str]] = ()) -> bytes:
        system = [("mlflow.user", "ada"), ("mlflow.source.name", "train.py"), ("mlflow.source.type", "LOCAL")]
        body: dict[str, Any] = {"experiment_id": experiment_id, "user_id": "ada", "start_time": EPOCH_MS}
        if name is not None:
            body["run_name"] = name
        body["tags"] = [{"key": k, "value": v} for k, v in (*system, *tags)]
        return self.post_json("runs/create", body)

    def end_run(self, run_id: str) -> tuple[bytes, bytes]:
        body = {"run_uuid": run_id, "status": "FINISHED", "end_time": EPOCH_MS + 60_000, "run_id": run_id}
        return self.get_run(run_id), self.post_json("runs/update", body)

    def get_run(self, run_id: str) -> bytes:
        return self.get("runs/get", {"run_uuid": run_id, "run_id": run_id})

    def search_runs(
        self, experiment_id: str, *, where: str = "", order_by: Sequence[str] = (), size: int, token: str = ""
    ) -> bytes:
        body: dict[str, Any] = {"experiment_ids": [experiment_id], "run_view_type": "ACTIVE_ONLY"}
        body |= {"filter": where} if where else {}
        body["max_results"] = size
        body |= {"order_by": list(order_by)} if order_by else {}
        body |= {"page_token": token} if token else {}
        return self.post_json("runs/search", body)

    def history(self, run_id: str, key: str, token: str = "") -> bytes:
        query: dict[str, str | int] = {"run_uuid": run_id, "metric_key": key, "run_id": run_id}
        query["max_results"] = HISTORY_PAGE
        return self.get("metrics/get-history", query | ({"page_token": token} if token else {}))

    def otlp(self, experiment_id: str, body: bytes) -> bytes:
        head = f"POST /v1/traces HTTP/1.1\r\n{self._headers}Content-Type: application/x-protobuf\r\n"
        return f"{head}x-mlflow-experiment-id: {experiment_id}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def _post_v3(self, path: str, fields: dict[str, Any]) -> bytes:
        return self.post_json(path, fields).replace(API.encode(), b"/api/3.0/mlflow", 1)

    def search_traces(self, experiment_id: str, where: str, size: int = 100) -> bytes:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
        return self._post_v3("traces/search", {"locations": [place], "filter": where, "max_results": size})

    def trace_infos(self, trace_ids: Sequence[str]) -> bytes:
        return self._post_v3("traces/batchGetInfos", {"trace_ids": list(trace_ids)})

    def trace(self, trace_id: str) -> bytes:
        return self.get("traces/get", {"trace_id": trace_id}).replace(API.encode(), b"/api/3.0/mlflow", 1)

    def trace_metric(self, experiment_id: str, view: str, metric: str) -> bytes:
        """How many there are."""
        asked = {"view_type": view, "metric_name": metric, "aggregations": [{"aggregation_type": "COUNT"}]}
        return self._post_v3("traces/metrics", {"experiment_ids": [experiment_id], **asked})

    def log_batch(self, run_id: str, **entities: Iterable[dict[str, Any]]) -> bytes:
        """`metrics`, `params` and `tags`, in the order given."""
        return self.post_json("runs/log-batch", {"run_id": run_id, **{k: list(v) for k, v in entities.items()}})


def pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def point(key: str, value: float, step: int, timestamp: int = EPOCH_MS) -> dict[str, Any]:
    return {"key": key, "value": value, "timestamp": timestamp, "step": step}


class MetricStream:
    """`log_metric` calls for one run, one step after another; each costs a concatenation."""

    FIRST_STEP = 1_000_000  # steps keep their width, so the length of the body stays what the head says

    def __init__(self, calls: Calls, run_id: str, key: str) -> None:
        body = {"run_uuid": run_id, "key": key, "value": 0.5173, "timestamp": EPOCH_MS, "step": self.FIRST_STEP}
        request = calls.post_json("runs/log-metric", body | {"run_id": run_id})
        self._head, _, self._tail = request.partition(str(self.FIRST_STEP).encode())
        self.sent = 0

    def next(self) -> bytes:
        step = self.FIRST_STEP + self.sent
        self.sent += 1
        return b"%b%d%b" % (self._head, step, self._tail)


class BatchStream:
    """`log_batch` calls of 1,000 metrics for one run: `keys` names, and as many steps as fill the thousand."""

    MARK = b"77777"  # the part of every step that counts the batches
    METRICS = 1_000

    def __init__(self, calls: Calls, run_id: str, keys: int) -> None:
        self.keys = [f"metric_{number:04d}" for number in range(keys)]
        self.steps = self.METRICS // keys
        width = len(str(self.steps - 1))
        values = random.Random(keys)
        metrics = []
        for step in range(self.steps):
            marked = int(f"1{self.MARK.decode()}{step:0{width}d}")
            metrics += [point(key, values.random(), marked, EPOCH_MS + step) for key in self.keys]
        self._head, split, body = calls.log_batch(run_id, metrics=metrics).partition(b"\r\n\r\n")
        self._head += split
        # Only the steps hold the mark behind a leading 1, whatever digits a random value has.
        self._pieces = body.split(b'"step": 1' + self.MARK)
        self._width = width
        self.sent = 0

    def next(self) -> bytes:
        count = b'"step": 1%05d' % self.sent
        self.sent += 1
        return self._head + count.join(self._pieces)

    def step_of(self, batch: int, step: int) -> int:
        return int(f"1{batch:05d}{step:0{self._width}d}")


class RunShape:
    """What one run of the benchmark logs: 20 params, 10 metrics, 5 tags, the same for the same number."""

    MODELS = ("gbm", "forest", "linear", "mlp", "svm", "knn", "bayes", "tree")

    def __init__(self, number: int) -> None:
        dice = random.Random(number)
        self.name = f"run-{number:06d}"
        self.params = {
            "model": self.MODELS[number % len(self.MODELS)],
            "learning_rate": f"{dice.uniform(1e-4, 0.3):.6f}",
        }
        self.params |= {f"param_{i:02d}": f"{dice.choice('abcdefgh') * 3}-{dice.randrange(10_000)}" for i in range(18)}
        self.metrics = {"accuracy": dice.random(), "loss": dice.random()}
        self.metrics |= {f"metric_{i:02d}": dice.random() for i in range(8)}
        self.tags = {"team": dice.choice(["vision", "search", "ads"]), "stage": dice.choice(["dev", "prod"])}
        self.tags |= {f"tag_{i}": f"value-{dice.randrange(100)}" for i in range(3)}

    def metric_points(self, run_id: str | None = None) -> list[dict[str, Any]]:
        """As `log_metrics` sends them: each point repeats its run's id."""
        own = {"run_id": run_id} if run_id else {}
        return [point(key, value, 0) | own for key, value in self.metrics.items()]


def run_life(calls: Calls, experiment_id: str, shape: RunShape) -> list[bytes]:
    """The six requests of a run's life. All but the first hold PLACE where the id goes; ids have its length."""
    unknown = PLACE.decode()
    return [
        calls.create_run(experiment_id),
        calls.log_batch(unknown, params=pairs(shape.params)),
        calls.log_batch(unknown, metrics=shape.metric_points(unknown)),
        calls.log_batch(unknown, tags=pairs(shape.tags)),
        *calls.end_run(unknown),
    ]


def run_id_of(answer: bytes) -> bytes:
    """The id in the answer to `runs/create`."""
    found = RUN_ID.search(answer)
    if found is None:
        raise ValueError(f"no run id in {answer[:200]!r}")
    return found[1]
