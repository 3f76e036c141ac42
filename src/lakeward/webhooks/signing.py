"""Signatures of deliveries: those that MLflow's receivers check, and those of Standard Webhooks.

Both sign `<id>.<timestamp>.<body>` with HMAC-SHA256. They differ in the key: MLflow takes the secret as it is written,
Standard Webhooks (https://www.standardwebhooks.com) takes the bytes that stand as base64 behind `whsec_`.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

PREFIX: Final = "whsec_"


def headers(delivery_id: str, timestamp: int, body: bytes, secret: str | None) -> dict[str, str]:
    """Of one request; without a secret it only carries its id and time."""
    named = {
        "content-type": "application/json",
        "x-mlflow-delivery-id": delivery_id,
        "x-mlflow-timestamp": str(timestamp),
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
    }
    if secret:
        content = f"{delivery_id}.{timestamp}.".encode() + body
        named["x-mlflow-signature"] = signature(secret.encode(), content)
        named["webhook-signature"] = signature(key_of(secret), content)
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
