"""Traces, by experiment and by Unity Catalog location; assessments and issues."""

from isolation.rows import LOCATED, SECRET, Keys, Rows

BY_ID: Rows = {
    # traces
    ("POST", "/v1/traces"): lambda w: {
        "headers": {"x-mlflow-experiment-id": w.experiment, "content-type": "application/json"}, "content": w.spans,
    },
    ("POST", "/api/3.0/mlflow/traces"): lambda w: {"trace": {"trace_info": {
        "trace_id": f"tr-taken-{w.run}", "request_time": "2026-01-01T00:00:00Z", "state": "OK",
        "trace_location": {"type": 1, "mlflow_experiment": {"experiment_id": w.experiment}},
    }}},
    ("GET", "/api/3.0/mlflow/traces/{trace_id}"): lambda w: {"trace_id": w.trace},
    ("GET", "/api/3.0/mlflow/traces/get"): lambda w: {"trace_id": w.trace},
    ("GET", "/api/2.0/lakeward/traces/{trace_id}/outline"): lambda w: {"trace_id": w.trace},
    ("GET", "/api/2.0/lakeward/traces/{trace_id}/spans"): lambda w: {"trace_id": w.trace, "text": "e"},
    ("GET", "/api/2.0/lakeward/traces/{trace_id}/spans/{span_id}"): lambda w: {
        "trace_id": w.trace, "span_id": w.trace[-16:],
    },
    ("GET", "/api/2.0/lakeward/trace-retention"): lambda w: {"experiment_id": w.experiment},
    ("POST", "/api/2.0/lakeward/trace-retention/bring-back"): lambda w: {
        "experiment_id": w.experiment, "trace_ids": [w.trace],
    },
    ("PATCH", "traces/{trace_id}/tags"): lambda w: {"trace_id": w.trace, "key": "k", "value": "taken"},
    ("DELETE", "traces/{trace_id}/tags"): lambda w: {"trace_id": w.trace, "key": "k"},
    ("POST", "traces/delete-traces"): lambda w: {"experiment_id": w.experiment, "max_timestamp_millis": 2**60},
    ("PATCH", "/api/3.0/mlflow/traces/{trace_id}/tags"): lambda w: {"trace_id": w.trace, "key": "k", "value": "taken"},
    ("DELETE", "/api/3.0/mlflow/traces/{trace_id}/tags"): lambda w: {"trace_id": w.trace, "key": "k"},
    ("POST", "/api/3.0/mlflow/traces/delete-traces"): lambda w: {
        "experiment_id": w.experiment, "max_timestamp_millis": 2**60,
    },
    ("POST", "traces/link-prompts"): lambda w: {
        "trace_id": w.trace, "prompt_versions": [{"name": "taken", "version": "1"}],
    },
    ("POST", "/api/3.0/mlflow/traces/{trace_id}/assessments"): lambda w: {
        "trace_id": w.trace, "assessment": {"assessment_name": "taken", "feedback": {"value": 1}},
    },
    ("GET", "/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}"): lambda w: {
        "trace_id": w.trace, "assessment_id": w.assessment,
    },
    ("PATCH", "/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}"): lambda w: {
        "trace_id": w.trace, "assessment_id": w.assessment, "update_mask": "rationale",
        "assessment": {"rationale": "taken"},
    },
    ("DELETE", "/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}"): lambda w: {
        "trace_id": w.trace, "assessment_id": w.assessment,
    },
    ("POST", "/api/3.0/mlflow/issues"): lambda w: {"experiment_id": w.experiment, "name": "taken"},
    ("GET", "/api/3.0/mlflow/issues/{issue_id}"): lambda w: {"issue_id": w.issue},
    ("PATCH", "/api/3.0/mlflow/issues/{issue_id}"): lambda w: {"issue_id": w.issue, "name": "taken"},
    ("POST", "traces"): lambda w: {"experiment_id": w.experiment, "timestamp_ms": 1},
    ("PATCH", "traces/{request_id}"): lambda w: {"request_id": w.trace, "timestamp_ms": 2, "status": "ERROR"},
    ("GET", "traces/{request_id}/info"): lambda w: {"request_id": w.trace},
    ("GET", "traces/{request_id}/credentials-for-data-upload"): lambda w: {"request_id": w.trace},
    ("GET", "traces/{request_id}/credentials-for-data-download"): lambda w: {"request_id": w.trace},
    ("GET", "/ajax-api/2.0/mlflow/get-trace-artifact"): lambda w: {"request_id": w.trace},
    ("GET", "/ajax-api/3.0/mlflow/get-trace-artifact"): lambda w: {"request_id": w.trace},
    # Unity Catalog locations of traces
    ("POST", "/api/2.0/otel/v1/traces"): lambda w: {
        "headers": {"x-databricks-uc-table-name": f"{w.location}_otel_spans", "content-type": "application/json"},
        "content": w.spans,
    },
    ("GET", "/api/5.0/mlflow/tracing/locations/{location_id}"): lambda w: {"location_id": w.location_id},
    ("POST", "/api/5.0/mlflow/experiments/{experiment_id}/trace-location:link"): lambda w: {
        "experiment_id": w.experiment, "uc_table_prefix": w.prefix,
    },
    ("POST", f"{LOCATED}/{{experiment_id}}/link-location"): lambda w: {
        "experiment_id": w.experiment, "uc_schema": w.schema,
    },
    ("POST", f"{LOCATED}/{{experiment_id}}/unlink-location"): lambda w: {
        "experiment_id": w.experiment, "uc_schema": w.schema,
    },
    ("POST", f"{LOCATED}/search-long-running"): lambda w: {"locations": [{"uc_table_prefix": w.prefix}]},
    ("POST", f"{LOCATED}/{{location}}/{{trace_id}}/info"): lambda w: {
        **w.located, "request_time": "2026-01-01T00:00:00Z", "state": "OK", "tags": {"k": "taken"},
    },
    ("GET", f"{LOCATED}/{{location}}/{{trace_id}}/info"): lambda w: w.located,
    ("PATCH", f"{LOCATED}/{{location}}/{{trace_id}}/tags"): lambda w: {**w.located, "key": "k", "value": "taken"},
    ("DELETE", f"{LOCATED}/{{location}}/{{trace_id}}/tags/{{key}}"): lambda w: {**w.located, "key": "k"},
    ("POST", f"{LOCATED}/{{location}}/{{trace_id}}/assessments"): lambda w: {
        **w.located, "assessment_name": "taken", "feedback": {"value": 1},
    },
    ("GET", f"{LOCATED}/{{location}}/{{trace_id}}/assessments/{{assessment_id}}"): lambda w: {
        **w.located, "assessment_id": w.located_assessment,
    },
    ("PATCH", f"{LOCATED}/{{location}}/{{trace_id}}/assessments/{{assessment_id}}"): lambda w: {
        **w.located, "assessment_id": w.located_assessment, "update_mask": "rationale", "rationale": "taken",
    },
    ("DELETE", f"{LOCATED}/{{location}}/{{trace_id}}/assessments/{{assessment_id}}"): lambda w: {
        **w.located, "assessment_id": w.located_assessment,
    },
}  # fmt: skip

