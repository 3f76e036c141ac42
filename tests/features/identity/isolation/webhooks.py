"""Webhooks."""

from isolation.rows import OWN, Keys, Rows

BY_ID: Rows = {
    **{
        (method, f"{prefix}webhooks/{{webhook_id}}{rest}"): (
            lambda w, more=more: {"webhook_id": w.webhook, **more}
        )
        for method, rest, more in (
            ("GET", "", {}), ("PATCH", "", {"name": "taken"}), ("DELETE", "", {}), ("POST", "/test", {}),
        )
        for prefix in ("", OWN)
    },
    ("POST", f"{OWN}webhooks"): lambda w: {**w.hook, "model_name": w.registered},
    ("GET", f"{OWN}webhooks"): lambda w: {"model_name": w.registered},
    ("GET", f"{OWN}webhooks/{{webhook_id}}/deliveries"): lambda w: {"webhook_id": w.webhook},
    ("POST", f"{OWN}webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/send-again"): lambda w: {
        "webhook_id": w.webhook, "delivery_id": w.delivery,
    },
    ("POST", "registry-webhooks/create"): lambda w: {
        "model_name": w.registered, "events": ["MODEL_VERSION_CREATED"], "http_url_spec": {"url": w.hook["url"]},
    },
    ("GET", "registry-webhooks/list"): lambda w: {"model_name": w.registered},
    ("PATCH", "registry-webhooks/update"): lambda w: {"id": w.webhook, "description": "taken"},
    ("DELETE", "registry-webhooks/delete"): lambda w: {"id": w.webhook},
    ("POST", "registry-webhooks/test"): lambda w: {"id": w.webhook},
}  # fmt: skip

LISTS: Rows = {
    ("GET", "webhooks"): lambda _: {},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("POST", "webhooks"),
}  # fmt: skip
