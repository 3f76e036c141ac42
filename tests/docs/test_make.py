"""What a newcomer's first `make` stands on: the list of targets, and environments on machines that lack something."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import ROOT

TOOLS = ("bash", "basename", "cmp", "cp", "dirname", "env", "id", "mkdir", "mktemp", "rm")


def test_help_names_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    [phony] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make (\w+)", done.stdout)) >= set(phony.split())


def test_locks_name_no_package_index() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert locks
    for lock in locks:
        pinned = [line for line in lock.read_text().splitlines() if re.match(r"[A-Za-z0-9]", line)]
        assert pinned
        assert all(re.match(r"[\w.\[\]-]+==\S+( ;.*)? \\$", line) for line in pinned), f"{lock.name}: {pinned}"
        assert not re.search(r"^\s*-|://", re.sub(r"^ +--hash=.*$|#.*$", "", lock.read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("smaller", ["lakeward", "demo", "tools"])
def test_one_environment_serves_all_targets(smaller: str) -> None:
    """The test lock holds every package of the smaller locks, in the same version."""

    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return dict(re.findall(r"^([\w.\[\]-]+)==(\S+)", text, re.MULTILINE))

    assert pins(smaller).items() <= pins("test").items()


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """A PATH with coreutils and a Python that cannot make environments, as Debian's without python3-venv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))
    python = folder / "python3"
    python.write_text(
        f"""#!{shutil.which("bash")}
case "$*" in *ensurepip* | "-m venv"* | "-m pip"*) exit 1 ;; esac
exec {sys.executable} "$@"
"""
    )
    python.chmod(0o755)
    return folder


def make_environment(path: Path, target: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(ROOT / "scripts/venv"), str(target), str(ROOT / "requirements/lakeward.txt")],
        env={"PATH": str(path), "HOME": str(target.parent)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_any_means_the_message_says_what_to_do(bare_machine: Path, tmp_path: Path) -> None:
    done = make_environment(bare_machine, tmp_path / "venv")
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_apt_is_asked_for_the_version_of_this_python(bare_machine: Path, tmp_path: Path) -> None:
    for name, line in {"apt-get": f'echo "$@" >> {tmp_path}/asked', "sudo": 'shift; "$@"'}.items():
        (bare_machine / name).write_text(f"#!{shutil.which('bash')}\n{line}\n")
        (bare_machine / name).chmod(0o755)
    make_environment(bare_machine, tmp_path / "venv")
    version = "{}.{}".format(*sys.version_info)
    assert (tmp_path / "asked").read_text().splitlines()[-1].endswith(f"python{version}-venv")


def test_an_old_python_is_refused(bare_machine: Path, tmp_path: Path) -> None:
    (bare_machine / "python3").write_text(f"#!{shutil.which('bash')}\nexit 1\n")
    done = make_environment(bare_machine, tmp_path / "venv")
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr


def test_uv_is_told_what_pip_is_told(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://mirror.example.org/simple\nextra-index-url =\n    file:///a\n    file:///b\n"
        "find-links = /wheels /more\n[install]\nfind-links = /wheels\n"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/pip_settings.py")],
        env={**kept, "HOME": str(tmp_path), "PIP_CONFIG_FILE": str(config), "PIP_TIMEOUT": "99", "UV_INDEX": "file:///mine"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
    assert told["UV_DEFAULT_INDEX"] == "https://mirror.example.org/simple"
    assert told["UV_FIND_LINKS"] == "/wheels"
    assert told["UV_HTTP_TIMEOUT"] == "99"
    assert "UV_INDEX" not in told
