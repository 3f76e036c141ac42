"""What the local model says: it calls the tools it is offered once, then answers, always the same.

A tool's arguments, and answers that must fit a schema, are made from the schema.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

ANSWER = "It is sunny in Paris."
TOKENS = {"input": 11, "output": 7, "total": 18}
VECTOR = [0.25, -0.5, 0.75, 1.0]
_FIELD = re.compile(r"\[\[ ## (\w+) ## \]\]")


@dataclass
class Asked:
    """A request, whatever it was written in."""

    texts: list[str] = field(default_factory=list)
    tools: dict[str, Any] = field(default_factory=dict)  # name → JSON schema of its arguments
    results: int = 0  # of tools, that came with it
    schema: dict[str, Any] | None = None  # that the answer must fit


@dataclass
class Said:
    """An answer in words, or the call of a tool."""

    text: str = ""
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)


def say(asked: Asked) -> Said:
    asked.results += sum(text.startswith("Observation:") for text in asked.texts)  # smolagents' way to give results
    final = next((name for name in asked.tools if "final" in name.lower()), None)
    if final and (asked.results or len(asked.tools) == 1):
        arguments = sample(asked.tools[final])
        return Said(tool=final, arguments=arguments | {"answer": ANSWER} if "answer" in arguments else arguments)
    if asked.tools and not asked.results:
        name = next((name for name in asked.tools if name != final), final)
        return Said(tool=str(name), arguments=sample(asked.tools[name]))
    if asked.schema is not None:
        return Said(json.dumps(sample(asked.schema)))
    told = "\n".join(asked.texts)
    if "[[ ## " in told:  # dspy's way to ask for fields
        wanted = _FIELD.findall(told.rpartition("Respond with the corresponding output fields")[2])
        return Said("\n\n".join(f"[[ ## {name} ## ]]\n{ANSWER if name != 'completed' else ''}" for name in wanted))
    return Said(ANSWER)


def sample(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """A value that fits a JSON schema."""
    root = root or schema
    if "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return sample(found, root)
    for several in ("anyOf", "oneOf", "allOf"):
        if schema.get(several):
            return sample(schema[several][0], root)
    if fixed := [schema["const"]] if "const" in schema else schema.get("enum"):
        return fixed[0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = (kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        given = schema.get("properties") or {}
        wanted = schema.get("required") or list(given)
        return {name: sample(each, root) for name, each in given.items() if name in wanted}
    if kind == "array":
        return [sample(schema.get("items") or {}, root)]
    return {"integer": 7, "number": 1.5, "boolean": True, "null": None}.get(kind, "Paris")
