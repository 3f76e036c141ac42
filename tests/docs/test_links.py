"""Links of the documentation lead somewhere, and the checker that says so can tell."""

import subprocess
import sys
from pathlib import Path

import pytest

from .pages import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import dead_links


def test_every_link_leads_somewhere() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/dead_links.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[a](there.md)", []),
        ("[a](there.md#a-heading-with-code)", []),
        ("[a](#here)", []),
        ("[a](https://example.org/nowhere)", []),
        ("`[a](nowhere.md)`", []),
        ("```\n[a](nowhere.md)\n```", []),
        ("[a](nowhere.md)", ["nowhere.md: no such file"]),
        ("![a](nowhere.png)", ["nowhere.png: no such file"]),
        ("[a](there.md#elsewhere)", ["there.md#elsewhere: no such heading"]),
        ("[a](#elsewhere)", ["#elsewhere: no such heading"]),
    ],
)
def test_what_counts_as_a_dead_link(tmp_path: Path, link: str, problem: list[str]) -> None:
    (tmp_path / "there.md").write_text("# There\n\n## A heading, with `code`\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Here\n\n{link}\n")
    assert dead_links.broken(page) == problem
