"""Commands on the server's machine: they come by no call, so the log says which account typed them, and where."""

import os
import pwd
from typing import Any

from lakeward.audit.recording import record


async def record_command(tx: Any, service: str, action: str, *, params: dict[str, Any], workspace: int = 0) -> None:
    """Record what a command did, in its transaction."""
    await record(tx, service, action, params=params | _operator(), workspace=workspace)


def _operator() -> dict[str, str]:
    """The account of the operating system, the machine, and whom sudo names; the last is only claimed."""
    uid = os.getuid()
    try:
        account = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container may run under any number
        account = str(uid)
    behind = os.environ.get("SUDO_USER")
    return {"os_user": account, "machine": os.uname().nodename} | ({"sudo_user": behind} if behind else {})
