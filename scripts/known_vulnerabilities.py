"""Which known vulnerabilities are in what the server brings: `make audit`.

Asks a public database about every package of requirements/lakeward.txt. Exits with 1 if it knows of one. Where the
database cannot be reached, says that nothing was checked and exits with 0: a build must not depend on it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "lakeward.txt"
SERVICES = ("osv", "pypi")
SECONDS = 90


def asked(tool: Path, service: str) -> list[dict[str, Any]]:
    """What this service says of each package; nothing if it cannot be reached or knows none of them."""
    command = [str(tool), "-r", str(LOCK), "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    try:
        done = subprocess.run(
            [*command, "--vulnerability-service", service, "-f", "json"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        answers = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return []
    return [each for each in answers if "skip_reason" not in each]


def report(answers: list[dict[str, Any]]) -> int:
    """Prints what was found; how many vulnerabilities."""
    found = [(each, one) for each in answers for one in each["vulns"]]
    for package, one in found:
        fixed = ", ".join(one["fix_versions"]) or "no version"
        print(f"✗ {package['name']} {package['version']}: {one['id']}, fixed in {fixed}")
    return len(found)


def main() -> int:
    tool = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".venv-audit" / "bin" / "pip-audit"
    for service in SERVICES:
        if answers := asked(tool, service):
            count = report(answers)
            print(f"{len(answers)} packages checked, {count} known vulnerabilities.")
            return 1 if count else 0
    print("Known vulnerabilities: not checked, as no database of them can be reached from here.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
