"""Experiments, and the views that people save of them."""

from isolation.rows import OWN, SECRET, Keys, Rows

BY_ID: Rows = {
    ("POST", "experiments/delete"): lambda w: {"experiment_id": w.experiment},
    ("POST", "experiments/delete-experiment-tag"): lambda w: {"experiment_id": w.experiment, "key": "k"},
    ("GET", "experiments/get"): lambda w: {"experiment_id": w.experiment},
    ("GET", "experiments/get-by-name"): lambda w: {"experiment_name": w.name},
    ("POST", "experiments/restore"): lambda w: {"experiment_id": w.experiment},
    ("POST", "experiments/set-experiment-tag"): lambda w: {"experiment_id": w.experiment, "key": "k", "value": "taken"},
    ("POST", "experiments/update"): lambda w: {"experiment_id": w.experiment, "new_name": "/taken"},
    **{
        (method, f"{OWN}experiments/{{experiment_id}}/{kind}/{{table}}/{{name...}}"): (
            lambda w, more=more: {"experiment_id": w.experiment, "table": "runs", "name": "a view", **more}
        )
        for kind in ("views", "shared-views")
        for method, more in (("PUT", {"state": {"q": "taken"}}), ("DELETE", {}))
    },
    ("GET", f"{OWN}experiments/{{experiment_id}}/views"): lambda w: {"experiment_id": w.experiment, "table": "runs"},
}  # fmt: skip

LISTS: Rows = {
    ("GET", "experiments/list"): lambda _: {"view_type": "ALL"},
    ("GET", "experiments/search"): lambda _: {"view_type": "ALL"},
    ("POST", "experiments/search"): lambda _: {"view_type": "ALL", "filter": f"name LIKE '%{SECRET}%'"},
    ("POST", "experiments/search-datasets"): lambda w: {"experiment_ids": [w.experiment]},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("POST", "experiments/create"),
}  # fmt: skip

MASTER: Keys = {
    ("POST", "experiments/delete"), ("POST", "experiments/restore"),
}  # fmt: skip
