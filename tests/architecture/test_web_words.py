"""Words that the web interface knows by heart are those of the server."""

import re
from pathlib import Path

import pytest

import lakeward.app  # every package adds its kinds when it is imported
from lakeward.access import kinds
from lakeward.webhooks.records import EVENTS

WEB = Path(__file__).parents[2] / "web" / "src"
assert lakeward.app


def block(source: str, begin: str, end: str) -> str:
    return source.split(begin, 1)[1].split(end, 1)[0]


def listed(source: str, begin: str) -> dict[str, set[str]]:
    """`  table: ["SELECT", …],` of each line; SCHEMA stands for the list of that name."""
    schema = set(re.findall(r'"(\w+)"', block(source, "const SCHEMA = [", "];")))
    found = {}
    for kind, words in re.findall(r"^  (\w+): (.+),$", block(source, begin, "\n};"), re.MULTILINE):
        found[kind] = set(re.findall(r'"(\w+)"', words)) | (schema if re.search(r"\bSCHEMA\b", words) else set())
    return found


@pytest.mark.parametrize("kind", ["catalog", "schema", "table", "volume", "function"])
def test_privileges(kind: str) -> None:
    source = (WEB / "shared" / "access" / "privileges.ts").read_text("utf-8")
    securable = kinds.securable(kind)
    assert listed(source, "export const PRIVILEGES")[kind] == set(securable.privileges)
    rights = listed(source, "export const RIGHTS")[kind]
    assert rights - {*securable.way.kind.rights, *securable.way.kind.words} == set()
    assert len(rights) > 3
    explained = set(re.findall(r"^  (\w+): \"", block(source, "const MEANING", "\n};"), re.MULTILINE))
    assert set(securable.privileges) - explained == set()


def test_events() -> None:
    source = (WEB / "api" / "webhooks.ts").read_text("utf-8")
    known = re.findall(r'"(\w+\.\w+)"', block(source, "export const EVENTS", "\n};"))
    assert len(set(known)) == len(known)
    assert set(known) == set(EVENTS) - {"budget_policy.exceeded"}  # which does not happen yet
