"""Every route and everybody: who may not, learns nothing and changes nothing; who may, is let through.

The table below says for each route how to reach an object of the default workspace through it. A route that is neither
there nor among the few that name no object fails the test, so a new route cannot be forgotten.
"""

import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from lakeward.app import all_routes
from lakeward.runtime.http import ADMIN, PUBLIC, SIGNED_IN, SIGNED_URL, Role, Route
from server import Caller, Callers, Server, json_bytes
from snapshot import Snapshot

SECRET = "sesame"  # in every name and value of the world, so that a leak shows
FILE = f"{SECRET}.txt"
PAIR = {"key": "p", "value": "taken"}

World = SimpleNamespace
Request = dict[str, Any]
_FILES = "WorkspaceInternal/Mlflow/Artifacts"
_UC = "unity-catalog"
_NATIVE = "/api/2.1/unity-catalog"
_SCIM = ("/api/2.0/preview/scim/v2", "/api/2.0/accounts/{account_id}/scim/v2")
_ASSIGNED = "/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments"
_ASSIGNED_HERE = "/api/2.0/preview/permissionassignments"
_TOKENS = "/api/2.0/token-management"
_ADDRESSES = ("/api/2.0/ip-access-lists", "/api/2.0/accounts/{account_id}/ip-access-lists")
_SPACES = "/api/2.0/accounts/{account_id}/workspaces"
_SECRETS = ("/api/2.0/accounts/{account_id}/servicePrincipals", "/api/2.0/accounts/servicePrincipals")
_LOCATED = "/api/4.0/mlflow/traces"
_OWN = "/api/2.0/lakeward/"
_PERMISSIONS = "/api/2.0/permissions/{object_type}/{object_id}"
_CATALOG = {"securable_type": "catalog"}

