"""`lakeward demo`: the script `examples/demo.py` against a server, which is started for it if none runs."""

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from lakeward.cli.options import settings_from, settings_options
from lakeward.runtime.listen import server_at, url_of
from lakeward.runtime.settings import Settings

_NEEDS = {"mlflow": "mlflow", "sklearn": "scikit-learn", "matplotlib": "matplotlib", "skops": "skops", "PIL": "pillow"}
_READY = "Lakeward is ready at "
_STOP_SECONDS = 90.0


@click.command("demo")
@click.option("--wait/--no-wait", default=True, help="Keep the server running afterwards until Ctrl-C. [default: wait]")
@click.option("--url", metavar="URL", help="Use the server at this URL instead of starting one.")
@settings_options("data", "host", "port", "database_url")
def command(*, wait: bool, url: str | None, **options: Any) -> None:
    """Do real work with the unmodified MLflow client, and show where to look at it.

    Searches models over two data sets, logs everything a data scientist would, finds the best model, loads it back and
    predicts; then an agent answers questions about Lakeward, traced and judged, with a scripted model or, if
    OPENAI_API_KEY is set, a real one. Uses the Lakeward that runs at --host and --port; if none does, starts one and
    leaves it running until Ctrl-C.
    """
    script = _script()
    missing = [package for module, package in _NEEDS.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise click.ClickException(f"The demo needs packages that are not here: pip install {' '.join(missing)}")
    settings = settings_from(options)
    if url is None and server_at(settings.host, settings.port) is not None:
        url = url_of(settings.host, settings.port)
    if url is not None:
        sys.exit(_run(script, url))
    with _server(settings) as (server, started_url):
        status = _run(script, started_url)
        if wait and status == 0:
            click.echo(f"The server keeps running at {click.style(started_url, fg='cyan')}; stop it with Ctrl-C.")
            status = _wait(server)
    sys.exit(status)


def _script() -> Path:
    """In a wheel beside this package, in a checkout at its usual place."""
    package = Path(__file__).resolve().parent.parent
    for place in (package / "examples" / "demo.py", package.parent.parent / "examples" / "demo.py"):
        if place.is_file():
            return place
    raise click.ClickException("This installation came without examples/demo.py.")


def _run(script: Path, url: str) -> int:
    return 1 if subprocess.run([sys.executable, str(script), url], check=False).returncode else 0


@contextmanager
def _server(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`lakeward up` as its own process, stopped at the end, also when this process is killed."""
    from lakeward.runtime.processes import die_with_parent

    words = ["--data", str(settings.data), "--host", settings.host, "--port", str(settings.port)]
    environment = dict(os.environ)
    if settings.database_url is not None:  # not as a word: words are seen by everybody
        environment["LAKEWARD_DATABASE_URL"] = settings.database_url
    parent = os.getpid()
    server = subprocess.Popen(
        [sys.executable, "-m", "lakeward", "up", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,  # Ctrl-C reaches this process first
        preexec_fn=lambda: die_with_parent(signal.SIGTERM, parent),  # noqa: PLW1509 - there are no threads here
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line.startswith(_READY):
            raise click.exceptions.Exit(server.wait() or 1)  # it has said why
        click.echo(line.rstrip())
        yield server, line.removeprefix(_READY).strip()
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait(server: subprocess.Popen[str]) -> int:
    """Until the server ends, or Ctrl-C or SIGTERM asks for it, which is the good end."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        return 1 if server.wait() else 0
    except KeyboardInterrupt:
        click.echo()
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)
