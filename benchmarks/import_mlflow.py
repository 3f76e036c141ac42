"""Moving in from a real MLflow server, killed on the way three times, and both sides read by MLflow's own client.

    python -m benchmarks.import_mlflow --write docs/import-proof.md

MLflow 3.17 starts on a fresh store and is filled by its own client: runs with params, histories, tags, data sets and
files, LoggedModels, registered models, prompts, traces, a part of it in the trash. `lakeward import` then brings it to
a Lakeward that runs. Half-way the import is killed; later the Lakeward with its PostgreSQL; later MLflow's server. In
the end everything is read from both servers by MLflow's client, and the source must be to the byte what it was before.
"""

import argparse
import datetime as dt
import hashlib
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from benchmarks import environments, processes
from benchmarks.forms import FORMS, HOST, Server, environment

FILL = environments.ROOT / "tests" / "features" / "importing" / "fill.py"
READ = Path(__file__).with_name("import_read.py")
PATIENCE = 120  # seconds for which the import waits for a source that is away
KILLED = -signal.SIGKILL
UNREACHABLE = 3


class Broken(Exception):
    """It did not go as promised."""


@dataclass
class Import:
    """One `lakeward import`, from its start to its end."""

    words: list[str]
    title: str
    log: Path
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0  # bytes of memory
    code: int = 0

    def __post_init__(self) -> None:
        with self.log.open("wb") as out, self.log.with_suffix(".err").open("wb") as err:
            self._process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment()
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            if self.over():
                raise Broken(
                    f"{self.title}: it ended with {self.code} before it could be killed. {self.told()[-2000:]}"
                )
            time.sleep(0.2)

    def over(self) -> bool:
        """Whether it has ended; keeps what it cost."""
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if pid:
            self._ended(status, used)
        return bool(pid)

    def end(self) -> "Import":
        _, status, used = os.wait4(self.pid, 0)
        self._ended(status, used)
        return self

    def _ended(self, status: int, used: Any) -> None:
        self.code = self._process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.perf_counter() - self.began
        self.cpu, self.peak = used.ru_utime + used.ru_stime, used.ru_maxrss * processes.KIB

    def told(self) -> str:
        return self.log.read_text() + self.log.with_suffix(".err").read_text()

    def report(self) -> Any:
        """What it says after an end at which both sides were alike."""
        if self.code:
            raise Broken(f"{self.title}: exit code {self.code}. {self.told()[-6000:]}")
        said = json.loads(self.log.read_text())
        if not said["identical"] or said["problems"]:
            raise Broken(f"{self.title}: not alike. {self.told()[-6000:]}")
        return said


class Move:
    """Both servers, and the imports between them."""

    def __init__(self, work: Path, form: str, port: int, filled: Path | None) -> None:
        by_key = {each.key: each for each in FORMS}
        self.work = work
        self.there = Server(by_key[form], filled or work / "there", port, kept=filled is not None)
        self.here = Server(by_key["lakeward"], work / "here", port + 1)
        self.imports: list[Import] = []
        self.python = self.there.form.environment() / "bin" / "python"

    def bring(self, title: str) -> Import:
        command = [sys.executable, "-m", "lakeward", "import", "--from", url(self.there), "--json"]
        command += ["--data", str(self.here.directory / "data"), "--patience", str(PATIENCE)]
        self.imports.append(Import(command, title, self.work / f"import-{len(self.imports)}.json"))
        return self.imports[-1]

    def client(self, *words: str) -> str:
        """Run a script in the environment of MLflow's client."""
        done = subprocess.run(
            [str(self.python), *words],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.work,
        )
        if done.returncode:
            raise Broken(done.stderr[-4000:])
        return done.stdout

    def close(self) -> None:
        self.there.stop()
        self.here.stop()


def url(server: Server) -> str:
    return f"http://{HOST}:{server.port}"