# (method, path without the API prefix) → the fields of a request that names objects of the world
BY_ID: dict[tuple[str, str], Callable[[World], Request]] = {
    # experiments
    ("POST", "experiments/delete"): lambda w: {"experiment_id": w.experiment},
    ("POST", "experiments/delete-experiment-tag"): lambda w: {"experiment_id": w.experiment, "key": "k"},
    ("GET", "experiments/get"): lambda w: {"experiment_id": w.experiment},
    ("GET", "experiments/get-by-name"): lambda w: {"experiment_name": w.name},
    ("POST", "experiments/restore"): lambda w: {"experiment_id": w.experiment},
    ("POST", "experiments/set-experiment-tag"): lambda w: {"experiment_id": w.experiment, "key": "k", "value": "taken"},
    ("POST", "experiments/update"): lambda w: {"experiment_id": w.experiment, "new_name": "/taken"},
    # runs
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
    # LoggedModels
    ("POST", "logged-models"): lambda w: {"experiment_id": w.experiment, "name": "taken"},
    ("GET", "logged-models/{model_id}"): lambda w: {"model_id": w.model},
    ("PATCH", "logged-models/{model_id}"): lambda w: {"model_id": w.model, "status": 2},
    ("DELETE", "logged-models/{model_id}"): lambda w: {"model_id": w.model},
    ("POST", "logged-models/{model_id}/params"): lambda w: {"model_id": w.model, "params": [PAIR]},
    ("PATCH", "logged-models/{model_id}/tags"): lambda w: {"model_id": w.model, "tags": [PAIR]},
    ("DELETE", "logged-models/{model_id}/tags/{tag_key...}"): lambda w: {"model_id": w.model, "tag_key": "k"},
    # the registry
    ("GET", "registered-models/get"): lambda w: {"name": w.registered},
    ("PATCH", "registered-models/update"): lambda w: {"name": w.registered, "description": "taken"},
    ("POST", "registered-models/rename"): lambda w: {"name": w.registered, "new_name": f"taken {w.registered}"},
    ("DELETE", "registered-models/delete"): lambda w: {"name": w.registered},
    ("GET", "registered-models/get-latest-versions"): lambda w: {"name": w.registered},
    ("POST", "registered-models/get-latest-versions"): lambda w: {"name": w.registered},
    ("POST", "registered-models/set-tag"): lambda w: {"name": w.registered, **PAIR},
    ("DELETE", "registered-models/delete-tag"): lambda w: {"name": w.registered, "key": "k"},
    ("GET", "registered-models/alias"): lambda w: {"name": w.registered, "alias": SECRET},
    ("POST", "registered-models/alias"): lambda w: {"name": w.registered, "alias": "taken", "version": "1"},
    ("DELETE", "registered-models/alias"): lambda w: {"name": w.registered, "alias": SECRET},
    ("POST", "model-versions/create"): lambda w: {"name": w.registered, "source": "s3://taken"},
    ("GET", "model-versions/get"): lambda w: {"name": w.registered, "version": "1"},
    ("GET", "model-versions/get-download-uri"): lambda w: {"name": w.registered, "version": "1"},
    ("PATCH", "model-versions/update"): lambda w: {"name": w.registered, "version": "1", "description": "taken"},
    ("POST", "model-versions/transition-stage"): lambda w: {
        "name": w.registered, "version": "1", "stage": "Staging",
    },
    ("DELETE", "model-versions/delete"): lambda w: {"name": w.registered, "version": "1"},
    ("POST", "model-versions/set-tag"): lambda w: {"name": w.registered, "version": "1", **PAIR},
    ("DELETE", "model-versions/delete-tag"): lambda w: {"name": w.registered, "version": "1", "key": "k"},
    # Unity Catalog
    ("GET", f"{_UC}/registered-models/get"): lambda w: {"name": w.catalog},
    ("PATCH", f"{_UC}/registered-models/update"): lambda w: {"name": w.catalog, "description": "taken"},
    ("DELETE", f"{_UC}/registered-models/delete"): lambda w: {"name": w.catalog},
    ("POST", f"{_UC}/registered-models/set-tag"): lambda w: {"name": w.catalog, **PAIR},
    ("DELETE", f"{_UC}/registered-models/delete-tag"): lambda w: {"name": w.catalog, "key": "k"},
    ("GET", f"{_UC}/registered-models/alias"): lambda w: {"name": w.catalog, "alias": SECRET},
    ("POST", f"{_UC}/registered-models/alias"): lambda w: {"name": w.catalog, "alias": "taken", "version": "1"},
    ("DELETE", f"{_UC}/registered-models/alias"): lambda w: {"name": w.catalog, "alias": SECRET},
    ("POST", f"{_UC}/model-versions/create"): lambda w: {"name": w.catalog, "source": "s3://taken"},
    ("POST", f"{_UC}/model-versions/finalize"): lambda w: {"name": w.catalog, "version": "2"},
    ("POST", f"{_UC}/model-versions/generate-temporary-credentials"): lambda w: {"name": w.catalog, "version": "1"},
    ("POST", f"{_UC}/model-versions/emit-lineage"): lambda w: {"name": w.catalog, "version": "1"},
    ("GET", f"{_UC}/model-versions/get"): lambda w: {"name": w.catalog, "version": "1"},
    ("GET", f"{_UC}/model-versions/get-download-uri"): lambda w: {"name": w.catalog, "version": "1"},
    ("PATCH", f"{_UC}/model-versions/update"): lambda w: {"name": w.catalog, "version": "1", "description": "taken"},
    ("DELETE", f"{_UC}/model-versions/delete"): lambda w: {"name": w.catalog, "version": "1"},
    ("POST", f"{_UC}/model-versions/set-tag"): lambda w: {"name": w.catalog, "version": "1", **PAIR},
    ("DELETE", f"{_UC}/model-versions/delete-tag"): lambda w: {"name": w.catalog, "version": "1", "key": "k"},
    ("GET", f"{_UC}/prompts/{{name}}"): lambda w: {"name": w.prompt},
    ("PATCH", f"{_UC}/prompts/{{name}}"): lambda w: {"name": w.prompt, "prompt": {"description": "taken"}},
    ("DELETE", f"{_UC}/prompts/{{name}}"): lambda w: {"name": w.prompt},
    ("POST", f"{_UC}/prompts/{{name}}/tags"): lambda w: {"name": w.prompt, **PAIR},
    ("DELETE", f"{_UC}/prompts/{{name}}/tags/{{key...}}"): lambda w: {"name": w.prompt, "key": "k"},
    ("POST", f"{_UC}/prompts/{{name}}/aliases/{{alias}}"): lambda w: {
        "name": w.prompt, "alias": "taken", "version": "1",
    },
    ("DELETE", f"{_UC}/prompts/{{name}}/aliases/{{alias}}"): lambda w: {"name": w.prompt, "alias": SECRET},
    ("POST", f"{_UC}/prompts/{{name}}/versions"): lambda w: {
        "name": w.prompt, "prompt_version": {"template": '"taken"'},
    },
    ("POST", f"{_UC}/prompts/{{name}}/versions/search"): lambda w: {"name": w.prompt},
    ("GET", f"{_UC}/prompts/{{name}}/versions/by-alias/{{alias}}"): lambda w: {"name": w.prompt, "alias": SECRET},
    ("GET", f"{_UC}/prompts/{{name}}/versions/{{version}}"): lambda w: {"name": w.prompt, "version": "1"},
    ("PATCH", f"{_UC}/prompts/{{name}}/versions/{{version}}"): lambda w: {
        "name": w.prompt, "version": "1", "prompt_version": {"description": "taken"},
    },
    ("DELETE", f"{_UC}/prompts/{{name}}/versions/{{version}}"): lambda w: {"name": w.prompt, "version": "1"},
    ("POST", f"{_UC}/prompts/{{name}}/versions/{{version}}/tags"): lambda w: {
        "name": w.prompt, "version": "1", **PAIR,
    },
    ("DELETE", f"{_UC}/prompts/{{name}}/versions/{{version}}/tags/{{key...}}"): lambda w: {
        "name": w.prompt, "version": "1", "key": "k",
    },
    **{
        (method, f"{_NATIVE}/{path}"): (lambda w, more=more: {"full_name": w.catalog, **more})
        for method, path, more in (
            ("GET", "models/{full_name}", {}),
            ("PATCH", "models/{full_name}", {"comment": "taken"}),
            ("DELETE", "models/{full_name}", {}),
            ("PATCH", "securable-tags/FUNCTION/{full_name}", {"changes": {"add_tags": [PAIR]}}),
            ("GET", "models/{full_name}/aliases/{alias}", {"alias": SECRET}),
            ("PUT", "models/{full_name}/aliases/{alias}", {"alias": "taken", "version_num": 1}),
            ("DELETE", "models/{full_name}/aliases/{alias}", {"alias": SECRET}),
            ("GET", "models/{full_name}/versions", {}),
            ("GET", "models/{full_name}/versions/{version}", {"version": "1"}),
            ("PATCH", "models/{full_name}/versions/{version}", {"version": "1", "comment": "taken"}),
            ("DELETE", "models/{full_name}/versions/{version}", {"version": "1"}),
            ("PATCH", "models/{full_name}/versions/{version}/finalize", {"version": "2"}),
            ("PATCH", "subentity-tags/FUNCTION/{full_name}/{version}", {
                "version": "1", "changes": {"add_tags": [PAIR]},
            }),
        )
    },
    **{
        ("POST", f"{_NATIVE}/{path}"): (
            lambda w, more=more: {
                "catalog_name": "main", "schema_name": "default", "model_name": w.catalog.rpartition(".")[2], **more,
            }
        )
        for path, more in (
            ("models/versions", {"source": "s3://taken"}),
            ("temporary-model-version-credentials", {"version": 1}),
        )
    },
    # catalogs, and what stands in them
    **{
        (method, f"{prefix}/{path}"): (lambda w, field=field, of=of, more=more: {field: getattr(w, of), **more})
        for method, prefix, path, field, of, more in (
            ("GET", _NATIVE, "catalogs/{name}", "name", "cat", {}),
            ("PATCH", _NATIVE, "catalogs/{name}", "name", "cat", {"comment": "taken"}),
            ("DELETE", _NATIVE, "catalogs/{name}", "name", "cat", {"force": "true"}),
            ("GET", _NATIVE, "schemas/{full_name}", "full_name", "cat_schema", {}),
            ("PATCH", _NATIVE, "schemas/{full_name}", "full_name", "cat_schema", {"comment": "taken"}),
            ("DELETE", _NATIVE, "schemas/{full_name}", "full_name", "cat_schema", {"force": "true"}),
            ("GET", _NATIVE, "workspace-bindings/catalogs/{name}", "name", "cat", {}),
            ("PATCH", _NATIVE, "workspace-bindings/catalogs/{name}", "name", "cat", {"assign_workspaces": [1]}),
            ("GET", _NATIVE, "bindings/{securable_type}/{securable_name}", "securable_name", "cat", _CATALOG),
            (
                "PATCH", _NATIVE, "bindings/{securable_type}/{securable_name}", "securable_name", "cat",
                {**_CATALOG, "add": [{"workspace_id": 1}]},
            ),
            ("POST", _NATIVE, "schemas", "catalog_name", "cat", {"name": "taken"}),
            ("GET", _NATIVE, "volumes/{name}", "name", "volume", {}),
            ("PATCH", _NATIVE, "volumes/{name}", "name", "volume", {"comment": "taken"}),
            ("DELETE", _NATIVE, "volumes/{name}", "name", "volume", {}),
            ("GET", _NATIVE, "tables/{full_name}", "full_name", "table", {}),
            ("GET", "/api/2.0/unity-catalog", "tables/{full_name}", "full_name", "table", {}),
            ("GET", _NATIVE, "tables/{full_name}/exists", "full_name", "table", {}),
            ("GET", "/api/2.0/lakeward/catalog", "tables/{full_name}/sample", "full_name", "table", {}),
            ("PATCH", _NATIVE, "tables/{full_name}", "full_name", "table", {"comment": "taken"}),
            ("DELETE", _NATIVE, "tables/{full_name}", "full_name", "table", {}),
            ("POST", _NATIVE, "temporary-table-credentials", "table_id", "table_id", {}),
            ("POST", "/api/2.0/unity-catalog", "temporary-table-credentials", "table_id", "table_id", {}),
            ("GET", _NATIVE, "functions/{name}", "name", "function", {}),
            ("PATCH", _NATIVE, "functions/{name}", "name", "function", {}),
            ("DELETE", _NATIVE, "functions/{name}", "name", "function", {}),
            ("GET", _NATIVE, "connections/{name}", "name", "connection", {}),
            ("PATCH", _NATIVE, "connections/{name}", "name", "connection", {"options": {"host": "taken"}}),
            ("DELETE", _NATIVE, "connections/{name}", "name", "connection", {}),
        )
    },
    **{
        ("POST", f"{_NATIVE}/{kind}"): (lambda w, more=more: {"catalog_name": w.cat, "schema_name": "s", **more})
        for kind, more in (("volumes", {"name": "taken"}), ("tables", {"name": "taken"}))
    },
    ("POST", f"{_NATIVE}/functions"): lambda w: {
        "function_info": {"catalog_name": w.cat, "schema_name": "s", "name": "taken"},
    },
    **{
        (method, f"{_NATIVE}/entity-tag-assignments{path}"): (
            lambda w, more=more: {"entity_type": "catalogs", "entity_name": w.cat, **more}
        )
        for method, path, more in (
            ("POST", "", {"tag_key": "taken"}),
            ("GET", "/{entity_type}/{entity_name}/tags", {}),
            ("GET", "/{entity_type}/{entity_name}/tags/{tag_key}", {"tag_key": "k"}),
            ("PATCH", "/{entity_type}/{entity_name}/tags/{tag_key}", {"tag_key": "k", "tag_value": "taken"}),
            ("DELETE", "/{entity_type}/{entity_name}/tags/{tag_key}", {"tag_key": "k"}),
        )
    },
    # webhooks
    **{
        (method, f"{prefix}webhooks/{{webhook_id}}{rest}"): (
            lambda w, more=more: {"webhook_id": w.webhook, **more}
        )
        for method, rest, more in (
            ("GET", "", {}), ("PATCH", "", {"name": "taken"}), ("DELETE", "", {}), ("POST", "/test", {}),
        )
        for prefix in ("", _OWN)
    },
    ("POST", f"{_OWN}webhooks"): lambda w: {**w.hook, "model_name": w.registered},
    ("GET", f"{_OWN}webhooks"): lambda w: {"model_name": w.registered},
    ("GET", f"{_OWN}webhooks/{{webhook_id}}/deliveries"): lambda w: {"webhook_id": w.webhook},
    ("POST", f"{_OWN}webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/send-again"): lambda w: {
        "webhook_id": w.webhook, "delivery_id": w.delivery,
    },
    ("POST", "registry-webhooks/create"): lambda w: {
        "model_name": w.registered, "events": ["MODEL_VERSION_CREATED"], "http_url_spec": {"url": w.hook["url"]},
    },
    ("GET", "registry-webhooks/list"): lambda w: {"model_name": w.registered},
    ("PATCH", "registry-webhooks/update"): lambda w: {"id": w.webhook, "description": "taken"},
    ("DELETE", "registry-webhooks/delete"): lambda w: {"id": w.webhook},
    ("POST", "registry-webhooks/test"): lambda w: {"id": w.webhook},
    # the registry's own extensions, and lineage
    ("GET", "/api/2.0/lakeward/registry/activity"): lambda w: {"name": w.catalog},
    ("GET", "/api/2.0/lakeward/registry/entry"): lambda w: {"name": w.prompt},
    ("PATCH", "/api/2.0/lakeward/registry/entry"): lambda w: {"name": w.prompt, "owner": "editor"},
    ("GET", "/api/2.0/lakeward/registry/prompts/diff"): lambda w: {"name": w.prompt, "from": "1", "to": SECRET},
    ("PUT", "/api/2.0/lakeward/registry/prompts/split"): lambda w: {
        "name": w.prompt, "alias": "taken", "arms": [{"version": 1, "weight": 1}, {"version": 2, "weight": 1}],
    },
    ("GET", "/api/2.0/lakeward/registry/prompts/split"): lambda w: {"name": w.prompt, "alias": "split"},
    ("DELETE", "/api/2.0/lakeward/registry/prompts/split"): lambda w: {"name": w.prompt, "alias": "split"},
    ("GET", "/api/2.0/lakeward/registry/prompts/resolve"): lambda w: {"name": w.prompt, "alias": "split"},
    ("GET", "/api/2.0/lakeward/lineage"): lambda w: {"kind": "RUN", "id": w.run},
    **{
        ("POST", f"{_UC}/prompt-versions/links-to-{kind}"): (
            lambda w, kind=kind, ids=ids: {
                "prompt_versions": [{"name": w.prompt, "version": "1"}], ids: [getattr(w, kind[:-1])],
            }
        )
        for kind, ids in (("models", "model_ids"), ("traces", "trace_ids"), ("runs", "run_ids"))
    },
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
    ("POST", f"{_LOCATED}/{{experiment_id}}/link-location"): lambda w: {
        "experiment_id": w.experiment, "uc_schema": w.schema,
    },
    ("POST", f"{_LOCATED}/{{experiment_id}}/unlink-location"): lambda w: {
        "experiment_id": w.experiment, "uc_schema": w.schema,
    },
    ("POST", f"{_LOCATED}/search-long-running"): lambda w: {"locations": [{"uc_table_prefix": w.prefix}]},
    ("POST", f"{_LOCATED}/{{location}}/{{trace_id}}/info"): lambda w: {
        **w.located, "request_time": "2026-01-01T00:00:00Z", "state": "OK", "tags": {"k": "taken"},
    },
    ("GET", f"{_LOCATED}/{{location}}/{{trace_id}}/info"): lambda w: w.located,
    ("PATCH", f"{_LOCATED}/{{location}}/{{trace_id}}/tags"): lambda w: {**w.located, "key": "k", "value": "taken"},
    ("DELETE", f"{_LOCATED}/{{location}}/{{trace_id}}/tags/{{key}}"): lambda w: {**w.located, "key": "k"},
    ("POST", f"{_LOCATED}/{{location}}/{{trace_id}}/assessments"): lambda w: {
        **w.located, "assessment_name": "taken", "feedback": {"value": 1},
    },
    ("GET", f"{_LOCATED}/{{location}}/{{trace_id}}/assessments/{{assessment_id}}"): lambda w: {
        **w.located, "assessment_id": w.located_assessment,
    },
    ("PATCH", f"{_LOCATED}/{{location}}/{{trace_id}}/assessments/{{assessment_id}}"): lambda w: {
        **w.located, "assessment_id": w.located_assessment, "update_mask": "rationale", "rationale": "taken",
    },
    ("DELETE", f"{_LOCATED}/{{location}}/{{trace_id}}/assessments/{{assessment_id}}"): lambda w: {
        **w.located, "assessment_id": w.located_assessment,
    },
    # artifacts
    ("GET", "artifacts/list"): lambda w: {"run_id": w.run},
    ("POST", "artifacts/credentials-for-read"): lambda w: {"run_id": w.run, "path": [FILE]},
    ("POST", "artifacts/credentials-for-write"): lambda w: {"run_id": w.run, "path": ["taken.txt"]},
    ("POST", "artifacts/presigned-download-url"): lambda w: {"run_id": w.run, "path": FILE},
    ("POST", "artifacts/presigned-upload-url"): lambda w: {"run_id": w.run, "path": "taken.txt"},
    ("POST", "artifacts/create-multipart-upload"): lambda w: {"run_id": w.run, "path": "taken.txt", "num_parts": 1},
    ("POST", "artifacts/complete-multipart-upload"): lambda w: {
        "run_id": w.run, "path": "taken.txt", "upload_id": w.upload, "part_etags": [],
    },
    ("GET", "artifacts/get-presigned-upload-part-url"): lambda w: {
        "run_id": w.run, "path": "taken.txt", "upload_id": w.upload, "part_number": 1,
    },
    ("POST", "logged-models/{model_id}/artifacts/credentials-for-download"): lambda w: {
        "model_id": w.model, "paths": [FILE],
    },
    ("POST", "logged-models/{model_id}/artifacts/credentials-for-upload"): lambda w: {
        "model_id": w.model, "paths": ["taken.txt"],
    },
    ("GET", "logged-models/{model_id}/artifacts/directories"): lambda w: {"model_id": w.model},
    ("GET", "/get-artifact"): lambda w: {"run_id": w.run, "path": FILE},
    ("HEAD", "/get-artifact"): lambda w: {"run_id": w.run, "path": FILE},
    ("POST", "/ajax-api/2.0/mlflow/upload-artifact"): lambda w: {"run_uuid": w.run, "path": "taken.txt"},
    **{
        (method, "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"): (
            lambda w: {"model_id": w.model, "artifact_file_path": FILE}
        )
        for method in ("GET", "HEAD")
    },
    # the mlflow-artifacts proxy
    ("GET", "/api/2.0/mlflow-artifacts/artifacts"): lambda w: {"path": w.place},
    **{
        (method, f"/api/2.0/mlflow-artifacts/{what}/{{artifact_path...}}"): (
            lambda w, what=what, more=more: {
                "artifact_path": w.place if what.startswith("mpu") else f"{w.place}/{FILE}", **more(w),
            }
        )
        for method, what, more in (
            ("HEAD", "artifacts", lambda _: {}),
            ("GET", "artifacts", lambda _: {}),
            ("PUT", "artifacts", lambda _: {}),
            ("DELETE", "artifacts", lambda _: {}),
            ("GET", "presigned", lambda _: {}),
            ("POST", "mpu/create", lambda _: {"path": "taken.txt", "num_parts": 1}),
            ("POST", "mpu/complete", lambda w: {"path": "taken.txt", "upload_id": w.upload, "parts": []}),
            ("POST", "mpu/abort", lambda w: {"path": "taken.txt", "upload_id": w.upload}),
        )
    },
    # the Files API
    ("HEAD", "/api/2.0/fs/directories/{directory_path...}"): lambda w: {"directory_path": w.folder},
    ("GET", "/api/2.0/fs/directories/{directory_path...}"): lambda w: {"directory_path": w.folder},
    ("PUT", "/api/2.0/fs/directories/{directory_path...}"): lambda w: {"directory_path": f"{w.folder}/taken"},
    ("DELETE", "/api/2.0/fs/directories/{directory_path...}"): lambda w: {"directory_path": f"{w.folder}/folder"},
    ("HEAD", "/api/2.0/fs/files/{file_path...}"): lambda w: {"file_path": f"{w.folder}/{FILE}"},
    ("GET", "/api/2.0/fs/files/{file_path...}"): lambda w: {"file_path": f"{w.folder}/{FILE}"},
    ("PUT", "/api/2.0/fs/files/{file_path...}"): lambda w: {"file_path": f"{w.folder}/{FILE}", "overwrite": "true"},
    ("POST", "/api/2.0/fs/files/{file_path...}"): lambda w: {
        "file_path": f"{w.folder}/taken.txt", "action": "initiate-upload",
    },
    ("DELETE", "/api/2.0/fs/files/{file_path...}"): lambda w: {"file_path": f"{w.folder}/{FILE}"},
    ("POST", "/api/2.0/fs/create-download-url"): lambda w: {"path": f"/{w.folder}/{FILE}"},
    ("POST", "/api/2.0/fs/create-upload-url"): lambda w: {"path": f"/{w.folder}/taken.txt"},
    ("POST", "/api/2.0/fs/create-upload-part-urls"): lambda w: {
        "path": f"/{w.folder}/taken.txt", "session_token": w.upload, "start_part_number": 1, "count": 1,
    },
    ("POST", "/api/2.0/fs/create-abort-upload-url"): lambda w: {
        "path": f"/{w.folder}/taken.txt", "session_token": w.upload,
    },
    # principals
    **{
        (method, f"{prefix}/{kind}/{{id}}"): (
            lambda w, prefix=prefix, kind=kind, more=more: {
                "id": w.principals[kind], **({"account_id": "a"} if "account" in prefix else {}), **more,
            }
        )
        for prefix in _SCIM
        for kind in ("Users", "Groups", "ServicePrincipals")
        for method, more in (
            ("GET", {}),
            ("PUT", {"userName": "taken", "displayName": "taken"}),
            ("PATCH", {"Operations": [{"op": "replace", "path": "displayName", "value": "taken"}]}),
            ("DELETE", {}),
        )
    },
    ("GET", f"{_SPACES}/{{workspace_id}}"): lambda _: {"account_id": "a", "workspace_id": 1},
    ("DELETE", f"{_SPACES}/{{workspace_id}}"): lambda _: {"account_id": "a", "workspace_id": 1},
    ("GET", _ASSIGNED): lambda _: {"account_id": "a", "workspace_id": 1},
    ("GET", f"{_ASSIGNED}/permissions"): lambda _: {"account_id": "a", "workspace_id": 1},
    **{
        (method, f"{place}/principals/{{principal_id}}"): (
            lambda w, more=more: {"principal_id": w.principals["Users"], **more}
        )
        for place, where in ((_ASSIGNED, {"account_id": "a", "workspace_id": 1}), (_ASSIGNED_HERE, {}))
        for method, more in (("PUT", where | {"permissions": ["ADMIN"]}), ("DELETE", where))
    },
    # tokens and secrets
    **{
        (method, f"{_TOKENS}/tokens/{{token_id}}"): (lambda w, more=more: {"token_id": w.token, **more})
        for method, more in (("GET", {}), ("DELETE", {}), ("PATCH", {"token": {"comment": "taken"}}))
    },
    ("POST", f"{_TOKENS}/on-behalf-of/tokens"): lambda w: {"application_id": w.principals["application"]},
    **{
        (method, f"{prefix}/{{service_principal_id}}/credentials/secrets{more}"): (
            lambda w, prefix=prefix, more=more: {
                "service_principal_id": w.principals["ServicePrincipals"],
                **({"account_id": "a"} if "account_id" in prefix else {}),
                **({"secret_id": w.principals["secret"]} if more else {}),
            }
        )
        for prefix in _SECRETS
        for method, more in (("GET", ""), ("POST", ""), ("DELETE", "/{secret_id}"))
    },
    # permissions
    **{
        (method, f"{_PERMISSIONS}{more}"): lambda w: {"object_type": "experiments", "object_id": w.experiment}
        for method, more in (("GET", ""), ("PUT", ""), ("PATCH", ""), ("GET", "/permissionLevels"))
    },
    **{
        (method, f"{_NATIVE}/{what}/{{securable_type}}/{{full_name}}"): lambda w: {
            "securable_type": "function", "full_name": w.catalog,
        }
        for method, what in (("GET", "permissions"), ("PATCH", "permissions"), ("GET", "effective-permissions"))
    },
    ("POST", "/api/2.0/lakeward/explain"): lambda w: {
        "principal": "owner", "privilege": "READ", "object": f"experiments/{w.experiment}",
    },
    ("PUT", "/api/2.0/lakeward/users/{id}/password"): lambda w: {
        "id": w.principals["Users"], "new_password": "taken by a stranger",
    },
    # addresses
    **{
        (method, f"{prefix}/{{ip_access_list_id}}"): (
            lambda w, more=more: {"ip_access_list_id": w.addresses, "account_id": "a", **more}
        )
        for prefix in _ADDRESSES
        for method, more in (
            ("GET", {}),
            ("PUT", {"label": "taken", "list_type": "ALLOW", "enabled": False}),
            ("PATCH", {"label": "taken"}),
            ("DELETE", {}),
        )
    },
    # secrets
    **{
        (method, f"/api/2.0/secrets/{path}"): (lambda w, more=more: {"scope": w.scope, **more})
        for method, path, more in (
            ("POST", "scopes/delete", {}),
            ("POST", "put", {"key": "k", "string_value": "taken"}),
            ("POST", "delete", {"key": SECRET}),
            ("GET", "list", {}),
            ("GET", "get", {"key": SECRET}),
            ("POST", "acls/put", {"principal": "users", "permission": "READ"}),
            ("POST", "acls/delete", {"principal": "users"}),
            ("GET", "acls/list", {}),
            ("GET", "acls/get", {"principal": "users"}),
        )
    },
    # the server itself
    ("POST", "/api/2.0/lakeward/purge"): lambda w: {
        "experiment_ids": [w.experiment], "run_ids": [w.run], "model_ids": [w.model],
    },
    ("GET", "/api/3.0/mlflow/workspaces/{workspace_name}"): lambda _: {"workspace_name": "default"},
    ("PATCH", "/api/3.0/mlflow/workspaces/{workspace_name}"): lambda _: {
        "workspace_name": "default", "description": "taken",
    },
    ("DELETE", "/api/3.0/mlflow/workspaces/{workspace_name}"): lambda _: {"workspace_name": "default"},
}  # fmt: skip

