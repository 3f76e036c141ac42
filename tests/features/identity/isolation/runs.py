"""Runs, their metrics, params and inputs."""

from isolation.rows import OWN, SECRET, Rows

BY_ID: Rows = {
    ("POST", "databricks/runs/delete-runs"): lambda w: {"experiment_id": w.experiment, "max_timestamp_millis": 2**60},
    ("POST", "databricks/runs/restore-runs"): lambda w: {"experiment_id": w.experiment, "min_timestamp_millis": 0},
    ("GET", "metrics/get-history"): lambda w: {"run_id": w.run, "metric_key": SECRET},
    ("GET", "metrics/get-history-bulk"): lambda w: {"run_id": [w.run], "metric_key": SECRET},
    ("GET", "metrics/get-history-bulk-interval"): lambda w: {"run_ids": [w.run], "metric_key": SECRET},
    ("POST", "runs/create"): lambda w: {"experiment_id": w.experiment},
    ("POST", "runs/delete"): lambda w: {"run_id": w.run},
    ("POST", "runs/delete-tag"): lambda w: {"run_id": w.run, "key": "k"},
    ("GET", "runs/get"): lambda w: {"run_id": w.run},
    ("POST", "runs/log-batch"): lambda w: {"run_id": w.run, "params": [{"key": "p", "value": "taken"}]},
    ("POST", "runs/log-inputs"): lambda w: {"run_id": w.run, "models": [{"model_id": w.model}]},
    ("POST", "runs/log-metric"): lambda w: {"run_id": w.run, "key": "m", "value": 1, "timestamp": 1},
    ("POST", "runs/log-model"): lambda w: {
        "run_id": w.run, "model_json": '{"artifact_path": "", "flavors": {}, "utc_time_created": "", "run_id": ""}',
    },
    ("POST", "runs/log-parameter"): lambda w: {"run_id": w.run, "key": "p", "value": "taken"},
    ("POST", "runs/outputs"): lambda w: {"run_id": w.run, "models": [{"model_id": w.model}]},
    ("POST", "runs/restore"): lambda w: {"run_id": w.run},
    ("POST", "runs/set-tag"): lambda w: {"run_id": w.run, "key": "k", "value": "taken"},
    ("POST", "runs/update"): lambda w: {"run_id": w.run, "status": "FAILED", "run_name": "taken"},
    ("POST", f"{OWN}runs/move"): lambda w: {"run_ids": [w.run], "experiment_id": w.experiment},
    ("POST", f"{OWN}runs/metric-extremes"): lambda w: {"run_ids": [w.run], "metric_keys": [SECRET]},
    ("POST", f"{OWN}runs/curves"): lambda w: {"run_ids": [w.run], "metric_keys": [SECRET]},
}  # fmt: skip

LISTS: Rows = {
    ("POST", "runs/search"): lambda w: {"experiment_ids": [w.experiment], "run_view_type": "ALL"},
    ("GET", f"{OWN}find"): lambda w: {"words": w.run},
    ("POST", f"{OWN}runs/table"): lambda w: {"experiment_ids": [w.experiment], "run_view_type": "ALL"},
    ("POST", f"{OWN}runs/group"): lambda w: {
        "experiment_ids": [w.experiment],
        "by": "tags.k",
        "metric_keys": [SECRET],
        "run_view_type": "ALL",
    },
}  # fmt: skip