def count(server: Server, what: str, kind: str, **query: Any) -> int:
    """How many there are so far, by the API; 0 while it does not answer."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=30)
    found, token = 0, ""
    try:
        while True:
            body = json.dumps(query | ({"page_token": token} if token else {}))
            connection.request("POST", f"/api/2.0/mlflow/{what}", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
            found += len(answer.get(kind, []))
            if not (token := answer.get("next_page_token", "")):
                return found
    except (OSError, http.client.HTTPException, ValueError):
        return found
    finally:
        connection.close()


def runs(server: Server) -> int:
    every = [str(number) for number in range(6)]  # the experiments keep their ids
    return count(server, "runs/search", "runs", experiment_ids=every, run_view_type="ALL", max_results=1_000)


def killed(server: Server) -> None:
    """kill -9 of a server with all that is below it; the PostgreSQL that MLflow was given stands beside it."""
    for pid in [server.pid, *processes.tree(server.pid)]:
        processes.send(pid, signal.SIGKILL)


async def tables(database: str) -> list[str]:
    """A line for each table: its name, its rows, and a checksum over them in whatever order they lie."""
    connection = await asyncpg.connect(database.replace("+psycopg2", ""))
    names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
    summed = "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} t"
    try:
        return [
            f"{name} {tuple(await connection.fetchrow(summed.format(name)))}"
            for (name,) in await connection.fetch(names)
        ]
    finally:
        await connection.close()


def fingerprint(server: Server) -> str:
    """Of every row and every file of MLflow's server, with the times at which the files were written."""
    told = hashlib.sha256()
    if server.database_url is None:
        with closing(sqlite3.connect(f"file:{server.directory}/mlflow.db?mode=ro", uri=True)) as connection:
            for line in connection.iterdump():
                told.update(line.encode("utf-8", "replace"))
    else:
        told.update("\n".join(uvloop.run(tables(server.database_url))).encode())
    for path in sorted((server.directory / "mlartifacts").rglob("*")):
        if path.is_file():
            held = path.stat()
            told.update(f"{path} {held.st_mtime_ns} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return told.hexdigest()


def brought(move: Move, wanted: int) -> list[Any]:
    """Four imports, of which three are disturbed. The reports of the last two."""
    first = move.bring("killed half-way")
    first.until(lambda: runs(move.here) >= wanted // 2)
    os.kill(first.pid, signal.SIGKILL)
    if first.end().code != KILLED:
        raise Broken(f"the first import ended with {first.code}")
    say(f"the import was killed after {runs(move.here):,} runs")

    second = move.bring("its Lakeward and PostgreSQL killed")
    second.until(lambda: runs(move.here) >= wanted * 3 // 4)
    killed(move.here)
    if second.end().code != UNREACHABLE:
        raise Broken(f"without a database the import ended with {second.code}: {second.told()[-2000:]}")
    move.here.start()
    say(f"Lakeward was killed after {runs(move.here):,} runs, and started again")

    third = move.bring("MLflow's server killed meanwhile")
    third.until(lambda: count(move.here, "logged-models/search", "models", experiment_ids=["1"]) > 0)
    killed(move.there)
    say("MLflow's server was killed")
    time.sleep(5)
    move.there.start()
    reports = [third.end().report()]
    reports.append(move.bring("with nothing new").end().report())
    if reports[1]["brought"]:
        raise Broken(f"the last import brought {reports[1]['brought']}")
    return reports


def different(there: dict[str, Any], here: dict[str, Any]) -> dict[str, list[str]]:
    """What the two files of the client do not say alike, by kind."""
    return {
        kind: [name for name in {**there[kind], **here[kind]} if there[kind].get(name) != here[kind].get(name)]
        for kind in there
    }


def read(move: Move) -> tuple[dict[str, Any], dict[str, Any]]:
    """Everything on both sides, by MLflow's client, side by side."""
    files = [move.work / "there.json", move.work / "here.json"]
    started = [
        subprocess.Popen(
            [str(move.python), str(READ), url(server), str(file), *(["--restore"] if server is move.here else [])],
            env=environment(),
            stderr=subprocess.PIPE,
        )
        for server, file in zip((move.there, move.here), files, strict=True)
    ]
    for each in started:
        _, said = each.communicate()
        if each.returncode:
            raise Broken(said.decode()[-4000:])
    there, here = (json.loads(file.read_text()) for file in files)
    return there, here


_began = time.monotonic()


def say(what: str) -> None:
    print(f"{time.monotonic() - _began:7.1f} s  {what}", flush=True)


def page(move: Move, options: argparse.Namespace, reports: list[Any], sides: tuple[Any, Any], minutes: float) -> str:
    there, here = sides
    wrong = different(there, here)
    compared = "\n".join(
        f"| {kind} | {each['there']:,} | {each['here']:,} | `{each['here_checksum'][:12]}` | {each['different']} |"
        for kind, each in reports[0]["compared"].items()
    )
    seen = "\n".join(f"| {kind} | {len(there[kind]):,} | {len(here[kind]):,} | {len(wrong[kind])} |" for kind in there)
    done = "\n".join(
        f"| {each.title} | {each.code if each.code >= 0 else 'kill -9'} | {each.seconds:.0f} s | {each.cpu:.0f} s | "
        f"{each.peak / 1e6:.0f} MB |"
        for each in move.imports
    )
    now = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}"
    rate = reports[0]["compared"]["runs"]["here"] / sum(each.seconds for each in move.imports[:-1])
    return f"""# An import, killed three times

Written by `python -m benchmarks.import_mlflow` on {now} UTC, in {minutes:.0f} minutes. Both servers, the import and the
clients shared {os.cpu_count()} cores. {move.there.form.title} ({reports[0]["version"]}), was filled by its own client:
{options.runs:,} runs with params, histories, tags, data sets and files, LoggedModels, registered models, prompts and
traces, a part of it in the trash. See [Moving from MLflow](import.md).

The same command was given four times: `lakeward import --from {url(move.there)}`, to a Lakeward that ran.

| import | exit code | took | CPU | memory at most |
| --- | --- | --- | --- | --- |
{done}

From the first start to the end of the comparison that is {rate:.0f} runs a second; the old server's answers take most
of that time.

## What the import compared

Everything is read again from both sides, after it came over.

| | there | here | checksum of both | different |
| --- | --- | --- | --- | --- |
{compared}

## What MLflow's client read

Apart from the import, MLflow's own client read all of both servers: each run with every point of its histories and the
SHA-256 of every file, each LoggedModel and version with its files, aliases, templates, spans and assessments. Models of
an experiment in the trash, which MLflow lists all the same, were read here when it had been restored.

| | there | here | different |
| --- | --- | --- | --- |
{seen}

The rows and files of MLflow's server had one and the same fingerprint before the first import and after the last.
"""


def proof(move: Move, options: argparse.Namespace) -> str:
    began = time.monotonic()
    move.there.start()
    if options.filled is None:
        share = max(1, options.runs // 20)
        counts = {"runs": options.runs, "logged-models": share, "models": share // 2 + 1}
        counts |= {"prompts": share, "traces": share}
        words = [word for name, number in counts.items() for word in (f"--{name}", str(number))]
        move.client(str(FILL), url(move.there), *words)
    say(f"{move.there.form.title} is filled with {runs(move.there):,} runs")
    before = fingerprint(move.there)
    move.here.start()
    reports = brought(move, options.runs)
    say("both sides are alike, says the import")
    sides = read(move)
    say("both sides are read by MLflow's client")
    if after := {kind: names for kind, names in different(*sides).items() if names}:
        raise Broken(f"MLflow's client sees differences: { {kind: names[:5] for kind, names in after.items()} }")
    if fingerprint(move.there) != before:
        raise Broken("the source is not what it was")
    return page(move, options, reports, sides, (time.monotonic() - began) / 60)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=2_000)
    words.add_argument("--form", choices=["mlflow", "mlflow-fast", "mlflow-postgres"], default="mlflow-postgres")
    words.add_argument("--port", type=int, default=5_970)
    words.add_argument("--work", type=Path, help="where the servers' directories are made")
    words.add_argument("--keep", action="store_true", help="leave these directories")
    words.add_argument("--filled", type=Path, metavar="DIR", help="MLflow's directory of a run with --keep: not again")
    words.add_argument("--write", type=Path, help="the page to write")
    options = words.parse_args()
    processes.adopt_orphans()
    work = Path(tempfile.mkdtemp(prefix="lakeward-import-", dir=options.work))
    move = Move(work, options.form, options.port, options.filled)
    try:
        text = proof(move, options)
    except Broken as problem:
        print(f"NOT AS PROMISED: {problem}", file=sys.stderr)
        return 1
    finally:
        move.close()
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    print(text)
    if options.write:
        options.write.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