# Lists begin with what the caller may see: strangers get them, and find nothing of ours there.
LISTS: dict[tuple[str, str], Callable[[World], Request]] = {
    ("GET", "webhooks"): lambda _: {},
    ("GET", "experiments/list"): lambda _: {"view_type": "ALL"},
    ("GET", "experiments/search"): lambda _: {"view_type": "ALL"},
    ("POST", "experiments/search"): lambda _: {"view_type": "ALL", "filter": f"name LIKE '%{SECRET}%'"},
    ("POST", "experiments/search-datasets"): lambda w: {"experiment_ids": [w.experiment]},
    ("POST", "runs/search"): lambda w: {"experiment_ids": [w.experiment], "run_view_type": "ALL"},
    ("POST", "logged-models/search"): lambda w: {"experiment_ids": [w.experiment]},
    ("GET", "registered-models/search"): lambda w: {"filter": f"name = '{w.registered}'"},
    ("GET", "model-versions/search"): lambda w: {"filter": f"name = '{w.registered}'"},
    ("GET", f"{_UC}/registered-models/search"): lambda _: {},
    ("GET", f"{_UC}/model-versions/search"): lambda w: {"filter": f"name = '{w.catalog}'"},
    ("GET", f"{_NATIVE}/models"): lambda _: {},
    ("GET", f"{_NATIVE}/catalogs"): lambda _: {},
    ("GET", f"{_NATIVE}/connections"): lambda _: {},
    ("GET", "/api/2.0/lakeward/catalog/search"): lambda _: {"words": "cat"},
    ("GET", f"{_NATIVE}/schemas"): lambda w: {"catalog_name": w.cat},
    **{
        ("GET", f"{_NATIVE}/{kind}"): lambda w: {"catalog_name": w.cat, "schema_name": "s"}
        for kind in ("volumes", "tables", "functions")
    },
    ("POST", f"{_UC}/prompts/search"): lambda _: {
        "catalog_schema": {"catalog_name": "main", "schema_name": "default"},
    },
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
    ("GET", "/api/2.0/secrets/scopes/list"): lambda _: {},
    ("GET", f"{_LOCATED}/{{location}}/batchGet"): lambda w: {
        "location": w.location,
        "trace_ids": [w.located["trace_id"]],
    },
    ("POST", f"{_LOCATED}/{{location}}/link-to-run/batchCreate"): lambda w: {
        "location": w.location,
        "trace_ids": [w.located["trace_id"]],
        "run_id": w.run,
    },
    ("DELETE", f"{_LOCATED}/{{location}}/unlink-from-run/batchDelete"): lambda w: {
        "location": w.location,
        "trace_ids": [w.located["trace_id"]],
        "run_id": w.run,
    },
    ("POST", "/api/2.0/lakeward/traces/export"): lambda w: {"experiment_ids": [w.experiment]},
    ("GET", "/api/3.0/mlflow/workspaces"): lambda _: {},
    **{
        ("GET", f"{prefix}/{kind}"): lambda _, prefix=prefix: {"account_id": "a"} if "account" in prefix else {}
        for prefix in _SCIM
        for kind in ("Users", "Groups", "ServicePrincipals")
    },
    ("GET", _ASSIGNED_HERE): lambda _: {},
    ("GET", f"{_TOKENS}/tokens"): lambda _: {},
    ("GET", _ADDRESSES[0]): lambda _: {},
    ("GET", _ADDRESSES[1]): lambda _: {"account_id": "a"},
    ("GET", _SPACES): lambda _: {"account_id": "a"},
    ("GET", "/api/2.0/workspace-conf"): lambda _: {"keys": "enableIpAccessLists"},
}

