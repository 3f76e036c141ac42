"""A team's week of work, made through the API: what the pages of the tests and of the screenshots show."""

import io
import json
import math
import random
import struct
import time
import wave
import zlib
from dataclasses import dataclass, field
from typing import Any

from server import Caller

HOUR = 3_600_000
EPOCHS = 60
STUDY = "/Shared/vision/digit-classifier"
NOTE = (
    "Digits classifier for the form scanner.\n\n**Goal**: 0.985 on the validation set below 10 ms.\n\n"
    "- augment with *rotation* only\n- see the [notes](https://example.org/notes)\n\n<script>alert('no')</script>"
)
FAMILIES = {"resnet": 0.978, "convnext": 0.986, "vit-small": 0.971, "mlp": 0.931}
OPTIMIZERS = ("adamw", "sgd", "lion")


@dataclass
class World:
    """Ids of what was made."""

    study: str = ""
    runs: list[str] = field(default_factory=list)
    running: str = ""
    failed: str = ""
    models: list[str] = field(default_factory=list)
    empty: str = ""
    experiments: dict[str, str] = field(default_factory=dict)

    @property
    def best(self) -> str:
        return self.runs[1]


def png(width: int = 240, height: int = 160) -> bytes:
    """A small picture: a gradient with rings."""
    rows = b""
    for y in range(height):
        rows += b"\0" + b"".join(
            bytes(
                (
                    40 + 150 * x // width,
                    110 + 100 * y // height,
                    150 + int(60 * math.sin(math.hypot(x - 120, y - 80) / 7)),
                )
            )
            for x in range(width)
        )

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


_REPORT = b"""# Validation

| class | f1 |
| --- | --- |
| 0 | 0.991 |
| 8 | 0.962 |

See `figures/confusion.png`.

<img src=x onerror="window.broken = true"><script>window.broken = true</script>
"""
_PAGE = b"""<!doctype html><style>body { font: 16px sans-serif; padding: 24px }</style><h1 id=t>Report</h1><p id=p></p>
<script>
document.getElementById("p").textContent = "drawn by a script: " + 6 * 7;
try { window.top.document.title = "taken over" } catch { document.getElementById("t").textContent = "Report, alone" }
</script>
"""
_MLMODEL = b"""flavors:
  sklearn:
    code: null
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 28, 28]}}]'
  outputs: '[{"type": "long", "name": "digit", "required": true}, {"type": "double", "name":
    "certainty", "required": false}]'
  params: '[{"name": "temperature", "type": "float", "default": 1.0, "shape": null}]'
"""
_MISTAKES = [[row, row % 10, (row + 3) % 10, round(0.51 + row / 90, 4)] for row in range(24)]
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def tone() -> bytes:
    """Half a second of nearly nothing."""
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setparams((1, 1, 8_000, 4_000, "NONE", ""))
        sound.writeframes(bytes([128]) * 4_000)
    return content.getvalue()


FILES: dict[str, bytes] = {
    "figures/confusion.png": png(),
    "report.md": _REPORT,
    "report.html": _PAGE,
    "mistakes.json": json.dumps({"columns": ["row", "label", "predicted", "score"], "data": _MISTAKES}).encode(),
    "config.json": json.dumps({"optimizer": {"name": "adamw", "betas": [0.9, 0.999]}, "epochs": EPOCHS}).encode(),
    "predictions.csv": b"id,label,note\n" + b"".join(b'%d,%d,"a, quoted ""note"""\n' % (i, i % 10) for i in range(40)),
    "train.log": b"".join(b"epoch %d done\n" % i for i in range(EPOCHS)),
    "weights.bin": bytes(2048),
    "tone.wav": tone(),
    "report.pdf": _PDF,
}


def put(client: Caller, experiment: str, run: str, path: str, body: bytes) -> None:
    target = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/{path}"
    assert client.request("PUT", target, content=body).status_code < 300, target


