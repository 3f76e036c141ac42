"""The local directory: durability, links, lost disks, flat memory."""

import asyncio
import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakeward.kit.errors import Conflict, NotFound, Unavailable
from lakeward.runtime.objects import ObjectStore, Span
from lakeward.runtime.objects import direct as direct_module
from lakeward.runtime.objects import kernel as kernel_module

MIB = 1 << 20


@pytest.fixture(params=["openat2", "walk"])
def way(request, monkeypatch):
    """Both ways of refusing links: the kernel's, and the one for kernels without it."""
    if request.param == "walk":
        monkeypatch.setattr(kernel_module, "_openat2_works", False)
    elif not kernel_module._openat2_works:
        pytest.fail("this kernel has no openat2; the product would walk")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "objects"


async def chunks(size, piece=65536):
    for _ in range(0, size, piece):
        yield b"x" * piece


@pytest.mark.usefixtures("way")
class TestLinks:
    @pytest.fixture
    def outside(self, tmp_path):
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "secret").write_bytes(b"secret")
        return tmp_path / "outside"

    def test_a_linked_file_is_not_there(self, local, run, root, outside):
        run(local.put("run/file", b"x"))
        (root / "run" / "link").symlink_to(outside / "secret")
        with pytest.raises(NotFound):
            run(local.get("run/link"))
        assert run(local.find("run/link")) is None
        assert [entry.name for entry in run(local.level("run")).entries] == ["file"]

    def test_a_linked_directory_is_not_there(self, local, run, root, outside):
        run(local.put("run/file", b"x"))
        (root / "run" / "dir").symlink_to(outside)
        with pytest.raises(NotFound):
            run(local.get("run/dir/secret"))
        assert run(local.level("run/dir")) is None
        for work in (local.put("run/dir/new", b"x"), local.put("run/dir/deep/new", b"x")):
            with pytest.raises(Exception, match=r"cannot be|symbolic|levels"):
                run(work)
        assert not run(local.delete("run/dir/secret"))
        run(local.delete_prefix("run/dir"))
        run(local.delete_prefix("run"))
        assert [path.name for path in outside.iterdir()] == ["secret"]

    def test_a_write_replaces_a_link_and_not_its_target(self, local, run, root, outside):
        run(local.put("run/file", b"x"))
        (root / "run" / "link").symlink_to(outside / "secret")
        run(local.put("run/link", b"mine"))
        assert (outside / "secret").read_bytes() == b"secret"
        assert run(local.read("run/link", 100)) == b"mine"

    def test_the_root_itself_may_be_reached_through_a_link(self, tmp_path, run):
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        objects = ObjectStore.open(str(tmp_path / "link"))
        run(objects.put("a/file", b"x"))
        assert run(objects.read("a/file", 1)) == b"x"
        objects.close()

    def test_special_files_are_not_there(self, local, run, root):
        run(local.put("run/file", b"x"))
        os.mkfifo(root / "run" / "fifo")
        with pytest.raises(NotFound):
            run(local.get("run/fifo"))
        assert [entry.name for entry in run(local.level("run")).entries] == ["file"]


def test_files_and_directories_do_not_take_each_others_place(local, run):
    run(local.put("a/file", b"x"))
    for key in ("a", "a/file/below", "a/file/far/below"):
        with pytest.raises(Conflict, match="cannot be a file"):
            run(local.put(key, b"y"))
    assert run(local.read("a/file", 1)) == b"x"


def test_acknowledged_means_synced(local, run, monkeypatch):
    """File, then name, then directory, each before the answer; also for the directories made on the way."""
    seen = []

    def spy(name):
        real = getattr(os, name)

        def called(*arguments, **options):
            target = arguments[0]
            seen.append(
                (name, "dir" if isinstance(target, int) and Path(f"/proc/self/fd/{target}").is_dir() else "file")
            )
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, called)

    for name in ("fsync", "rename", "mkdir"):
        spy(name)
    run(local.put("new/dir/file", b"x"))
    steps = [step for step in seen if step[0] != "mkdir"]
    assert steps == [("fsync", "file"), ("fsync", "dir"), ("fsync", "dir"), ("rename", "file"), ("fsync", "dir")]
    seen.clear()
    run(local.put("new/dir/other", chunks(5 * MIB)))
    assert seen == [("fsync", "file"), ("rename", "file"), ("fsync", "dir")]


def test_nothing_of_a_killed_write_shows(run, root):
    program = f"""
import asyncio
from lakeward.runtime.objects import ObjectStore, Span
from lakeward.runtime.objects import direct as direct_module
async def endless():
    while True:
        yield b"x" * 65536
        print("more", flush=True)
asyncio.run(ObjectStore.open({str(root)!r}).put("run/file", endless()))
"""
    writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    for _ in range(200):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    objects = ObjectStore.open(str(root))
    assert run(objects.level("run")) is None
    (left,) = (root / ".tmp").iterdir()
    run(objects.sweep())
    assert left.exists()  # it could be somebody's who still writes
    os.utime(left, (time.time() - 90_000,) * 2)
    run(objects.sweep())
    assert not left.exists()
    objects.close()