# They make something new, or name nothing that belongs to anybody.
WITHOUT_OBJECT = {
    ("POST", "webhooks"),
    ("POST", "experiments/create"), ("POST", "registered-models/create"), ("POST", "/api/3.0/mlflow/workspaces"),
    ("GET", "/metrics"), ("GET", "/api/2.0/lakeward/audit"), ("GET", "/api/2.0/lakeward/whoami"),
    ("POST", f"{_UC}/registered-models/create"),
    ("POST", f"{_UC}/prompts"), ("POST", f"{_NATIVE}/models"), ("POST", f"{_NATIVE}/catalogs"),
    ("POST", f"{_NATIVE}/connections"),
    ("GET", f"{_NATIVE}/metastore_summary"), ("GET", f"{_NATIVE}/current-metastore-assignment"),
    ("GET", f"{_NATIVE}/metastores"), ("GET", f"{_NATIVE}/metastores/{{id}}"),
    ("POST", "/api/2.0/secrets/scopes/create"),
    ("GET", f"{_UC}/registered-models:is-databricks-sdk-models-artifact-repository-enabled"),
    ("GET", f"{_SCIM[0]}/Me"), ("GET", "/oidc/v1/authorize"),
    ("POST", "/api/5.0/mlflow/tracing/locations"), ("POST", f"{_LOCATED}/location"),
    ("GET", "/api/2.0/sql/warehouses/{warehouse_id}"),
    # of the server as a whole; tests/features/tracing/test_prices.py looks who may
    ("GET", "/api/2.0/lakeward/prices"), ("PUT", "/api/2.0/lakeward/prices"),
    ("DELETE", "/api/2.0/lakeward/prices/{price_id}"),
    ("GET", "/api/2.0/lakeward/system"),  # tests/features/runtime/test_system.py looks who may
    # of the caller's own tokens; tests/clients/test_sdk_tokens.py looks for those of others through them
    ("POST", "/api/2.0/token/create"), ("GET", "/api/2.0/token/list"), ("POST", "/api/2.0/token/delete"),
    ("PATCH", "/api/2.0/token/{token_id}"),
    # of the caller's own session and password: tests/features/identity/test_passwords.py
    ("POST", "/api/2.0/lakeward/sign-out"), ("GET", "/api/2.0/lakeward/session"), ("PUT", "/api/2.0/lakeward/password"),
    ("POST", _ADDRESSES[0]), ("POST", _ADDRESSES[1]), ("POST", _SPACES), ("PATCH", "/api/2.0/workspace-conf"),
    *(("POST", f"{prefix}/{kind}") for prefix in _SCIM for kind in ("Users", "Groups", "ServicePrincipals")),
}  # fmt: skip

