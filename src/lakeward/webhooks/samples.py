"""What a test call sends: an event of each kind as it might be."""

from typing import Any, Final

_MODEL: Final = {"name": "example_model"}
_VERSION: Final = {"name": "example_model", "version": "1"}
_PROMPT: Final = {"name": "example_prompt"}
_PROMPT_VERSION: Final = {"name": "example_prompt", "version": "1"}
_MOVED: Final = {"from_stage": "None"}
_ASKED: Final = _MOVED | {"user_id": "example", "comment": "An example"}
_TAG: Final = {"key": "example_key"}
_VALUE: Final = {"key": "example_key", "value": "example_value"}
_ALIAS: Final = {"alias": "example_alias"}
_SAID: Final = {"tags": {"example_key": "example_value"}, "description": "An example"}
_RUN: Final = {
    "run_id": "abcd1234abcd5678", "run_name": "example", "experiment_id": "0", "user_id": "example",
    "start_time": 1_700_000_000_000, "end_time": 1_700_000_060_000,
}  # fmt: skip
_ASSESSMENT: Final = {
    "trace_id": "tr-example", "experiment_id": "0", "assessment_id": "a-example", "kind": "feedback",
    "name": "correct", "span_id": None, "source_type": "HUMAN", "source_id": "example", "value": True,
    "rationale": None,
}  # fmt: skip

SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "registered_model.created": _MODEL | _SAID,
    "registered_model.deleted": _MODEL,
    "registered_model_tag.set": _MODEL | _VALUE,
    "registered_model_tag.deleted": _MODEL | _TAG,
    "model_version.created": _VERSION | _SAID | {"source": "models:/m-example", "run_id": "abcd1234abcd5678"},
    "model_version.ready": _VERSION,
    "model_version.stage_set": _VERSION | _MOVED | {"to_stage": "Production"},
    "model_version.to_staging": _VERSION | _MOVED | {"to_stage": "Staging"},
    "model_version.to_production": _VERSION | _MOVED | {"to_stage": "Production"},
    "model_version.to_archived": _VERSION | _MOVED | {"to_stage": "Archived"},
    "model_version.deleted": _VERSION,
    "model_version_comment.created": _VERSION | {"user_id": "example", "comment": "An example"},
    "model_version_request.created": _VERSION | _ASKED | {"to_stage": "Production"},
    "model_version_request.to_staging": _VERSION | _ASKED | {"to_stage": "Staging"},
    "model_version_request.to_production": _VERSION | _ASKED | {"to_stage": "Production"},
    "model_version_request.to_archived": _VERSION | _ASKED | {"to_stage": "Archived"},
    "model_version_tag.set": _VERSION | _VALUE,
    "model_version_tag.deleted": _VERSION | _TAG,
    "model_version_alias.created": _VERSION | _ALIAS,
    "model_version_alias.deleted": _MODEL | _ALIAS,
    "prompt.created": _PROMPT | _SAID,
    "prompt.deleted": _PROMPT,
    "prompt_version.created": _PROMPT_VERSION | _SAID | {"template": "Hello {{name}}!"},
    "prompt_version.deleted": _PROMPT_VERSION,
    "prompt_tag.set": _PROMPT | _VALUE,
    "prompt_tag.deleted": _PROMPT | _TAG,
    "prompt_version_tag.set": _PROMPT_VERSION | _VALUE,
    "prompt_version_tag.deleted": _PROMPT_VERSION | _TAG,
    "prompt_alias.created": _PROMPT_VERSION | _ALIAS,
    "prompt_alias.deleted": _PROMPT | _ALIAS,
    "budget_policy.exceeded": {
        "budget_policy_id": "bp-example", "budget_unit": "USD", "budget_amount": 100.0, "current_spend": 105.5,
        "duration_unit": "MONTHS", "duration_value": 1, "target_scope": "WORKSPACE", "workspace": "default",
        "target_value": None, "window_start": 1_700_000_000_000,
    },
    "run.finished": _RUN | {"status": "FINISHED"},
    "run.failed": _RUN | {"status": "FAILED"},
    "run.killed": _RUN | {"status": "KILLED"},
    "assessment.created": _ASSESSMENT,
    "assessment.updated": _ASSESSMENT,
}  # fmt: skip
