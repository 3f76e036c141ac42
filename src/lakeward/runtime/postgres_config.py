"""What the embedded PostgreSQL is told: its configuration, and who may connect.

`lakeward.conf` and the two access files are written at every start; `postgresql.conf` is written once, includes the
first, and belongs to the operator: what stands there wins.
"""

import os
import pwd
import sys
from pathlib import Path

SUPERUSER = "postgres"
ROLE = "lakeward"
DATABASE = "lakeward"
SPARE_DATABASE = "postgres"  # what initdb makes for people to connect to
PORT = 5432  # only part of the socket's name

_MIB = 1 << 20
_POSTGRESQL_CONF = """\
# Lakeward's settings, rewritten at every start:
include 'lakeward.conf'
# Yours, which win:
"""


def write(directory: Path, account: str, *, connections: int) -> None:
    """Bring the files of a database directory up to date; `account` is who runs PostgreSQL."""
    names = dict.fromkeys([pwd.getpwuid(os.geteuid()).pw_name, account, "root"])
    idents = [f'lakeward "{name}" {role}' for name in names for role in (ROLE, SUPERUSER)]
    _replace(directory / "lakeward.conf", configuration(memory_bytes(), connections=connections))
    _replace(directory / "pg_hba.conf", "local all,replication all peer map=lakeward\n")
    _replace(directory / "pg_ident.conf", "\n".join(idents) + "\n")


def write_first(directory: Path) -> None:
    """In a directory that initdb just made: hand postgresql.conf to the operator."""
    _replace(directory / "postgresql.conf", _POSTGRESQL_CONF)


def _replace(path: Path, text: str) -> None:
    """Keeps owner and mode of a file that is there, and touches only one that differs."""
    if path.exists() and path.read_text("utf-8") == text:
        return
    if path.exists():
        path.write_text(text, "utf-8")
        return
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
    owner = path.parent.stat()
    if owner.st_uid != os.geteuid():
        os.chown(path, owner.st_uid, owner.st_gid)


def configuration(memory: int, *, connections: int) -> str:
    """For a machine that also does other work: durable, modest in memory, few background processes."""
    buffers = max(64 * _MIB, min(memory // 16, 256 * _MIB))
    values = {
        # every acknowledged write survives a power cut
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_level": "replica",
        # after a crash: flush the file system once instead of opening every file
        "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",
        # a checkpoint rewrites every page it meets once: seldom, and with room to write
        "max_wal_size": "2GB",
        "min_wal_size": "128MB",
        "checkpoint_timeout": "15min",
        "shared_buffers": f"{buffers // _MIB}MB",
        "effective_cache_size": f"{max(buffers * 2, memory // 2) // _MIB}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "64MB",
        "max_connections": str(connections),
        # planning: short statements on a solid-state disk
        "jit": "off",
        "random_page_cost": "1.1",
        # processes this server does not need
        "io_method": "sync",
        "max_logical_replication_workers": "0",
        "autovacuum_max_workers": "2",
        "autovacuum_naptime": "30s",
        # a client that vanished gives its locks back
        "tcp_keepalives_idle": "60",
        "idle_in_transaction_session_timeout": "5min",
        # expected errors (a unique name is taken) are the caller's, not the log's
        "log_min_messages": "log",
        "log_checkpoints": "off",
        "log_autovacuum_min_duration": "-1",
        "log_line_prefix": "'%m [%p] '",
        "log_timezone": "'UTC'",
        "timezone": "'UTC'",
        "datestyle": "'iso, mdy'",
        "lc_messages": "'C'",
    }
    return "\n".join(f"{name} = {value}" for name, value in values.items()) + "\n"


def memory_bytes() -> int:
    """What this machine, or this container, may use."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text("ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total