# Who was given levels on the experiments and on the models of the world, and nothing else.
GIVEN = {
    "viewer": ("CAN_READ", "CAN_READ"),
    "author": ("CAN_EDIT", "CAN_EDIT"),
    "stager": ("CAN_EDIT", "CAN_MANAGE_STAGING_VERSIONS"),
    "master": ("CAN_MANAGE", "CAN_MANAGE"),
}
_READS = ("USE_CATALOG", "USE_SCHEMA", "SELECT", "READ_VOLUME", "EXECUTE")
_WRITES = (
    *_READS, "APPLY_TAG", "MODIFY", "WRITE_VOLUME", "CREATE_SCHEMA", "CREATE_VOLUME", "CREATE_TABLE", "CREATE_FUNCTION",
)  # fmt: skip
ON_CATALOGS = {"viewer": _READS, "author": _WRITES, "stager": _WRITES, "master": ("MANAGE",)}
# What takes more than the level that the role of its rule amounts to.
STAGER = {("POST", "model-versions/transition-stage")}
MASTER = {
    ("POST", "experiments/delete"), ("POST", "experiments/restore"), ("POST", "registered-models/rename"),
    ("DELETE", "registered-models/delete"), ("DELETE", "model-versions/delete"),
    ("DELETE", f"{_UC}/registered-models/delete"), ("DELETE", f"{_UC}/model-versions/delete"),
    ("DELETE", f"{_NATIVE}/models/{{full_name}}"), ("DELETE", f"{_NATIVE}/models/{{full_name}}/versions/{{version}}"),
    ("DELETE", f"{_UC}/prompts/{{name}}"), ("DELETE", f"{_UC}/prompts/{{name}}/versions/{{version}}"),
    ("PATCH", "/api/2.0/lakeward/registry/entry"),
    *((method, f"{_NATIVE}/{one}") for method in ("PATCH", "DELETE")
      for one in ("volumes/{name}", "tables/{full_name}", "functions/{name}")),
}  # fmt: skip

