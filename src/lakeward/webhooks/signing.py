"""What a request carries beside its body: its id and time, and signatures by which the receiver knows the sender.

MLflow's receivers and those of Standard Webhooks (https://www.standardwebhooks.com) check an HMAC-SHA256 of
`<id>.<timestamp>.<body>`. They differ in the key: MLflow takes the secret as it is written, Standard Webhooks the bytes
that stand as base64 behind `whsec_`. Receivers of the platform's registry check one of the body alone, in hexadecimal.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from lakeward.webhooks.records import Credentials, Form

PREFIX: Final = "whsec_"


def headers(form: str, delivery_id: str, timestamp: int, body: bytes, credentials: Credentials) -> dict[str, str]:
    """Of one request; without a secret it only carries its id and time."""
    named = {
        "content-type": "application/json",
        "user-agent": "lakeward",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
    }
    if form == Form.MLFLOW:
        named |= {"x-mlflow-delivery-id": delivery_id, "x-mlflow-timestamp": str(timestamp)}
    if credentials.authorization:
        named["authorization"] = credentials.authorization
    if secret := credentials.secret:
        content = f"{delivery_id}.{timestamp}.".encode() + body
        named["webhook-signature"] = signature(key_of(secret), content)
        if form == Form.MLFLOW:
            named["x-mlflow-signature"] = signature(secret.encode(), content)
        else:
            named["x-databricks-signature"] = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return named


def signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def key_of(secret: str) -> bytes:
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