def test_a_cancelled_write_leaves_nothing(local, run, root):
    async def scenario():
        async def slow():
            async for chunk in chunks(4 * MIB):
                yield chunk
            await asyncio.sleep(60)

        task = asyncio.create_task(local.put("run/file", slow()))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.2)

    run(scenario())
    assert list((root / ".tmp").iterdir()) == []
    assert run(local.find("run/file")) is None


@pytest.mark.parametrize("size", [10, 5 * MIB])
def test_a_full_disk_is_said_so(local, run, root, monkeypatch, size):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    run(local.put("run/file", b"old"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "writev", full)
        with pytest.raises(Unavailable, match="full"):
            run(local.put("run/file", chunks(size)))
    assert run(local.read("run/file", 3)) == b"old"
    assert list((root / ".tmp").iterdir()) == []


def test_a_lost_disk_is_not_an_empty_one(local, run, root):
    run(local.put("run/file", b"x"))
    root.rename(root.with_name("away"))
    for work in (local.get("run/file"), local.find("run/file"), local.level("run"), local.put("a", b""), local.check()):
        with pytest.raises(Unavailable):
            run(work)
    root.with_name("away").rename(root)
    assert run(local.read("run/file", 1)) == b"x"


def test_writes_and_deletes_meet_in_one_directory(local, run):
    """A delete that empties a directory removes it; a write into it at the same moment must not fail."""

    async def scenario():
        async def churn(number):
            for _ in range(40):
                await local.put(f"shared/dir/{number}", b"x")
                await local.delete(f"shared/dir/{number}")

        await asyncio.gather(*(churn(number) for number in range(8)))

    run(scenario())
    assert run(local.level("shared")) is None


def test_ten_thousand_files_are_listed_quickly(local, run, root):
    directory = root / "run"
    directory.mkdir()
    for number in range(10_000):
        (directory / f"{number:05d}").touch()
    started = time.process_time()
    level = run(local.level("run"))
    seconds = time.process_time() - started
    assert len(level.entries) == 10_000
    assert seconds < 1
    run(local.delete_prefix("run"))
    assert not directory.exists()


def test_memory_stays_flat(root):
    """300 MB in, joined and out again; the process grows by less than a tenth of that."""
    program = f"""
import asyncio, resource
from lakeward.runtime.objects import ObjectStore, Span
from lakeward.runtime.objects import direct as direct_module
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
async def source():
    for _ in range(300 * 16):
        yield bytes(65536)
async def main():
    objects = ObjectStore.open({str(root)!r})
    await objects.put("warm", b"x" * 3_000_000)
    before = peak()
    await objects.put("big", source(), size=300 << 20)
    await objects.join(["big"], "copy")
    size = 0
    async for piece in (await objects.get("copy")).body:
        size += len(piece)
    print(size, peak() - before)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    size, grown = map(int, done.stdout.split())
    assert size == 300 * MIB
    assert grown < 30


@pytest.mark.parametrize("size", [64 * MIB, 64 * MIB + 1, 66 * MIB - 1, 70 * MIB + 12345])
@pytest.mark.parametrize("refused", ["nothing", "the flag", "the transfer"])
def test_large_files_come_back(local, run, root, monkeypatch, size, refused):
    """Past the page cache, on a file system that knows no such thing, and on one that only says it does."""
    if refused == "the flag":
        monkeypatch.setattr(direct_module, "_FLAG", 0)
    if refused == "the transfer":
        monkeypatch.setattr(direct_module, "_BLOCK", 1)  # nothing is aligned any more
    content = os.urandom(MIB + 1) * (size // MIB + 1)

    async def pieces():
        offset = 0
        for step in itertools.cycle([1, 4095, 4096, 65536, 250_000, 3 * MIB]):
            if offset >= size:
                return
            yield content[offset : min(offset + step, size)]
            offset += step

    async def scenario():
        info = await local.put("large", pieces(), size=size)
        assert info.size == size
        assert (root / "large").read_bytes() == content[:size]
        for span in (None, Span(1, None), Span(4097, size - 3)):
            first, stop = (0, size) if span is None else span.within(size)
            with (root / "large").open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # what is cached is read from there
            opened = await local.get("large", span)
            assert b"".join([bytes(piece) async for piece in opened.body]) == content[first:stop]
        dropped = await local.get("large")
        await anext(dropped.body)
        await dropped.body.aclose()

    before = open_files()
    run(scenario())
    deadline = time.monotonic() + 10
    while open_files() > before and time.monotonic() < deadline:
        time.sleep(0.01)  # a thread that was reading ahead closes what it read
    assert open_files() <= before  # others of this process may close theirs meanwhile


def open_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_no_file_is_left_open(local, run):
    before = open_files()

    async def scenario():
        await local.put("run/file", chunks(3 * MIB))
        for _ in range(20):
            opened = await local.get("run/file")  # dropped without a look
            del opened
            opened = await local.get("run/file")
            await anext(opened.body)  # dropped in the middle
            del opened
            await local.level("run")
            await local.find("run/nothing")

    run(scenario())
    assert open_files() <= before  # others of this process may close theirs meanwhile