LISTS: Rows = {
    ("POST", "/api/3.0/mlflow/issues/search"): lambda _: {"include_trace_count": True},
    ("POST", "/api/3.0/mlflow/traces/search"): lambda w: {
        "locations": [{"type": 1, "mlflow_experiment": {"experiment_id": w.experiment}}],
        "filter": f"trace.text LIKE '%{SECRET}%'",
    },
    ("POST", "/api/3.0/mlflow/traces/metrics"): lambda w: {
        "experiment_ids": [w.experiment],
        "view_type": "TRACES",
        "metric_name": "trace_count",
        "aggregations": [{"aggregation_type": "COUNT"}],
        "dimensions": ["trace_name"],
    },
    ("POST", "/api/3.0/mlflow/traces/calculate-filter-correlation"): lambda w: {
        "experiment_ids": [w.experiment],
        "filter_string1": "status = 'OK'",
        "filter_string2": "span.type = 'LLM'",
    },
    ("POST", "/api/3.0/mlflow/traces/sessions/search"): lambda w: {"experiment_ids": [w.experiment]},
    ("GET", "traces"): lambda w: {"experiment_ids": [w.experiment]},
    ("GET", "/api/3.0/mlflow/traces/batchGet"): lambda w: {"trace_ids": [w.trace]},
    ("POST", "/api/3.0/mlflow/traces/batchGetInfos"): lambda w: {"trace_ids": [w.trace]},
    ("POST", "traces/link-to-run"): lambda w: {"trace_ids": [w.trace], "run_id": w.run},
    ("GET", f"{LOCATED}/{{location}}/batchGet"): lambda w: {
        "location": w.location,
        "trace_ids": [w.located["trace_id"]],
    },
    ("POST", f"{LOCATED}/{{location}}/link-to-run/batchCreate"): lambda w: {
        "location": w.location,
        "trace_ids": [w.located["trace_id"]],
        "run_id": w.run,
    },
    ("DELETE", f"{LOCATED}/{{location}}/unlink-from-run/batchDelete"): lambda w: {
        "location": w.location,
        "trace_ids": [w.located["trace_id"]],
        "run_id": w.run,
    },
    ("POST", "/api/2.0/lakeward/traces/export"): lambda w: {"experiment_ids": [w.experiment]},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("POST", "/api/5.0/mlflow/tracing/locations"), ("POST", f"{LOCATED}/location"),
}  # fmt: skip
