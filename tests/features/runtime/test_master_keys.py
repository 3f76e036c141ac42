"""The file of master keys: whole or not there, one for all who make it at once, and nothing but keys."""

import base64
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from lakeward.runtime.crypto import KeyMissing, MasterKeys
from lakeward.runtime.crypto.keys import fingerprint


def word(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_it_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "master.key"
    made = MasterKeys.read_or_make(str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert MasterKeys.read_or_make(str(path)).fingerprints == made.fingerprints
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


def test_many_processes_at_once_agree(tmp_path: Path) -> None:
    code = (
        "import sys, time; from lakeward.runtime.crypto import MasterKeys;"
        " time.sleep(max(0, float(sys.argv[2]) - time.time())); print(MasterKeys.read_or_make(sys.argv[1]).first)"
    )
    import time

    words = [sys.executable, "-c", code, str(tmp_path / "master.key"), str(time.time() + 1.5)]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["master.key"]


def test_nothing_shows_a_key(tmp_path: Path) -> None:
    keys = MasterKeys.read_or_make(str(tmp_path / "master.key"))
    key = keys.key(keys.first)
    for shown in (repr(keys), str(keys), str(keys.fingerprints)):
        assert word(key) not in shown
        assert key.hex()[:16] not in shown


def test_a_new_key_comes_first_and_the_old_ones_stay(tmp_path: Path) -> None:
    old = MasterKeys.read_or_make(str(tmp_path / "master.key"))
    new = old.with_new()
    assert new.fingerprints[1:] == old.fingerprints
    assert MasterKeys.read(str(tmp_path / "master.key")).fingerprints == new.fingerprints
    assert new.without({old.first}).fingerprints == new.fingerprints[:1]


def test_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [secrets.token_bytes(32) for _ in range(2)]
    monkeypatch.setenv("VAULT_KEYS", ",".join(map(word, keys)))
    assert MasterKeys.read_or_make("env:VAULT_KEYS").fingerprints == [fingerprint(each) for each in keys]
    with pytest.raises(KeyMissing, match="VAULT_KEYS"):
        MasterKeys.read("env:VAULT_KEYS").with_new()
    monkeypatch.delenv("VAULT_KEYS")
    with pytest.raises(KeyMissing, match="openssl rand -base64 32"):
        MasterKeys.read_or_make("env:VAULT_KEYS")


@pytest.mark.parametrize(
    "content",
    ["changeme", "password", word(b"short"), word(bytes(32)), word(b"ab" * 16), word(bytes(range(33))), "é"],
)
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyMissing) as refused:
        MasterKeys.read_or_make(str(path))
    assert content not in str(refused.value)
    assert path.read_text() == content


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    MasterKeys.read_or_make(str(path))
    path.chmod(0o620)
    with pytest.raises(KeyMissing, match="chmod 600"):
        MasterKeys.read(str(path))
