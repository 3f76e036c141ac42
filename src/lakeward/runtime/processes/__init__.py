"""Facts about processes: who is alive in a directory, children that die with their parent, one owner per directory.

Linux tells all of this through /proc and prctl. Elsewhere the same functions answer with less: an orphan is then found
by its pid file alone.
"""

from lakeward.runtime.processes.account import Account, postgres_account
from lakeward.runtime.processes.kernel import die_with_parent, name_process, pids_in, wait_until_gone
from lakeward.runtime.processes.lock import DirectoryLock, DirectoryTaken

__all__ = [
    "Account",
    "DirectoryLock",
    "DirectoryTaken",
    "die_with_parent",
    "name_process",
    "pids_in",
    "postgres_account",
    "wait_until_gone",
]
