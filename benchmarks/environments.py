"""The virtual environments of the reference server, made once from locked requirement files.

`LAKEWARD_BENCH_MLFLOW` and `LAKEWARD_BENCH_MLFLOW_FAST` name environments that exist already.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def reference(name: str) -> Path:
    """The directory of environment `name` ("bench-mlflow" or "bench-mlflow-fast"), made when it is missing or stale."""
    variable = "LAKEWARD_" + name.upper().replace("-", "_")
    if given := os.environ.get(variable):
        return Path(given)
    where = ROOT / f".venv-{name}"
    locked = ROOT / "requirements" / f"{name}.txt"
    stamp = where / "locked.sha256"
    digest = hashlib.sha256(locked.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return where
    print(f"making {where.name} from requirements/{locked.name} (once) ...", flush=True)
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    quiet_env = {**os.environ, "VIRTUAL_ENV": str(where)}
    subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(where)], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--require-hashes", "-r", str(locked)], check=True, env=quiet_env)
    # Compiled beforehand, as pip does: the first start must not pay for it.
    python = str(where / "bin" / "python")
    subprocess.run([python, "-m", "compileall", "-q", str(where / "lib")], check=False, stdout=subprocess.DEVNULL)
    stamp.write_text(digest)
    return where


def version_of(environment: Path, package: str) -> str:
    """The installed version of a package, or "-"."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run(
        [str(environment / "bin" / "python"), "-c", code], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "-"
