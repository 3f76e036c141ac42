"""LoggedModels."""

from isolation.rows import PAIR, Rows

BY_ID: Rows = {
    ("POST", "logged-models"): lambda w: {"experiment_id": w.experiment, "name": "taken"},
    ("GET", "logged-models/{model_id}"): lambda w: {"model_id": w.model},
    ("PATCH", "logged-models/{model_id}"): lambda w: {"model_id": w.model, "status": 2},
    ("DELETE", "logged-models/{model_id}"): lambda w: {"model_id": w.model},
    ("POST", "logged-models/{model_id}/params"): lambda w: {"model_id": w.model, "params": [PAIR]},
    ("PATCH", "logged-models/{model_id}/tags"): lambda w: {"model_id": w.model, "tags": [PAIR]},
    ("DELETE", "logged-models/{model_id}/tags/{tag_key...}"): lambda w: {"model_id": w.model, "tag_key": "k"},
}  # fmt: skip

LISTS: Rows = {
    ("POST", "logged-models/search"): lambda w: {"experiment_ids": [w.experiment]},
}  # fmt: skip
