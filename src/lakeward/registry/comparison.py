"""The difference of two versions of a prompt: its text line by line, everything else field by field."""

import difflib
from typing import Any, Final

import msgspec

from lakeward.kit.errors import NotFound
from lakeward.registry import prompts, unity, versions
from lakeward.registry.records import (
    MODEL_CONFIG_TAG,
    PROMPT_TYPE_TAG,
    RESPONSE_FORMAT_TAG,
    ModelVersion,
)
from lakeward.registry.store import models as models_store
from lakeward.runtime.db import Tx

_MAX_WORK: Final = 4_000_000  # pairs of lines; beyond, all old lines go and all new ones come
_JSON_TAGS: Final = {MODEL_CONFIG_TAG: "model_config", RESPONSE_FORMAT_TAG: "response_format"}


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """None where there is nothing on that side."""

    field: str
    before: str | None = None
    after: str | None = None


class Difference(msgspec.Struct, frozen=True):
    name: str
    before: ModelVersion
    after: ModelVersion
    unified: str
    removed: int
    added: int
    changes: list[Change]


async def of(tx: Tx, workspace: int, name: str, before: str, after: str) -> Difference:
    """`before` and `after` are numbers or aliases."""
    full = await unity.full_name_of(tx, workspace, name)
    written = full and await models_store.find_written(tx, workspace, full)
    if not written or not written[1]:
        raise NotFound(f"Prompt with name={name} not found")
    spelled = written[0]
    old, new = await _version(tx, workspace, spelled, before), await _version(tx, workspace, spelled, after)
    old_lines, new_lines = lines_of(old), lines_of(new)
    unified, removed, added = compared(old_lines, new_lines, f"{spelled}/{old.version}", f"{spelled}/{new.version}")
    old_fields, new_fields = fields_of(old), fields_of(new)
    changes = [
        Change(field, old_fields.get(field), new_fields.get(field))
        for field in sorted(old_fields.keys() | new_fields.keys())
        if old_fields.get(field) != new_fields.get(field)
    ]
    return Difference(spelled, old, new, unified, removed, added, changes)


async def _version(tx: Tx, workspace: int, name: str, which: str) -> ModelVersion:
    if which.isdecimal():
        return await versions.get(tx, workspace, name, which)
    return await versions.get_by_alias(tx, workspace, name, which)


def lines_of(version: ModelVersion) -> list[str]:
    """The template as text: of a chat each message under its role."""
    template, _ = prompts.template_of(version)
    try:
        decoded = msgspec.json.decode(template)
    except msgspec.DecodeError:  # whoever set the tags by hand may have written anything
        return template.splitlines()
    if isinstance(decoded, str):
        return decoded.splitlines()
    lines: list[str] = []
    for message in decoded if isinstance(decoded, list) else [decoded]:
        plain = isinstance(message, dict) and isinstance(message.get("content"), str)
        head = f"[{message.get('role', '')}]" if plain else "[message]"
        body = message["content"] if plain else msgspec.json.format(msgspec.json.encode(message)).decode()
        lines += [head, *body.splitlines(), ""]
    return lines


def compared(old: list[str], new: list[str], old_name: str, new_name: str) -> tuple[str, int, int]:
    """As a unified diff, with the number of lines that went and that came."""
    if len(old) * len(new) > _MAX_WORK and old != new:
        found = [f"--- {old_name}", f"+++ {new_name}", f"@@ -1,{len(old)} +1,{len(new)} @@"]
        found += [*(f"-{line}" for line in old), *(f"+{line}" for line in new)]
        return "\n".join(found), len(old), len(new)
    found = list(difflib.unified_diff(old, new, old_name, new_name, lineterm=""))
    marks = [line[:1] for line in found[2:]]
    return "\n".join(found), marks.count("-"), marks.count("+")


def fields_of(version: ModelVersion) -> dict[str, str]:
    """What a version says beside its template, by the name of the field."""
    _, tags = prompts.template_of(version)
    said = {"commit_message": version.description} if version.description else {}
    for tag in tags:
        if tag.key in _JSON_TAGS:
            said |= _flat(_JSON_TAGS[tag.key], tag.value)
        else:
            said["type" if tag.key == PROMPT_TYPE_TAG else f"tags.{tag.key}"] = tag.value
    return said


def _flat(field: str, text: str) -> dict[str, str]:
    """The entries of a JSON object one by one; anything else as it is."""
    try:
        decoded: Any = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {field: text}
    if not isinstance(decoded, dict):
        return {field: text}
    return {
        f"{field}.{key}": value
        if isinstance(value, str)
        else msgspec.json.encode(value, order="deterministic").decode()
        for key, value in decoded.items()
    }
