"""What must hold before any test runs. Every check runs, each answer is shown, the exit code is 1 if one fails."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "lint": [f"{BIN}/ruff", "check", "--no-cache", "--quiet", "."],
    "format": [f"{BIN}/ruff", "format", "--check", "--quiet", "."],
    "types": [f"{BIN}/mypy", "--no-error-summary"],
    "import order": [f"{BIN}/lint-imports"],
    "generated pages": [sys.executable, "scripts/generated.py", "--check"],
    "web": ["scripts/web", "check"],
    "links": [sys.executable, "scripts/dead_links.py"],
}


def main() -> int:
    failed = []
    for name, command in CHECKS.items():
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        print(f"{'✓' if done.returncode == 0 else '✗'} {name} ({time.monotonic() - began:.1f} s)", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print(done.stdout, flush=True)
    if failed:
        print(f"not right: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