def batch(client: Caller, run: str, **entries: Any) -> None:
    client.post("runs/log-batch", run_id=run, **entries)


def pairs(values: dict[str, Any]) -> list[dict[str, str]]:
    return [{"key": key, "value": str(value)} for key, value in values.items()]


def curves(rng: random.Random, top: float, rate: float, start: int, epochs: int) -> list[dict[str, Any]]:
    """Loss and accuracy on both parts, with a spike now and then."""
    points = []
    for epoch in range(epochs):
        done = 1 - math.exp(-rate * (epoch + 1) / 9)
        noise = rng.gauss(0, 0.006) * (1 - done * 0.7)
        spike = 0.5 if rng.random() < 0.008 else 0.0
        values = {
            "train/loss": 2.3 * (1 - done) + 0.03 + abs(noise) + spike,
            "val/loss": 2.2 * (1 - done) + 0.09 + abs(noise) * 2 + max(0, epoch - 38) * 0.0016,
            "train/accuracy": min(0.999, top * done + 0.012 + noise),
            "val/accuracy": top * done + noise - 0.004,
            "lr": 1e-3 * rate * (0.5 + 0.5 * math.cos(math.pi * epoch / EPOCHS)),
        }
        when = start + epoch * 20_000
        points += [{"key": key, "value": value, "timestamp": when, "step": epoch} for key, value in values.items()]
    return points


def study_run(client: Caller, world: World, number: int, now: int) -> str:
    rng = random.Random(number)
    family = list(FAMILIES)[number % len(FAMILIES)]
    start = now - (48 - number) * HOUR
    tags = {
        "mlflow.user": ("ana", "ben", "chen")[number % 3],
        "mlflow.source.name": "/srv/jobs/train.py",
        "mlflow.source.git.commit": f"{number:02x}9f8e7d6c5b4a39281706f5e4d3c2b1a098765e"[:40],
        "mlflow.source.git.repoURL": "git@github.com:acme/vision.git",
        "mlflow.source.git.branch": "main" if number % 5 else "wider-stem",
        "team": "vision",
        "stage": "sweep" if number % 5 else "baseline",
    }
    run = client.run(
        world.study, run_name=f"{family}-{number:02d}", start_time=start, user_id=tags["mlflow.user"], tags=pairs(tags)
    )
    rate = rng.choice((0.6, 0.9, 1.3, 2.0))
    params = {
        "family": family,
        "learning_rate": f"{rate * 5e-4:.2g}",
        "optimizer": OPTIMIZERS[number % 3],
        "batch_size": (64, 128, 256)[number % 3],
        "dropout": rng.choice((0.0, 0.1, 0.2, 0.3)),
        "weight_decay": rng.choice(("0", "1e-4", "1e-2")),
        "epochs": EPOCHS,
        "seed": 7,
    }
    batch(client, run, params=pairs(params), metrics=curves(rng, FAMILIES[family], rate, start, EPOCHS))
    quality = {"test/accuracy": FAMILIES[family] - 0.01 * rng.random(), "latency_ms": 3 + 9 * rng.random()}
    finals = [{"key": key, "value": value, "timestamp": start, "step": 0} for key, value in quality.items()]
    digest = {"name": "digits-train", "digest": "a91c44e0", "source_type": "local", "source": "digits.parquet"}
    digest["profile"] = '{"num_rows": 60000}'
    batch(client, run, metrics=finals)
    inputs = [{"dataset": digest, "tags": pairs({"mlflow.data.context": "train"})}]
    client.post("runs/log-inputs", run_id=run, datasets=inputs)
    client.post("runs/update", run_id=run, status="FINISHED", end_time=start + EPOCHS * 20_000)
    return run