_PREFIX = "/api/2.0/mlflow/"


def key_of(route: Route) -> tuple[str, str]:
    return route.method, route.path.removeprefix(_PREFIX)


_HANDLERS = {(route.method, route.handler): route for route in all_routes() if not route.path.startswith("/ajax-api/")}
ROUTES = {
    key_of(route): route
    for route in all_routes()
    if route.allow not in (PUBLIC, SIGNED_URL)
    and not (route.path.startswith("/ajax-api/") and (route.method, route.handler) in _HANDLERS)
}
TABLE = BY_ID | LISTS


def test_the_table_is_complete():
    assert set(ROUTES) - WITHOUT_OBJECT == set(TABLE)


def test_twins_are_the_same_routes():
    """What is tested on one path holds on the handler's other paths: they stand under the same rule."""
    for route in all_routes():
        assert route.allow == _HANDLERS.get((route.method, route.handler), route).allow


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def everybody(server: Server) -> Callers:
    made = Callers(server)
    for who in ("nobody", "memberless", "stranger", "member", "reader", "editor", "manager", "admin", "deactivated"):
        getattr(made, who)
    for who in (*GIVEN, "maker"):
        setattr(made, who, server.bearer(server.token(who, role=Role.USE)))
    server.sql("UPDATE principal SET is_active = false WHERE name = 'deactivated'")
    server.sql(
        "INSERT INTO access_grant SELECT 1, 'metastore', '', id, each FROM principal,"
        " unnest(array['CREATE_CATALOG', 'CREATE_CONNECTION']) each WHERE name = 'maker'"
    )
    return made


def give(server: Server, world: World, who: str) -> None:
    """The levels of this one on the objects of a world."""
    on_experiments, on_models = GIVEN[who]
    server.sql(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT 1, o.kind, o.id, p.id, o.level FROM principal p, (SELECT 'experiment' AS kind, $2 AS id, $3 AS level"
        "   UNION ALL SELECT 'registered_model', id::text, $4 FROM registered_model WHERE full_name = ANY ($5)) o"
        " WHERE p.name = $1 ON CONFLICT DO NOTHING",
        who, world.experiment, on_experiments, on_models,
        [f"main.default.{world.registered}", world.catalog, world.prompt],
    )  # fmt: skip
    server.sql(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT 1, 'catalog', $2, p.id, each FROM principal p, unnest($3::text[]) each WHERE p.name = $1"
        " ON CONFLICT DO NOTHING",
        who, world.cat, list(ON_CATALOGS[who]),
    )  # fmt: skip
    server.sql(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT 1, 'connection', c.id::text, p.id, $3 FROM principal p, connection c WHERE p.name = $1 AND c.name = $2"
        " ON CONFLICT DO NOTHING",
        who, world.connection, "MANAGE" if who == "master" else "USE_CONNECTION",
    )  # fmt: skip


def needed(key: tuple[str, str]) -> str:
    """Who of those that were given a level is the first who may use this route."""
    if key in MASTER or key in STAGER:
        return "master" if key in MASTER else "stager"
    return {Role.READ: "viewer", Role.EDIT: "author", Role.MANAGE: "master"}[ROUTES[key].allow.role]


_numbers = itertools.count(1)


def make_world(client: Caller, people: Caller | None = None) -> World:
    """One of each, in the default workspace; `people` makes principals, tokens and secrets if the client may not."""
    people = people or client
    name = f"{SECRET} {next(_numbers)}"
    experiment = client.experiment(name, tags=[{"key": "k", "value": SECRET}])
    run = client.run(experiment, run_name=SECRET, tags=[{"key": "k", "value": SECRET}])
    client.post("runs/log-metric", run_id=run, key=SECRET, value=1, timestamp=1)
    dataset = {"name": SECRET, "digest": "d", "source_type": "s", "source": SECRET}
    client.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset}])
    made = client.post("logged-models", experiment_id=experiment, name=SECRET, tags=[{"key": "k", "value": SECRET}])
    model = made["model"]["info"]["model_id"]
    tagged = [{"key": "k", "value": SECRET}]
    client.post("registered-models/create", name=f"model {name}", description=SECRET, tags=tagged)
    client.post("model-versions/create", name=f"model {name}", source=f"s3://{SECRET}", tags=tagged)
    client.post("registered-models/alias", name=f"model {name}", alias=SECRET, version="1")
    catalog, prompt = make_catalog(client, name.replace(" ", "-"), tagged)
    place = f"{experiment}/{run}/artifacts"
    assets = make_assets(client)
    proxy = "/api/2.0/mlflow-artifacts"
    for where in (place, f"{place}/folder", f"{experiment}/models/{model}/artifacts"):
        assert client.request("PUT", f"{proxy}/artifacts/{where}/{FILE}", content=SECRET.encode()).status_code < 300
    begun = client.call("POST", f"{proxy}/mpu/create/{place}", json={"path": "taken.txt", "num_parts": 1})
    folder = f"{_FILES}/{experiment}/Runs/{run}/artifacts"
    number = next(_numbers)
    scope = f"scope-{SECRET}-{number}"
    vault = "/api/2.0/secrets"
    people.call("POST", f"{vault}/scopes/create", json={"scope": scope, "initial_manage_principal": "users"})
    people.call("POST", f"{vault}/put", json={"scope": scope, "key": SECRET, "string_value": SECRET})
    span = {
        "traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": SECRET,
        "startTimeUnixNano": 1, "endTimeUnixNano": 2,
        "attributes": [{"key": "mlflow.spanInputs", "value": {"stringValue": SECRET}}],
    }  # fmt: skip
    spans = json_bytes({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    headers = {"x-mlflow-experiment-id": experiment, "content-type": "application/json"}
    assert client.request("POST", "/v1/traces", content=spans, headers=headers).status_code == 200
    trace = f"tr-{number:032x}"
    client.call("PATCH", f"traces/{trace}/tags", json={"key": "k", "value": SECRET})
    said = {"assessment_name": SECRET, "feedback": {"value": SECRET}}
    judged = client.call("POST", f"/api/3.0/mlflow/traces/{trace}/assessments", json={"assessment": said})
    located = make_location(client, people, experiment, span)
    span |= {"traceId": f"{next(_numbers):032x}", "name": "taken"}
    principals = make_principals(people, name)
    listed = {"label": SECRET, "list_type": "BLOCK", "ip_addresses": ["192.0.2.1"]}
    addresses = people.post(_ADDRESSES[0], **listed)["ip_access_list"]["list_id"]
    behalf = {"application_id": principals["application"], "comment": SECRET}
    token = people.post(f"{_TOKENS}/on-behalf-of/tokens", **behalf)["token_info"]["token_id"]
    hooked = make_webhook(client, f"model {name}")
    return World(
        name=name, experiment=experiment, run=run, model=model, place=place, folder=folder, upload=begun["upload_id"],
        registered=f"model {name}", catalog=catalog, prompt=prompt, scope=scope,
        trace=trace, assessment=judged["assessment"]["assessment_id"],
        spans=json_bytes({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}), principals=principals,
        token=token, addresses=addresses, **located, **assets, **hooked,
    )  # fmt: skip


def make_location(client: Caller, people: Caller, experiment: str, span: dict[str, Any]) -> dict[str, Any]:
    """A Unity Catalog location that the experiment is linked to, with a trace; and a schema without experiment."""
    number = next(_numbers)
    prefix = {"catalog_name": "main", "schema_name": "agents", "table_prefix": f"p{number}"}
    schema = {"catalog_name": "main", "schema_name": f"s{number}"}
    made = people.post("/api/5.0/mlflow/tracing/locations", uc_table_prefix=prefix)["uc_table_prefix"]
    people.post(f"{_LOCATED}/location", uc_schema=schema)
    client.post(f"/api/5.0/mlflow/experiments/{experiment}/trace-location:link", uc_table_prefix=prefix)
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span | {"traceId": f"{number:032x}"}]}]}]}
    headers = {"x-databricks-uc-table-name": made["spans_table_name"], "content-type": "application/json"}
    answer = client.request("POST", "/api/2.0/otel/v1/traces", content=json_bytes(body), headers=headers)
    assert answer.status_code == 200, answer.text
    place = f"main.agents.p{number}"
    trace = f"{_LOCATED}/{place}/{number:032x}"
    client.call("PATCH", f"{trace}/tags", json={"key": "k", "value": SECRET})
    judged = client.post(f"{trace}/assessments", assessment_name=SECRET, feedback={"value": SECRET})
    return {
        "prefix": prefix, "schema": schema, "location": place, "location_id": made["location_id"],
        "located": {"location": place, "trace_id": f"{number:032x}"}, "located_assessment": judged["assessment_id"],
    }  # fmt: skip


