"""Every example of the README and of these pages runs as it stands there, on a real server."""

import pytest

from .pages import ROOT, home_directory, run, script_of, server

PAGES = {
    "README.md": "params.C",
    "docs/getting-started.md": "run_id",
    "docs/registry.md": "Say hello to Ada in Italian.",
    "docs/identity.md": "signed in as a machine",
    "docs/catalog.md": "a red ball",
    "docs/access.md": "bob reads main.default.forecast of ann",
    "docs/audit.md": "Nothing was changed",
    "docs/secrets.md": "data key wrapped under the master key",
    "docs/prompts.md": "two arms of support",
    "docs/webhooks.md": "True True model_version_alias created flowers",
}
FLAGS = {"docs/webhooks.md": ("--outbound-hosts", "127.0.0.1")}


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run(page: str) -> None:
    with home_directory() as home, server(home, *FLAGS.get(page, ())) as port:
        output = run(script_of(ROOT / page, port=port), home)
    assert PAGES[page] in output


def test_the_readme_has_both_ways_to_switch() -> None:
    script = script_of(ROOT / "README.md", port=5000)
    assert "MLFLOW_TRACKING_URI=http://localhost:5000" in script
    assert "MLFLOW_TRACKING_URI=databricks" in script
