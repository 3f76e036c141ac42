"""`make demo WAIT=0`, but for the making of the environment: server up, work done, everything stopped well."""

import re
import subprocess

import pytest

from .pages import BIN, environment, home_directory


@pytest.mark.timeout(600)
def test_the_demo_does_its_work_and_stops_its_server() -> None:
    with home_directory() as home:
        done = subprocess.run(
            [BIN / "lakeward", "demo", "--no-wait", "--port", "0", "--data", home / "data"],
            cwd=home, env=environment(home), capture_output=True, text=True, timeout=580, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert not (home / "data/postgres/postmaster.pid").exists()
    assert done.stdout.count("✓") == 21
    assert "5 traces of" in done.stdout
    assert "by scripted-local, 1 failed" in done.stdout
    assert "Everything read back as written." in done.stdout
    links = re.findall(r"(http://127\.0\.0\.1:\d+/\S+)", done.stdout)
    assert len(links) == 10