def make_webhook(client: Caller, model: str) -> dict[str, Any]:
    """A webhook of this model, and what waits to be sent by it to an address that is refused before it is asked."""
    hook = {"name": SECRET, "url": f"http://10.0.0.1/{SECRET}", "events": ["model_version_tag.set"], "secret": SECRET}
    made = client.call("POST", f"{_OWN}webhooks", json=hook | {"model_name": model})["webhook"]["webhook_id"]
    client.post("model-versions/set-tag", name=model, version="1", key="k", value=SECRET)
    [waiting] = client.call("GET", f"{_OWN}webhooks/{made}/deliveries")["deliveries"]
    return {"hook": hook, "webhook": made, "delivery": waiting["delivery_id"]}


def make_principals(client: Caller, name: str) -> dict[str, str]:
    """One of each kind, with a role in the default workspace."""
    ids = {
        kind: client.call(
            "POST", f"{_SCIM[0]}/{kind}", json={"userName": f"{name} {kind}", "displayName": f"{name} {kind}"}
        )["id"]
        for kind in ("Users", "Groups", "ServicePrincipals")
    }
    for each in ids.values():
        client.call("PUT", f"{_ASSIGNED_HERE}/principals/{each}", json={"permissions": ["USER"]})
    robot = ids["ServicePrincipals"]
    path = f"{_SECRETS[1]}/{robot}/credentials/secrets"
    application = client.get(f"{_SCIM[0]}/ServicePrincipals/{robot}")["applicationId"]
    return ids | {"secret": client.call("POST", path, json={})["id"], "application": application}


def make_assets(client: Caller) -> dict[str, str]:
    """A catalog with a schema, and one of each that stands there besides models."""
    name = f"cat{next(_numbers)}"
    where = {"catalog_name": name, "schema_name": "s", "comment": SECRET}
    client.call("POST", f"{_NATIVE}/catalogs", json={"name": name, "comment": SECRET})
    client.call("POST", f"{_NATIVE}/schemas", json={"name": "s", "catalog_name": name, "comment": SECRET})
    client.call("POST", f"{_NATIVE}/volumes", json={**where, "name": "v"})
    table = client.call("POST", f"{_NATIVE}/tables", json={**where, "name": "t"})
    client.call("POST", f"{_NATIVE}/functions", json={"function_info": {**where, "name": "f"}})
    connection = {"name": name, "connection_type": "HTTP", "options": {"host": SECRET, "bearer_token": SECRET}}
    client.call("POST", f"{_NATIVE}/connections", json=connection)
    tag = {"entity_type": "catalogs", "entity_name": name, "tag_key": "k", "tag_value": SECRET}
    client.call("POST", f"{_NATIVE}/entity-tag-assignments", json=tag)
    return {
        "cat": name, "cat_schema": f"{name}.s", "volume": f"{name}.s.v", "table": f"{name}.s.t",
        "table_id": table["table_id"], "function": f"{name}.s.f", "connection": name,
    }  # fmt: skip


def make_catalog(client: Caller, stem: str, tags: list[dict[str, str]]) -> tuple[str, str]:
    """A model with a READY and a PENDING version, and a prompt, by their names in Unity Catalog."""
    model, prompt = f"main.default.model-{stem}", f"main.default.prompt-{stem}"
    client.post(f"{_UC}/registered-models/create", name=model, description=SECRET, tags=tags)
    for version in ("1", "2"):
        client.post(f"{_UC}/model-versions/create", name=model, source=f"s3://{SECRET}", tags=tags)
        place = f"/api/2.0/fs/files/Models/{model.replace('.', '/')}/{version}/{FILE}"
        assert client.request("PUT", place, content=SECRET.encode()).status_code == 204
    client.post(f"{_UC}/model-versions/finalize", name=model, version="1")
    client.post(f"{_UC}/registered-models/alias", name=model, alias=SECRET, version="1")
    client.post(f"{_UC}/prompts", name=prompt, prompt={"description": SECRET, "tags": tags})
    client.post(f"{_UC}/prompts/{prompt}/versions", prompt_version={"template": f'"{SECRET}"', "tags": tags})
    client.post(f"{_UC}/prompts/{prompt}/aliases/{SECRET}", version="1")
    client.post(f"{_UC}/prompts/{prompt}/versions", prompt_version={"template": f'"{SECRET} two"'})
    arms = [{"version": 1, "weight": 1}, {"version": 2, "weight": 1}]
    client.call(
        "PUT", "/api/2.0/lakeward/registry/prompts/split", json={"name": prompt, "alias": "split", "arms": arms}
    )
    return model, prompt


