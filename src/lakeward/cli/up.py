"""`lakeward up`."""

import functools
import gc
import importlib
import sys
from typing import Any

import click

from lakeward.cli.options import settings_from, settings_options
from lakeward.runtime.settings import Settings


@click.command("up")
@settings_options()
def command(**options: Any) -> None:
    """Start the server and keep it running until SIGTERM or Ctrl-C.

    Without further settings this starts an embedded PostgreSQL, the API processes and the worker, and keeps everything
    under one directory. When the first process answers, one line with the URL goes to standard output; all else goes to
    standard error. The first signal lets running requests finish, the second ends them.
    """
    gc.disable()  # nothing of what starting makes is garbage; the supervisor turns it on again
    from lakeward.runtime import telemetry
    from lakeward.runtime.supervisor import Supervisor

    settings = settings_from(options)
    telemetry.configure_logging(settings.log_level, settings.log_format)
    supervisor = Supervisor(
        settings,
        load=_programs,
        has_credentials=_has_credentials,
        announce=functools.partial(_announce, settings),
        check=_open_objects,
    )
    supervisor.run()


def _programs() -> Any:
    """Imported while PostgreSQL starts, and with it what a child would import by itself: shared once is cheaper."""
    from lakeward import app

    for name in ("prometheus_client", "uvicorn.lifespan.on", "lakeward.runtime.http.protocol"):
        importlib.import_module(name)
    return app


def _open_objects(settings: Settings) -> None:
    from lakeward.runtime.objects import ObjectStore

    ObjectStore.open(settings.objects_location, settings.objects).close()


async def _has_credentials(connection: Any) -> bool:
    from lakeward import identity

    return await identity.has_credentials(connection)


def _announce(settings: Settings, url: str) -> None:
    if not url:
        click.echo("Lakeward worker is ready.")
    elif sys.stdout.isatty():
        ready = click.style("Lakeward is ready", fg="green", bold=True)
        click.echo(f"{ready} at {click.style(url, fg='cyan', underline=True)}")
        click.echo(click.style(f"  data {settings.data}   stop with Ctrl-C", dim=True), err=True)
        click.echo(click.style(f"  in a script: export MLFLOW_TRACKING_URI={url}", dim=True), err=True)
    else:
        click.echo(f"Lakeward is ready at {url}")
    sys.stdout.flush()
