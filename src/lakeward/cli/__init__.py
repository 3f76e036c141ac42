"""The `lakeward` command. Each command is a module of its own, imported when it is asked for: `up` must start fast.

Exit codes: 0 done, 1 a check or an operation failed, 2 wrong usage or a wrong setting, 3 the database or the server is
not there, 4 the data directory or the port belongs to another process.
"""

from lakeward.cli.main import main

__all__ = ["main"]
