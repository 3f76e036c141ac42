"""The bytes of an event, as the form of a webhook has it. The same event makes the same bytes, whenever it is sent."""

from datetime import datetime
from typing import Any, Final

import msgspec

from lakeward.webhooks.records import REGISTRY_NAMES, Form, Webhook

_STORY: Final = {
    "registered_model.created": "The registered model '{name}' was created.",
    "model_version.created": "Version {version} of registered model '{name}' was created.",
    "model_version_tag.set": "The tag '{key}' of version {version} of registered model '{name}' was set.",
    "model_version_comment.created": "{user_id} commented on version {version} of registered model '{name}'.",
}
_ASKED: Final = (
    "{user_id} asks to move version {version} of registered model '{name}' from stage '{from_stage}' to '{to_stage}'."
)
_MOVED: Final = "Version {version} of registered model '{name}' moved from stage '{from_stage}' to '{to_stage}'."
_CARRIED: Final = ("version", "from_stage", "to_stage", "source", "run_id", "user_id", "comment")


def body_of(webhook: Webhook, event: str, written: bytes) -> bytes:
    """`written` is the event as the queue has it, which is MLflow's form."""
    if webhook.form == Form.MLFLOW:
        return written
    said = msgspec.json.decode(written)
    data: dict[str, Any] = said["data"]
    carried: dict[str, Any] = {key: data[key] for key in _CARRIED if data.get(key) is not None}
    if "key" in data:
        carried["tags"] = [{"key": data["key"], "value": data.get("value")}]
    return msgspec.json.encode(
        {
            "event": REGISTRY_NAMES.get(event, event),
            "webhook_id": webhook.id,
            "event_timestamp": round(datetime.fromisoformat(said["timestamp"]).timestamp() * 1000),
            "model_name": data.get("name"),
            **carried,
            "text": _story(event).format_map(_Said(data)),
        }
    )


def _story(event: str) -> str:
    return _ASKED if event.startswith("model_version_request.") else _STORY.get(event, _MOVED)


class _Said(dict[str, Any]):
    """What an event does not say is left out of its story."""

    def __missing__(self, key: str) -> str:
        return ""
