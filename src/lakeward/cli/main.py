"""The command group: lazy commands, coloured help, and one place where errors become messages and exit codes."""

import importlib
import os
import sys
from typing import Any

import click

from lakeward import __version__
from lakeward.kit.errors import LakewardError

# command → (module, one line of help): `lakeward --help` must not import what the commands need
_COMMANDS = {
    "up": ("up", "Start the server: PostgreSQL, the API and the worker in one command."),
    "demo": ("demo", "Real work on real data with the unmodified MLflow client."),
    "token": ("token", "Access tokens: create, list, revoke."),
    "login": ("login", "Sign in to a server in the browser, and get a token for this machine."),
    "admin": ("admin", "Make somebody administrator, with a password."),
    "explain": ("explain", "Why somebody may do something with an object, or why not."),
    "import": ("import_", "Bring everything from an MLflow server."),
    "audit": ("audit", "The audit log: check it, write it to files."),
    "secrets": ("secrets", "The keys that secrets are encrypted under: rotate."),
    "traces": ("traces", "Export traces to files."),
    "gc": ("gc", "Delete for good what lies in the trash."),
    "doctor": ("doctor", "Check this installation and say what to do."),
    "version": ("version", "Print the versions of Lakeward and what it brings."),
}
_EXIT_CODES = (
    "0  done",
    "1  a check or an operation failed",
    "2  wrong usage or a wrong setting",
    "3  the database or the server cannot be reached",
    "4  the data directory or the port belongs to another process",
)


class HelpFormatter(click.HelpFormatter):
    """Headings and names in colour; click drops the colour where the output is not a terminal."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(click.style(prog, fg="cyan", bold=True), args, click.style(prefix or "Usage: ", bold=True))

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{click.style(heading + ':', bold=True)}\n")

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(click.style(first, fg="cyan"), second) for first, second in rows], col_max + 9, col_spacing)


click.Context.formatter_class = HelpFormatter


class Commands(click.Group):
    """Finds a command by its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"lakeward.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Exit codes"):
            for line in _EXIT_CODES:
                formatter.write_text(line)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "-V", "--version", prog_name="lakeward")
def cli() -> None:
    """Managed MLflow, self-hosted: tracking, models and artifacts for the clients people already have.

    Start with `lakeward up`, then point a script at it: MLFLOW_TRACKING_URI=http://127.0.0.1:5000
    """


def main() -> None:
    os.umask(0o077)  # whatever a command writes is for this user alone
    try:
        status = cli.main(prog_name="lakeward", standalone_mode=False)  # of a command that raised click's Exit
        sys.exit(status if isinstance(status, int) else 0)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except LakewardError as error:
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {error.message}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `lakeward ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
