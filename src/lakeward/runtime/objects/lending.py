"""Keys of the cloud for one prefix and for an hour, so that engines read and write tables by themselves.

S3's own way: STS, `AssumeRole`. The server's keys ask for the role that the operator named in `lend_role`, and a
session policy cuts it down to the prefix; what is lent is never more than the role has. AWS, MinIO and others speak it.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlencode, urlsplit

from lakeward.kit.errors import Unavailable
from lakeward.runtime.outbound import Outbound
from lakeward.runtime.settings import SettingError

OPTIONS: Final = frozenset({"lend_role", "sts_endpoint"})  # of the object store; the rest of them is obstore's
SECONDS: Final = 3600
_PATIENCE: Final = 10.0
_MAX_ANSWER: Final = 64 << 10
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
_READING: Final = ("s3:GetObject",)
_WRITING: Final = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


class Loan(NamedTuple):
    """Keys, and the moment in milliseconds when they end."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: int


class _Keys(NamedTuple):
    """The server's own."""

    access_key_id: str
    secret_access_key: str
    token: str


class Lender:
    """Of one bucket."""

    def __init__(self, url: str, endpoint: str, region: str, role: str, keys: _Keys) -> None:
        place = urlsplit(url)
        self._bucket = place.netloc
        self._base = place.path.strip("/")
        self._endpoint = endpoint
        self._region = region
        self._role = role
        self._keys = keys

    @classmethod
    def open(cls, url: str, options: Mapping[str, str]) -> Self | None:
        """None where the operator lends no keys."""
        role = options.get("lend_role")
        if not role:
            return None
        said = {name.removeprefix("aws_"): value for name, value in options.items()}
        known = {name: said.get(name) or os.environ.get(f"AWS_{name.upper()}", "") for name in _NAMES}
        if not url.startswith("s3://"):
            raise SettingError("lend_role is for s3:// only: other clouds have no keys for one prefix here.")
        if not known["access_key_id"] or not known["secret_access_key"]:
            raise SettingError("lend_role needs access_key_id and secret_access_key: they ask for what is lent.")
        region = known["region"] or "us-east-1"
        endpoint = said.get("sts_endpoint") or said.get("endpoint") or f"https://sts.{region}.amazonaws.com"
        keys = _Keys(known["access_key_id"], known["secret_access_key"], known["session_token"])
        return cls(url, endpoint.rstrip("/"), region, role, keys)

    async def lend(self, prefix: str, *, write: bool) -> Loan:
        policy = json.dumps(self.policy(prefix, write=write), separators=(",", ":"))
        form = {
            "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": self._role, "RoleSessionName": "lakeward",
            "DurationSeconds": str(SECONDS), "Policy": policy,
        }  # fmt: skip
        body = urlencode(form).encode()
        host = urlsplit(self._endpoint).netloc
        way_out = Outbound([urlsplit(self._endpoint).hostname or ""])  # the operator's own, wherever it is
        try:
            headers = signed(host, self._region, body, self._keys, datetime.now(UTC))
            answer = await way_out.request(
                "POST", f"{self._endpoint}/", headers=headers, content=body, seconds=_PATIENCE, max_answer=_MAX_ANSWER
            )
        finally:
            await way_out.close()
        text = answer.body.decode("utf-8", "replace")
        if answer.status != 200:
            raise Unavailable(f"The cloud lends no keys for {self._role}: {_said(text, 'Code') or answer.status}.")
        return Loan(
            _said(text, "AccessKeyId"),
            _said(text, "SecretAccessKey"),
            _said(text, "SessionToken"),
            int(datetime.fromisoformat(_said(text, "Expiration")).timestamp() * 1000),
        )

    def policy(self, prefix: str, *, write: bool) -> dict[str, Any]:
        """Objects below the prefix, and their names."""
        place = "/".join(filter(None, (self._base, prefix)))
        bucket = f"arn:aws:s3:::{self._bucket}"
        names = {"StringLike": {"s3:prefix": [place, f"{place}/*"]}}
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": list(_WRITING if write else _READING),
                    "Resource": f"{bucket}/{place}/*",
                },
                {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": bucket, "Condition": names},
            ],
        }


_NAMES: Final = ("access_key_id", "secret_access_key", "session_token", "region")


def signed(host: str, region: str, body: bytes, keys: _Keys, now: datetime) -> dict[str, str]:
    """Headers of a request to STS, with AWS's signature, version 4."""
    moment = f"{now:%Y%m%dT%H%M%SZ}"
    headers = {"content-type": _FORM, "host": host, "x-amz-date": moment}
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{moment[:8]}/{region}/sts/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = b"AWS4" + keys.secret_access_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    said = f"AWS4-HMAC-SHA256 Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return headers | {"authorization": said}


def _said(text: str, name: str) -> str:
    """What an element of the answer holds; '' if there is none."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return unescape(found[1]).strip() if found else ""
