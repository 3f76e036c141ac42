"""The one table of names: which calls are recorded, under which service and action, and which of their fields.

Services and actions have the platform's names where it has one. A route that is not named here is recorded under its
tag and the name of its handler, so a new one cannot be forgotten. Fields are taken by an allow-list of ids and names:
what is not in it, values of secrets and params before all, is never recorded.

Reads are not recorded, but for those that hand out what opens something. Calls of the data plane, which log what runs
and applications produce, are recorded per principal, address and object and minute, with their number
(docs/decisions/0006-audit.md).
"""

import re
from typing import Final, NamedTuple

import msgspec

from lakeward.runtime.http import READ, SIGNED_URL, Route

_SERVICES: Final = {
    "access control": "accounts",
    "artifacts": "mlflowArtifacts",
    "audit": "accounts",
    "experiments": "mlflowExperiment",
    "files": "filesystem",
    "logged-models": "mlflowLoggedModel",
    "model versions": "modelRegistry",
    "oauth": "accounts",
    "permissions": "accounts",
    "platform": "accounts",
    "registered models": "modelRegistry",
    "registry webhooks": "modelRegistry",
    "runs": "mlflowRun",
    "scim": "accounts",
    "secrets": "secrets",
    "server": "lakeward",
    "single sign-on": "accounts",
    "signed URLs": "mlflowArtifacts",
    "token management": "accounts",
    "tokens": "accounts",
    "traces": "mlflowTrace",
    "trash": "lakeward",
    "unity catalog": "unityCatalog",
    "unity catalog grants": "unityCatalog",
    "unity catalog models": "unityCatalog",
    "unity catalog prompts": "unityCatalog",
    "webhooks": "modelRegistry",
    "workspace assignments": "accounts",
    "workspaces": "accounts",
}

# handler → action, where the platform's name is another than the handler's
_ACTIONS: Final = {
    "create_experiment": "createMlflowExperiment",
    "delete_experiment": "deleteMlflowExperiment",
    "restore_experiment": "restoreMlflowExperiment",
    "update_experiment": "renameMlflowExperiment",
    "create_token": "generateDbToken",
    "finish_single_sign_on": "login",
    "create_token_on_behalf_of": "generateDbToken",
    "delete_own_token": "revokeDbToken",
    "delete_token": "revokeDbToken",
    "update_grants": "updatePermissions",
    "create_uc_model": "createRegisteredModel",
    "create_native_model": "createRegisteredModel",
    "update_uc_model": "updateRegisteredModel",
    "update_native_model": "updateRegisteredModel",
    "delete_uc_model": "deleteRegisteredModel",
    "delete_native_model": "deleteRegisteredModel",
    "create_uc_version": "createModelVersion",
    "create_native_version": "createModelVersion",
    "update_uc_version": "updateModelVersion",
    "update_native_version": "updateModelVersion",
    "delete_uc_version": "deleteModelVersion",
    "delete_native_version": "deleteModelVersion",
    "finalize_uc_version": "finalizeModelVersion",
    "finalize_native_version": "finalizeModelVersion",
    "generate_temporary_credentials": "generateTemporaryModelVersionCredential",
    "temporary_credentials": "generateTemporaryModelVersionCredential",
    "set_uc_alias": "setRegisteredModelAlias",
    "set_native_alias": "setRegisteredModelAlias",
    "delete_uc_alias": "deleteRegisteredModelAlias",
    "delete_native_alias": "deleteRegisteredModelAlias",
    "create_webhook": "createRegistryWebhook",
    "create_own_webhook": "createRegistryWebhook",
    "update_webhook": "updateRegistryWebhook",
    "update_own_webhook": "updateRegistryWebhook",
    "delete_webhook": "deleteRegistryWebhook",
    "delete_own_webhook": "deleteRegistryWebhook",
    "test_webhook": "testRegistryWebhook",
    "test_own_webhook": "testRegistryWebhook",
}

# Reads that hand out what opens something, and reading this log.
_SENSITIVE_READS: Final = frozenset(
    {
        "authorize",
        "finish_single_sign_on",
        "get_secret",
        "generate_temporary_credentials",
        "temporary_credentials",
        "list_audit_events",
    }
)
_QUESTIONS: Final = frozenset({"explain_access"})  # under a rule for changes

