"""Files of versions for clients of open-source Unity Catalog anywhere: in S3, with keys for one version."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends

from s3 import S3, s3_server
from server import Server

UC = "/api/2.1/unity-catalog"
PLACE = {"catalog_name": "main", "schema_name": "default", "model_name": "pending"}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with s3_server() as started:
        yield started


@pytest.fixture(scope="module")
def server(serving, s3: S3) -> Iterator[Server]:
    with serving(
        objects_url=s3.url(), objects=s3.options | {"lend_role": "arn:aws:iam::123456789012:role/models"}
    ) as started:
        yield started


def lent() -> list[str]:
    """What each role was cut down to: how many actions, on what."""
    roles = sts_backends[DEFAULT_ACCOUNT_ID]["aws"].assumed_roles
    said = [json.loads(each.policy)["Statement"][0] for each in roles]
    return [f"{len(each['Action'])} {each['Resource'].partition('prefix/')[2].split('/')[0]}" for each in said]


def test_the_unmodified_client_registers_and_loads(server: Server, client, s3: S3, tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "data").mkdir(parents=True)
    (model / "MLmodel").write_text("flavors: {}\nsignature: {inputs: '[]', outputs: '[]'}\n")
    (model / "data" / "weights.bin").write_bytes(b"heavy")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "DATABRICKS_", "AWS_"))}
    told = {"MLFLOW_S3_ENDPOINT_URL": s3.endpoint, "AWS_DEFAULT_REGION": "us-east-1", "GIT_PYTHON_REFRESH": "quiet"}
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("uc_client.py"), server.url, "main.default.lent", str(model)],
        env=kept | told, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.strip().splitlines()[-1:] == ["READY heavy"], done.stderr[-4000:]
    assert lent()[-2:] == ["4 exchange", "1 models"]  # to write, to read
    version = client.get("model-versions/get-download-uri", name="lent", version="1")
    assert version["artifact_uri"].startswith("mlflow-artifacts:/")
    assert client.request("GET", "/api/2.0/fs/files/Models/main/default/lent/1/data/weights.bin").text == "heavy"


def test_who_may_not_load_gets_no_keys(client, callers) -> None:
    client.call("POST", f"{UC}/models", json=PLACE | {"name": "pending"})
    made = client.call("POST", f"{UC}/models/versions", json=PLACE | {"source": "s3://b/m"})
    assert "/exchange/" in made["storage_location"]
    before = len(lent())
    body = PLACE | {"version": 1, "operation": "READ_MODEL_VERSION"}
    assert client.refused("POST", f"{UC}/temporary-model-version-credentials", body).status == 400  # not READY
    body["operation"] = "READ_WRITE_MODEL_VERSION"
    for nobody in (callers.member, callers.reader):
        assert nobody.refused("POST", f"{UC}/temporary-model-version-credentials", body).status == 403
    assert len(lent()) == before