def logged_model(client: Caller, world: World, number: int, run: str) -> str:
    made = client.post(
        "logged-models", experiment_id=world.study, name=f"digits-{list(FAMILIES)[number % 4]}", model_type="sklearn",
        source_run_id=run, params=pairs({"family": list(FAMILIES)[number % 4], "epochs": EPOCHS}),
        tags=pairs({"stage": "candidate"}),
    )  # fmt: skip
    model = made["model"]["info"]["model_id"]
    now = int(time.time() * 1000)
    for name, shift in (("digits-validation", 0.0), ("digits-test", 0.006)):
        for key, value in {"accuracy": 0.97 + number * 0.003 - shift, "f1": 0.96 + number * 0.003 - shift}.items():
            client.post(
                "runs/log-metric", run_id=run, key=key, value=value, timestamp=now, step=EPOCHS, model_id=model,
                dataset_name=name, dataset_digest="77b0a1c2",
            )  # fmt: skip
    client.post("runs/outputs", run_id=run, models=[{"model_id": model, "step": EPOCHS}])
    target = f"/api/2.0/mlflow-artifacts/artifacts/{world.study}/models/{model}/artifacts/MLmodel"
    assert client.request("PUT", target, content=_MLMODEL).status_code < 300
    client.call("PATCH", f"logged-models/{model}", json={"status": "LOGGED_MODEL_READY"})
    return model


def system_metrics(client: Caller, run: str, start: int) -> None:
    points = []
    for step in range(80):
        values = {
            "system/cpu_utilization_percentage": 62 + 25 * math.sin(step / 6),
            "system/gpu_0_utilization_percentage": 88 + 9 * math.cos(step / 4),
            "system/system_memory_usage_megabytes": 4100 + step * 21,
        }
        points += [{"key": k, "value": v, "timestamp": start + step * 10_000, "step": step} for k, v in values.items()]
    batch(client, run, metrics=points)


def build(client: Caller, runs: int = 24) -> World:
    world = World()
    now = int(time.time() * 1000)
    for name in ("/Shared/nlp/intent-router", "/Shared/nlp/summaries", "/Shared/forecast/energy-demand", "churn-2026"):
        world.experiments[name] = client.experiment(name, tags=pairs({"team": name.split("/")[-1].split("-")[0]}))
    world.empty = client.experiment("/Shared/vision/first-steps")
    world.study = client.experiment(STUDY, tags=pairs({"team": "vision", "owner": "ana", "mlflow.note.content": NOTE}))
    world.runs = [study_run(client, world, number, now) for number in range(runs)]
    best = world.best
    system_metrics(client, best, now - 47 * HOUR)
    client.post("runs/set-tag", run_id=best, key="mlflow.note.content", value=NOTE)
    for path, body in FILES.items():
        put(client, world.study, best, path, body)
    other = {"optimizer": {"name": "lion", "betas": [0.9, 0.99]}, "epochs": EPOCHS, "warm_up": 5}
    put(client, world.study, world.runs[0], "config.json", json.dumps(other).encode())
    put(client, world.study, world.runs[0], "train.log", FILES["train.log"])
    world.models = [logged_model(client, world, number, world.runs[number]) for number in range(min(6, runs))]

    world.failed = client.run(world.study, run_name="resnet-out-of-memory", start_time=now - HOUR, user_id="ben")
    batch(
        client,
        world.failed,
        params=pairs({"family": "resnet", "batch_size": 4096}),
        tags=pairs({"error": "CUDA out of memory"}),
    )
    client.post("runs/update", run_id=world.failed, status="FAILED", end_time=now - HOUR + 61_000)

    start = now - 22 * 20_000
    world.running = client.run(
        world.study, run_name="convnext-long", start_time=start, user_id="ana",
        tags=pairs({"mlflow.parentRunId": best, "stage": "final"}),
    )  # fmt: skip
    batch(
        client, world.running, params=pairs({"family": "convnext", "optimizer": "adamw", "learning_rate": "0.0006"}),
        metrics=curves(random.Random(5), 0.987, 1.2, start, 22),
    )  # fmt: skip
    return world
