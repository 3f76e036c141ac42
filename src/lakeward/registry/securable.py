"""Registered models and prompts as objects of access: by permission levels, and by Unity Catalog's privileges.

Both count, whichever dialect asks. Registering a version from a run, a LoggedModel or another version needs the right
to read that too, or a version would lend its files to who may not have them.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from lakeward import access, catalog, experiments, logged_models, tracking
from lakeward.access import EDIT, MANAGE, READ, Acl, Found, Kind, Level, Way
from lakeward.kit.errors import NotFound
from lakeward.registry import names, sources
from lakeward.registry.records import PRODUCTION

unity = access.unity
BROWSE: Final = unity.BROWSE
TAG: Final = unity.TAG
REVIEW: Final = "REVIEW"  # comment on versions and ask for stages: whoever may read, where anything may be written
VERSION: Final = "CREATE_MODEL_VERSION"  # make a version, fill it, describe it
TO_STAGING: Final = "MANAGE_STAGING_VERSIONS"
TO_PRODUCTION: Final = "MANAGE_PRODUCTION_VERSIONS"

_GRADES: Final = {
    "CAN_READ": "Can view the model and its versions, and load them",
    "CAN_EDIT": "Can also add versions, and change descriptions, tags and aliases",
    "CAN_MANAGE_STAGING_VERSIONS": "Can also move versions between the stages None, Staging and Archived",
    "CAN_MANAGE_PRODUCTION_VERSIONS": "Can also move versions to Production and from there",
    "CAN_MANAGE": "Can also rename and delete the model, and change its permissions",
}
_ONE_NAME: Final = re.compile(r"\s*name\s*=\s*'([^']+)'\s*", re.IGNORECASE)
_LEVELS: Final = (Level("registered_model", "{o}.id::text"), *unity.IN_SCHEMA)


def _grade(least: str) -> tuple[access.Held, ...]:
    return ({"registered_model": access.from_(_GRADES, least)},)


_MANAGED: Final = (unity.managed(_LEVELS), *unity.USE_SCHEMA)


def _privilege(*privileges: str) -> tuple[access.Held, ...]:
    return (unity.held(_LEVELS, *privileges), *unity.USE_SCHEMA)


REGISTERED_MODEL: Final = Kind(
    "registered_model",
    _LEVELS,
    {
        BROWSE: (_grade("CAN_READ"), (unity.held(_LEVELS, BROWSE),), _privilege("EXECUTE")),
        READ: (_grade("CAN_READ"), _privilege("EXECUTE")),
        REVIEW: (_grade("CAN_READ"), _privilege("EXECUTE")),
        TAG: (_grade("CAN_EDIT"), _privilege(TAG)),
        VERSION: (_grade("CAN_EDIT"), _privilege(VERSION)),
        EDIT: (_grade("CAN_EDIT"), _MANAGED),
        TO_STAGING: (_grade("CAN_MANAGE_STAGING_VERSIONS"), _MANAGED),
        TO_PRODUCTION: (_grade("CAN_MANAGE_PRODUCTION_VERSIONS"), _MANAGED),
        MANAGE: (_grade("CAN_MANAGE"), _MANAGED),
    },
    Acl(
        "registered-models",
        "registered-model",
        _GRADES,
        {"READ": "CAN_READ", "EDIT": "CAN_EDIT", "MANAGE": "CAN_MANAGE"},
    ),
    {
        "EXECUTE": READ,
        "CAN_READ": READ,
        "CAN_EDIT": EDIT,
        "CAN_MANAGE_STAGING_VERSIONS": TO_STAGING,
        "CAN_MANAGE_PRODUCTION_VERSIONS": TO_PRODUCTION,
        "CAN_MANAGE": MANAGE,
    },
)

_ROW: Final = "SELECT o.id, o.workspace_id, o.catalog_name, o.schema_name FROM registered_model o"
_ANY_CASE: Final = (
    f'{_ROW} WHERE o.workspace_id = $2 AND lower(o.full_name) = lower(n.name COLLATE "C")'
    ' ORDER BY o.full_name = n.name COLLATE "C" DESC, o.id LIMIT 1'
)


def unknown(name: str) -> NotFound:
    return NotFound(f"Registered Model with name={name} not found")


BY_ID: Final = Way(
    REGISTERED_MODEL,
    "registered model",
    f"{_ROW} WHERE o.id = n.name::bigint AND o.workspace_id = $2",
    lambda name: NotFound(f"No registered model with the id {name} exists."),
    access.number,
    located="SELECT workspace_id, catalog_name FROM registered_model WHERE id = $1::text::bigint",
)
BY_NAME: Final = Way(
    REGISTERED_MODEL,
    "registered model",
    f"{_ROW} WHERE o.full_name = n.name AND o.workspace_id = $2",
    unknown,
    lambda written: names.place(written)[2],
    catalog=unity.catalog_of,
)
BY_FULL_NAME: Final = Way(REGISTERED_MODEL, "registered model", _ANY_CASE, unknown, catalog=unity.catalog_of)
# As our own routes take names: as any client writes them.
BY_ANY_NAME: Final = Way(
    REGISTERED_MODEL,
    "registered model",
    _ANY_CASE,
    unknown,
    lambda written: names.place(written)[2],
    catalog=unity.catalog_of,
)
_BY_PROMPT_NAME: Final = Way(
    REGISTERED_MODEL,
    "prompt",
    _ANY_CASE,
    lambda name: NotFound(f"Prompt with name={name} not found"),
    catalog=unity.catalog_of,
)
# Who may make a version writes its files, and nobody else.
BY_FILES: Final = Way(
    REGISTERED_MODEL, "registered model", _ANY_CASE, unknown, means={EDIT: VERSION}, catalog=unity.catalog_of
)


def unknown_comment(comment_id: str) -> NotFound:
    return NotFound(f"There is no comment with the id {comment_id}.")


_BY_COMMENT: Final = Way(
    REGISTERED_MODEL,
    "comment",
    f"{_ROW} JOIN version_comment c ON c.model_id = o.id WHERE c.id = n.name::bigint AND o.workspace_id = $2",
    unknown_comment,
    access.number,
    located="SELECT o.workspace_id, o.catalog_name FROM registered_model o"
    " JOIN version_comment c ON c.model_id = o.id WHERE c.id = $1::text::bigint",
)
_BY_NEW_NAME: Final = Way(
    unity.SCHEMA,
    "schema",
    unity.BY_SCHEMA.rows,
    # compat(mlflow 3.17): it retries what says SCHEMA_DOES_NOT_EXIST for minutes
    lambda name: NotFound(f"The schema of {name!r} does not exist. Whoever may create it has to do that first."),
    lambda written: names.fold(".".join(names.place(written)[:2])),
    catalog=unity.catalog_of,
)

of_model = access.named(BY_NAME)
of_uc_model = access.named(BY_FULL_NAME)
of_prompt = access.named(_BY_PROMPT_NAME)
of_any = access.named(BY_ANY_NAME)
of_comment = access.named(_BY_COMMENT)
_of_new = access.named(_BY_NEW_NAME)

# compat(databricks-sdk 0.156): to grants a model is a FUNCTION, and so are functions
_BY_FUNCTION: Final = Way(
    REGISTERED_MODEL,
    "registered model",
    f"SELECT m.id::text AS id, m.workspace_id, m.catalog_name, m.schema_name FROM ({_ANY_CASE}) m UNION ALL"
    f" SELECT f.id::text, f.workspace_id, f.catalog_name, f.schema_name FROM ({catalog.BY_FUNCTION.rows}) f LIMIT 1",
    unknown,
    catalog=unity.catalog_of,
)

access.add_object_type(BY_ID)
access.add_securable(
    unity.Securable(
        "FUNCTION",
        ("function", "registered_model", "model"),
        _BY_FUNCTION,
        (unity.ALL, TAG, BROWSE, VERSION, "EXECUTE", MANAGE),
    )
)


def new_model(field: str = "name") -> access.Named:
    """The schema that a model of this name is made in."""
    return _of_new(field).needs(unity.CREATE_MODEL)


def _parts(request: Any, leaf: str) -> str:
    return f"{request.catalog_name}.{request.schema_name}.{getattr(request, leaf)}"


def new_native_model() -> Found:
    return Found(lambda _, request: [(_BY_NEW_NAME, _parts(request, "name"))], "the schema", unity.CREATE_MODEL)


def native_model(right: access.Right) -> Found:
    """The model that a request names by catalog, schema and model."""
    return Found(lambda _, request: [(BY_FULL_NAME, _parts(request, "model_name"))], "registered model", right)


def _new_place(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    """A new name may move a model to another schema."""
    if request.new_name and "." in request.new_name:
        yield _BY_NEW_NAME, request.new_name


NEW_PLACE: Final = Found(_new_place, "its new schema", unity.CREATE_MODEL)


def _origins(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    """All that a new version would show to those who may read the model."""
    if request.run_id:
        yield tracking.BY_RUN, request.run_id
    if request.model_id:
        yield logged_models.BY_LOGGED_MODEL, request.model_id
    source, kept = request.source, experiments.parse_artifact_uri(request.source)
    if kept is not None:
        yield experiments.BY_ID, kept.experiment
    elif (run := sources.run_in(source)) is not None:
        yield tracking.BY_RUN, run
    elif source.startswith("models:"):
        path = sources.model_path(source)
        yield logged_models.BY_LOGGED_MODEL, path
        yield BY_NAME, sources.model_name(path)


ORIGINS: Final = Found(_origins, "READ of what it is made from", READ, lenient=True)


def _linked_prompts(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    for each in request.prompt_versions:
        yield BY_ANY_NAME, each.name


LINKED_PROMPTS: Final = Found(_linked_prompts, "READ of the prompts", READ)


def of_one_model(request: Any) -> str:
    """Where the model is whose versions a search is for, if it is for those of one."""
    said = _ONE_NAME.fullmatch(request.filter or "")
    return names.place(said[1])[0] if said else ""


# ── what a request asks for ──────────────────────────────────────────────────────────────────────────────────────────

_WRITES: Final = ("MODEL_VERSION_OPERATION_READ_WRITE", "READ_WRITE_MODEL_VERSION", "2")  # by name or protobuf number


def writes(request: Any) -> bool:
    """Whether credentials are asked for to write the files of a version."""
    return str(request.operation) in _WRITES


def loading(request: Any) -> str:
    return VERSION if writes(request) else READ


def browsing(request: Any) -> str:
    return BROWSE if request.include_browse else READ


def updating(request: Any) -> str:
    """A new name or owner takes more than a new description."""
    return MANAGE if request.new_name or getattr(request, "owner", "") else EDIT


def stage(request: Any) -> str:
    """The right to move a version to the stage that is asked for."""
    return TO_PRODUCTION if request.stage.lower() == PRODUCTION.lower() else TO_STAGING


def tagging(request: Any) -> str:
    """The right to change tags: some of our own say what an object is, and a prompt's text is one of them."""
    changes = getattr(request, "changes", None)
    keys = [request.key] if changes is None else [*(tag.key for tag in changes.add_tags), *changes.remove]
    return EDIT if any(key.startswith(("mlflow.", "_mlflow")) for key in keys) else TAG