# The data plane: (tag, handlers). A run's creation, values and end are one action: so a run is one record a minute.
_DATA_PLANE: Final[dict[str, frozenset[str]]] = {
    "runs": frozenset(
        {"create_run", "update_run", "log_metric", "log_param", "set_tag", "log_batch", "log_inputs", "log_outputs",
         "log_model"}
    ),
    "logged-models": frozenset({"log_logged_model_params"}),
    "traces": frozenset({"start_trace", "start_trace_v2", "end_trace_v2", "export_traces"}),
    "artifacts": frozenset(
        {"upload_artifact", "create_multipart_upload", "complete_multipart_upload", "create_presigned_upload_url",
         "credentials_for_write", "credentials_for_model_upload"}
    ),
    "files": frozenset({"upload", "upload_in_parts", "create_upload_url", "create_upload_part_urls"}),
    "signed URLs": frozenset({"put_signed"}),
    "audit": frozenset({"list_audit_events"}),
    "oauth": frozenset({"token"}),  # clients of the platform ask for one before nearly every call
}  # fmt: skip
_DATA_ACTIONS: Final = {
    "runs": "writeRun",
    "logged-models": "writeLoggedModel",
    "traces": "writeTraces",
    "artifacts": "uploadArtifacts",
    "files": "filesPut",
    "signed URLs": "uploadArtifacts",
    "audit": "readAuditLog",
    "oauth": "tokenLogin",
}

# Ids and names: what a call is about. Never what it says about it.
FIELDS: Final = frozenset(
    """
    alias application_id artifact_file_path artifact_path assessment_id catalog_name delivery_id directory_path
    experiment_id experiment_ids experiment_name file_path full_name group_id group_name id key mode model_id model_ids
    model_name name new_name object_id object_type path permission principal principal_id request_id role run_id run_ids
    run_uuid schema_name scope securable_name securable_type service_principal_id stage status tag_key token_id trace_id
    trace_ids user_id user_name version webhook_id workspace_id workspace_name
    """.split()
)
# Whom something was given, and what: principals and levels.
_MORE_FIELDS: Final = {
    "update_grants": ("changes",),
    "set_permissions": ("access_control_list",),
    "update_permissions": ("access_control_list",),
    "set_token_permissions": ("access_control_list",),
    "update_token_permissions": ("access_control_list",),
    "set_password_permissions": ("access_control_list",),
    "update_password_permissions": ("access_control_list",),
    "create_token": ("scopes",),
    "create_token_on_behalf_of": ("scopes",),
    "update_rule_set": ("rule_set",),
    "update_workspace_assignment": ("permissions",),
    "update_own_assignment": ("permissions",),
}
# What a gathered call is about: the first of these that it names. Of a path the run or model, not the file.
_OBJECTS: Final = ("run_id", "run_uuid", "model_id", "experiment_id", "path", "artifact_path", "file_path")
_HOME = re.compile(r"(.*?/artifacts)(?:/.*)?", re.DOTALL)


class Naming(NamedTuple):
    """How calls of a route are recorded. `gathered`: with their number, not one by one."""

    service: str
    action: str
    call: str  # the route's own name, which tells the calls of one action apart
    gathered: bool
    fields: tuple[str, ...]  # what a record says the call was about
    objects: tuple[str, ...] = ()  # what tells gathered calls apart: the first of these that is given


def naming(route: Route) -> Naming:
    handler = route.handler.__name__
    gathered = handler in _DATA_PLANE.get(route.tag, ())
    plain = _ACTIONS.get(handler) or _camel(handler)
    action = _DATA_ACTIONS[route.tag] if gathered else plain
    known = [] if route.request is None else [each.name for each in msgspec.structs.fields(route.request)]
    fields = tuple(name for name in known if name in FIELDS or name in _MORE_FIELDS.get(handler, ()))
    # a signed URL is a right, and nothing of it is recorded
    objects = () if route.allow is SIGNED_URL else tuple(name for name in _OBJECTS if name in known)
    return Naming(
        _SERVICES.get(route.tag, _camel(re.sub(r"\W+", "_", route.tag))), action, plain, gathered, fields, objects
    )


def recorded(route: Route) -> bool:
    """Whether calls of this route are recorded when they succeed; denied ones always are."""
    if route.handler.__name__ in _SENSITIVE_READS:
        return True
    changes = route.method not in ("GET", "HEAD") and route.allow.name != READ.name
    return changes and route.handler.__name__ not in _QUESTIONS


def home_of(path: str) -> str:
    """The run or model whose file this is; the path itself if it is none."""
    found = _HOME.fullmatch(path)
    return found[1] if found else path


def _camel(name: str) -> str:
    head, *rest = name.strip("_").split("_")
    return head + "".join(word.capitalize() for word in rest)
