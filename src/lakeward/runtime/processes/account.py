"""PostgreSQL refuses to run as root. When root starts Lakeward, PostgreSQL runs under a system account of its own.

Invariants: the account owns nothing but the database directory; it gets the one capability that lets it reach its
files through private directories (a 0700 home) only when a directory on the way is private, and only if the account is
ours: its owner could otherwise have PostgreSQL run commands with it.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from lakeward.kit.errors import LakewardError

ACCOUNT = "lakeward-pg"
_USERADD = ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
_EXISTS = 9  # useradd's exit code for a name that is taken: another server was faster
# The smallest first. The second is what container engines leave to root by default.
_CAPABILITIES = (("dac_read_search", 1 << 2), ("dac_override", 1 << 1))


class Account(Struct, frozen=True):
    """Who runs PostgreSQL. `uid` is None for: whoever runs this process."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def command(self, *, reach: Iterable[Path], death_signal: str) -> list[str]:
        """The words before a command line that make it run under this account."""
        if self.uid is None:
            return []
        words = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--no-new-privs"]
        capability = _capability(list(reach)) if self.name == ACCOUNT else None
        if capability:
            # the last makes access(2) count the capability too: PostgreSQL asks with it whether its program is there
            words += [
                f"--inh-caps=-all,+{capability}",
                f"--ambient-caps=-all,+{capability}",
                "--securebits=+no_setuid_fixup",
            ]
        else:
            words += ["--inh-caps=-all"]
        return [*words, f"--pdeathsig={death_signal}", "--"]

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def postgres_account(directory: Path) -> Account:
    """The account for the database in this directory: its owner, else this user, else for root one of our own."""
    if os.geteuid() != 0:
        return Account(_own_name())
    for tool in ("setpriv", "useradd"):
        if shutil.which(tool) is None:
            raise LakewardError(
                f"PostgreSQL cannot run as root and {tool} is missing here. Start Lakeward as another user, or set"
                " LAKEWARD_DATABASE_URL."
            )
    if directory.exists() and (uid := directory.stat().st_uid) != 0:
        try:
            owner = pwd.getpwuid(uid)
        except KeyError as error:
            raise LakewardError(
                f"{directory} belongs to uid {uid}, which has no account here. Give it to root (chown -R root) and"
                " start again; Lakeward then takes it over."
            ) from error
        return Account(owner.pw_name, owner.pw_uid, owner.pw_gid)
    entry = _ensure_account()
    account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    if directory.exists():  # a copy that root made
        for path in (directory, *directory.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
    return account


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise LakewardError(
            f"PostgreSQL cannot run under uid {os.geteuid()}, which has no account in /etc/passwd. Add one, start"
            " Lakeward as another user, or set LAKEWARD_DATABASE_URL."
        ) from error


def _ensure_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        command = [*_USERADD, "--shell", "/usr/sbin/nologin", ACCOUNT]
        made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode not in (0, _EXISTS):
        raise LakewardError(
            f"PostgreSQL cannot run as root, and the system account {ACCOUNT} cannot be made: {made.stderr.strip()}."
            " Start Lakeward as another user, or set LAKEWARD_DATABASE_URL."
        )
    return pwd.getpwnam(ACCOUNT)


def _capability(reach: list[Path]) -> str | None:
    """The smallest of our capabilities that opens these paths to a foreign account, or none when they are open."""
    private_program = any(path.is_file() and path.stat().st_mode & 0o005 != 0o005 for path in reach)
    if not private_program and all(parent.stat().st_mode & 0o001 for path in reach for parent in path.parents):
        return None
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return None
    permitted = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapPrm")), 16)
    usable = [name for name, bit in _CAPABILITIES if permitted & bit]
    if private_program:  # reading and crossing is not enough: running it takes the larger one
        usable.reverse()
    return next(iter(usable), None)
