"""The `lakeward` command. Each command is a module of its own, imported when it is asked for: `up` must start fast."""

from lakeward.cli.main import main

__all__ = ["main"]