@pytest.fixture(scope="module")
def standing(server: Server, everybody: Callers) -> World:
    """Whoever may not, changes nothing: so one world is enough for all of them."""
    made = make_world(server.local)
    for who in GIVEN:
        give(server, made, who)
    return made


@pytest.fixture(scope="module")
def own(server: Server, everybody: Callers) -> World:
    """The world of a member who made it himself; levels were given to others."""
    made = make_world(everybody.maker, server.local)
    for who in GIVEN:
        give(server, made, who)
    return made


@pytest.fixture(scope="module")
def kept(server: Server, standing: World, own: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """Both worlds as they were made: whoever may, changes them, and the next one finds them as before."""
    with Snapshot(server, tmp_path_factory.mktemp("kept")) as taken:
        yield taken


def send(caller: Caller, route: Route, fields: Request, **headers: str):
    path = route.path
    fields = dict(fields)
    for name in list(fields):
        for mark in (f"{{{name}}}", f"{{{name}...}}"):
            if mark in path:
                path = path.replace(mark, str(fields.pop(name)))
    headers = {name.replace("_", "-"): value for name, value in headers.items()} | fields.pop("headers", {})
    if route.raw_body:
        content = fields.pop("content", b"taken")
        return caller.request(route.method, path, params=fields, content=content, headers=headers)
    if route.method in ("GET", "HEAD", "DELETE"):
        return caller.request(route.method, path, params=fields, headers=headers)
    return caller.request(route.method, path, json=fields, headers=headers)


STRANGERS = (
    ("member", {}),
    ("member", {"x_databricks_org_id": "1"}),
    ("nobody", {}),
    ("nobody", {"x_mlflow_workspace": "default"}),
    ("memberless", {}),
    ("stranger", {}),
    ("stranger", {"x_mlflow_workspace": "default"}),
    ("stranger", {"x_databricks_org_id": "1"}),  # everybody's default, so it means the stranger's own
)


def refused_as(who: str, route: Route, key: tuple[str, str], headers: dict[str, str]) -> set[int]:
    if who == "nobody":
        return {401}
    if who == "member" and route.allow is not SIGNED_IN:
        return {403} if key in BY_ID or route.allow is ADMIN else {200, 403}
    if "x_mlflow_workspace" in headers:
        return {403}
    if route.allow is SIGNED_IN:
        return {200} if who == "member" or key not in BY_ID else {404}
    if who == "stranger" and route.allow is not ADMIN:
        return {404} if key in BY_ID else {200, 404}
    return {403}


@pytest.mark.parametrize("key", sorted(TABLE), ids=lambda key: f"{key[0]} {key[1]}")
def test_who_may_not(everybody: Callers, standing: World, kept: Snapshot, key):
    route, fields = ROUTES[key], TABLE[key](standing)
    before = kept.state()
    for who, headers in STRANGERS:
        response = send(getattr(everybody, who), route, fields, **headers)
        assert response.status_code in refused_as(who, route, key, headers), (who, response.text)
        echoed = response.text  # without what the caller said itself
        for said in (FILE, standing.catalog, standing.prompt, standing.name, standing.scope):
            echoed = echoed.replace(said, "")
        assert SECRET not in echoed, (who, response.text)
        assert "signed" not in response.text
    for who, held in (("reader", Role.READ), ("editor", Role.EDIT), ("manager", Role.MANAGE)):
        wanted = route.allow.role
        if route.allow is ADMIN or (wanted is not None and held < wanted):
            response = send(getattr(everybody, who), route, fields)
            assert response.status_code == 403, (who, response.text)
            told = {} if route.method == "HEAD" else response.json()
            assert told.get("error_code", "PERMISSION_DENIED") == "PERMISSION_DENIED"  # SCIM has no such code
    if route.allow.objects:
        for who in itertools.takewhile(lambda each: each != needed(key), GIVEN):
            response = send(getattr(everybody, who), route, fields)
            assert response.status_code == 403, (who, response.text)
    assert send(everybody.deactivated, route, fields).status_code == 401
    assert kept.state() == before


@pytest.mark.parametrize("key", sorted(TABLE), ids=lambda key: f"{key[0]} {key[1]}")
def test_who_may(everybody: Callers, own: World, kept: Snapshot, key):
    """The lowest role that a rule names is enough; so is the lowest level on the object, and having made it.

    And so the refusals above were because of who asked.
    """
    route = ROUTES[key]
    role = {None: "reader", Role.USE: "member", Role.READ: "reader", Role.EDIT: "editor", Role.MANAGE: "manager"}
    callers = ["admin"] if route.allow is ADMIN else [role[route.allow.role]]
    if route.allow.objects:
        callers += [needed(key), "maker"]
    for who in callers:
        response = send(getattr(everybody, who), route, TABLE[key](own))
        if route.method not in ("GET", "HEAD"):
            kept.restore()
        assert response.status_code not in (401, 403, 404, 405), (who, response.text)
        assert response.status_code < 500, (who, response.text)
        if route.method == "GET" and key in BY_ID:
            assert response.status_code == 200, (who, response.text)


def test_runs_of_strangers_are_not_reached_by_mixing_ids(
    server: Server, everybody: Callers, standing: World, kept: Snapshot
):
    """An own experiment or run does not lend its rights to a foreign one in the same request."""
    stranger = everybody.stranger
    experiment = stranger.experiment()
    run = stranger.run(experiment)
    _, before = kept.state()
    assert stranger.refused("POST", "runs/create", {"experiment_id": standing.experiment}).status == 404
    found = stranger.post("runs/search", experiment_ids=[experiment, standing.experiment], run_view_type="ALL")["runs"]
    assert [each["info"]["run_id"] for each in found] == [run]
    both = {"run_ids": [run, standing.run], "metric_key": SECRET}
    assert stranger.refused("GET", "metrics/get-history-bulk-interval", both).status == 404
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{standing.run}/artifacts/{FILE}"
    assert stranger.refused("GET", path).status == 404
    path = f"/api/2.0/mlflow-artifacts/artifacts/{standing.experiment}/{run}/artifacts/{FILE}"
    assert stranger.refused("GET", path).status == 404
    body = {"experiment_id": experiment, "source_run_id": standing.run, "name": "m"}
    response = stranger.request("POST", "logged-models", json=body)
    assert SECRET not in response.text
    stranger.post("runs/outputs", run_id=run, models=[{"model_id": standing.model}])
    assert SECRET not in str(stranger.get("runs/get", run_id=run))
    metric = {"run_id": run, "key": "m", "value": 1, "timestamp": 1, "model_id": standing.model}
    response = stranger.request("POST", "runs/log-metric", json=metric)
    assert response.status_code < 500
    model = server.local.get(f"logged-models/{standing.model}")["model"]
    assert not model["data"].get("metrics")
    _, files = kept.state()
    assert files == before


def test_page_tokens_grant_nothing(server: Server, everybody: Callers, client: Caller):
    """A token made in one workspace opens nothing in another."""
    experiment = client.experiment()
    for _ in range(3):
        client.run(experiment)
    tokens = [
        client.post("runs/search", experiment_ids=[experiment], max_results=1)["next_page_token"],
        client.get("experiments/search", max_results=1)["next_page_token"],
    ]
    for path, body in (("runs/search", {"experiment_ids": [experiment]}), ("experiments/search", {})):
        for token in tokens:
            response = everybody.stranger.request("POST", path, json=body | {"max_results": 1, "page_token": token})
            assert response.status_code == 400 or not response.json().get("runs", response.json().get("experiments")), (
                response.text
            )
