"""Keys of the cloud for one table or volume, from a real S3 and STS protocol server."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import deltalake
import pyarrow as pa
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends

from lakeward.runtime.objects import lending
from lakeward.runtime.objects.lending import Lender
from lakeward.runtime.settings import SettingError
from s3 import S3, s3_server
from server import Caller, Server

UC = "/api/2.1/unity-catalog"
ROLE = "arn:aws:iam::123456789012:role/tables"
WHERE = {"catalog_name": "main", "schema_name": "default"}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with s3_server() as started:
        yield started


@pytest.fixture(scope="module")
def server(serving, s3: S3) -> Iterator[Server]:
    with serving(objects_url=s3.url(), objects=s3.options | {"lend_role": ROLE}) as started:
        yield started


def asked(caller: Caller, kind: str, asset_id: str, operation: str) -> dict:
    path = f"{UC}/temporary-{kind}-credentials"
    return caller.call("POST", path, json={f"{kind}_id": asset_id, "operation": operation})


def policy() -> dict:
    """What the last role was cut down to."""
    role = sts_backends[DEFAULT_ACCOUNT_ID]["aws"].assumed_roles[-1]
    assert role.role_arn == ROLE
    return json.loads(role.policy)


def test_a_table_is_written_and_read_with_keys_for_it_alone(client: Caller, s3: S3) -> None:
    made = client.call("POST", f"{UC}/tables", json=WHERE | {"name": "far"})
    given = asked(client, "table", made["table_id"], "READ_WRITE")
    assert given["url"] == made["storage_location"]
    assert 3_000_000 < given["expiration_time"] - time.time() * 1000 <= 3_601_000
    bucket, _, prefix = given["url"].removeprefix("s3://").partition("/")
    assert policy()["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            "Resource": f"arn:aws:s3:::{bucket}/{prefix}/*",
        },
        {
            "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}},
        },
    ]  # fmt: skip
    keys = given["aws_temp_credentials"]
    assert keys["session_token"]
    assert s3.options["access_key_id"] not in str(keys)
    options = {f"aws_{name}": value for name, value in keys.items()} | {
        "endpoint": s3.endpoint, "region": "us-east-1", "allow_http": "true", "aws_s3_allow_unsafe_rename": "true",
    }  # fmt: skip
    deltalake.write_deltalake(given["url"], pa.table({"id": [7]}), storage_options=options)
    path = "/api/2.0/lakeward/catalog/tables/main.default.far/sample"
    assert client.get(path)["rows"] == [[7]]  # and the server's own engine ignores the options that are ours
    asked(client, "table", made["table_id"], "READ")
    assert policy()["Statement"][0]["Action"] == ["s3:GetObject"]


def test_a_volume_and_a_staged_table(client: Caller) -> None:
    volume = client.call("POST", f"{UC}/volumes", json=WHERE | {"name": "box", "volume_type": "MANAGED"})
    assert asked(client, "volume", volume["volume_id"], "READ_VOLUME")["aws_temp_credentials"]["access_key_id"]
    assert policy()["Statement"][0]["Action"] == ["s3:GetObject"]
    staged = client.call("POST", f"{UC}/staging-tables", json=WHERE | {"name": "soon"})
    given = asked(client, "table", staged["id"], "READ_WRITE")
    assert given["url"] == staged["staging_location"]
    assert "s3:PutObject" in policy()["Statement"][0]["Action"]
    assert given["aws_temp_credentials"]["secret_access_key"]


def test_nothing_is_lent_for_what_lies_elsewhere(client: Caller) -> None:
    outside = {"name": "outside", "table_type": "EXTERNAL", "storage_location": "s3://mine/t"}
    made = client.call("POST", f"{UC}/tables", json=WHERE | outside | {"data_source_format": "DELTA"})
    assert set(asked(client, "table", made["table_id"], "READ")) == {"url", "expiration_time"}


def test_who_may_not_read_or_write_gets_nothing(client: Caller, callers) -> None:
    made = client.call("POST", f"{UC}/tables", json=WHERE | {"name": "shut"})
    body = {"table_id": made["table_id"], "operation": "READ_WRITE"}
    before = len(sts_backends[DEFAULT_ACCOUNT_ID]["aws"].assumed_roles)
    assert callers.reader.refused("POST", f"{UC}/temporary-table-credentials", body).status == 403
    body["operation"] = "READ"
    assert callers.member.refused("POST", f"{UC}/temporary-table-credentials", body).status == 403
    assert len(sts_backends[DEFAULT_ACCOUNT_ID]["aws"].assumed_roles) == before


def test_a_cloud_that_does_not_answer_is_said(serving, s3: S3) -> None:
    options = s3.options | {"lend_role": ROLE, "sts_endpoint": "http://127.0.0.1:9"}
    with serving(objects_url=s3.url(), objects=options) as server:
        made = server.local.call("POST", f"{UC}/tables", json=WHERE | {"name": "far"})
        body = {"table_id": made["table_id"], "operation": "READ"}
        answer = server.local.request("POST", f"{UC}/temporary-table-credentials", json=body)
        assert (answer.status_code, "127.0.0.1" in answer.json()["message"]) == (503, True)


def test_requests_are_signed_as_amazon_signs_them() -> None:
    body = b"Action=AssumeRole&Version=2011-06-15"
    theirs = AWSRequest("POST", "https://sts.eu-west-1.amazonaws.com/", data=body)
    theirs.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    SigV4Auth(Credentials("AKID", "secret", "token"), "sts", "eu-west-1").add_auth(theirs)
    now = datetime.strptime(theirs.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    keys = lending._Keys("AKID", "secret", "token")
    ours = lending.signed("sts.eu-west-1.amazonaws.com", "eu-west-1", body, keys, now)
    assert ours["authorization"] == theirs.headers["Authorization"]


def test_options_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with pytest.raises(SettingError, match=r"s3:// only"):
        Lender.open("gs://bucket", {"lend_role": ROLE})
    with pytest.raises(SettingError, match="access_key_id"):
        Lender.open("s3://bucket", {"lend_role": ROLE})
    assert Lender.open("s3://bucket", {}) is None
