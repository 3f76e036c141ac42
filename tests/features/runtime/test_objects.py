"""What every kind of object store must do, on a local directory and on a real S3 server."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from lakeward.kit.errors import AlreadyExists, NotFound, RangeNotSatisfiable, TooLarge, Unavailable
from lakeward.runtime.objects import ObjectStore, Span
from lakeward.runtime.settings import SettingError

MIB = 1 << 20
NAMES = [
    "plain.txt", "with space.txt", " leading", "trailing ", "ünïcödé", "日本語.txt", "emoji 🧪", "A\u030a decomposed",
    "a#b", "what?", "a&b=c", "100%", "%41", "%2e%2e", "a+b", "semi;colon", "quote\"'", "[x]{y}", "a*b", "~x", "a:b",
    ".hidden", "..two", "dots...", "^|`<>", "n" * 255,
]  # fmt: skip


async def chunks_of(content: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(objects: ObjectStore, key: str, span: Span | None = None) -> bytes:
    opened = await objects.get(key, span)
    found = opened.body if isinstance(opened.body, bytes) else b"".join([bytes(piece) async for piece in opened.body])
    assert len(found) == opened.stop - opened.start
    return found


@pytest.mark.parametrize("size", [0, 1, 1000, 256 << 10, (256 << 10) + 1, 3 * MIB, 20 * MIB + 17])
def test_every_size_comes_back(objects, run, size):
    content = os.urandom(size)

    async def scenario():
        info = await objects.put("a/b/file", chunks_of(content))
        assert (info.key, info.size) == ("a/b/file", size)
        assert await objects.head("a/b/file") == info
        assert await read(objects, "a/b/file") == content

    run(scenario())


@pytest.mark.parametrize("size", [0, 10, 600_000, 9 * MIB])
@pytest.mark.parametrize(
    ("first", "last", "suffix"),
    [(0, None, None), (0, 0, None), (5, 8, None), (7, None, None), (0, 10**12, None), (None, None, 3),
     (None, None, 10**12), (8_400_000, 8_500_000, None), (None, None, 8_500_000), (10**12, None, None),
     (None, None, 0)],
)  # fmt: skip
def test_ranges(objects, run, size, first, last, suffix):
    content = os.urandom(size)
    span = Span(first or 0, last, suffix)
    wanted = (
        content[-suffix:] if suffix else b"" if suffix == 0 else content[first : None if last is None else last + 1]
    )

    async def scenario():
        await objects.put("file", content)
        if not wanted:
            with pytest.raises(RangeNotSatisfiable):
                await objects.get("file", span)
        else:
            assert await read(objects, "file", span) == wanted

    run(scenario())


def test_names_come_back(objects, run):
    async def scenario():
        for number, name in enumerate(NAMES):
            await objects.put(f"names/{name}/{name}", str(number).encode())
        level = await objects.level("names")
        assert [entry.name for entry in level.entries] == sorted(NAMES, key=str.encode)
        for number, name in enumerate(NAMES):
            assert await read(objects, f"names/{name}/{name}") == str(number).encode()
        assert {info.key async for info in objects.walk("names")} == {f"names/{name}/{name}" for name in NAMES}

    run(scenario())


def test_a_later_object_replaces_an_earlier_one(objects, run):
    async def scenario():
        first = await objects.put("file", b"first")
        second = await objects.put("file", b"other")
        assert first.etag != second.etag
        assert await read(objects, "file") == b"other"

    run(scenario())


@pytest.mark.parametrize("size", [3, 9 * MIB])
def test_create_does_not_replace(objects, run, size):
    async def scenario():
        await objects.put("file", b"x" * size, create=True)
        with pytest.raises(AlreadyExists):
            await objects.put("file", b"y" * size, create=True)
        assert (await read(objects, "file"))[:1] == b"x"

    run(scenario())


def test_one_of_many_creators_wins(local, run):
    async def create(number):
        try:
            await local.put("file", b"%d" % number, create=True)
        except AlreadyExists:
            return None
        return number

    async def scenario():
        won = [number for number in await asyncio.gather(*map(create, range(20))) if number is not None]
        assert len(won) == 1
        assert await read(local, "file") == b"%d" % won[0]

    run(scenario())


@pytest.mark.parametrize("size", [100, 3 * MIB, 30 * MIB])
def test_a_failed_write_leaves_what_was_there(objects, run, size):
    async def failing():
        for _ in range(0, size, 65536):
            yield b"n" * 65536
        raise TooLarge("enough")

    async def scenario():
        await objects.put("here/file", b"old")
        for key in ("here/file", "new/file"):
            with pytest.raises(TooLarge, match="enough"):
                await objects.put(key, failing())
        assert await read(objects, "here/file") == b"old"
        assert await objects.find("new/file") is None

    run(scenario())


def test_what_is_not_there(objects, run):
    async def scenario():
        await objects.put("dir/file", b"x")
        for key in ("nothing", "dir", "dir/file/below", "dir/nothing"):
            with pytest.raises(NotFound):
                await objects.get(key)
            assert await objects.find(key) is None
            assert not await objects.delete(key)
        for prefix in ("nothing", "dir/file", "dir/nothing"):
            assert await objects.level(prefix) is None
            await objects.delete_prefix(prefix)
        assert await read(objects, "dir/file") == b"x"

    run(scenario())


def test_levels_page_by_name(objects, run):
    names = [f"f{number:02d}" for number in range(25)]

    async def scenario():
        for name in names:
            await objects.put(f"top/{name}", b"x" * int(name[1:]))
        await objects.put("top/dir/file", b"")
        await objects.put("topmost/file", b"")
        seen, after = [], ""
        while True:
            level = await objects.level("top", after=after, limit=10)
            seen += level.entries
            if not level.more:
                break
            after = level.entries[-1].name
        assert [entry.name for entry in seen] == ["dir", *names]
        assert [(entry.is_directory, entry.size) for entry in seen[:3]] == [(True, 0), (False, 0), (False, 1)]

    run(scenario())


def test_directories_are_there_while_they_hold_something(objects, run):
    async def scenario():
        await objects.make_directory("d/empty")
        await objects.put("d/full/file", b"")
        assert [(e.name, e.is_directory) for e in (await objects.level("d")).entries] == [
            ("empty", True),
            ("full", True),
        ]
        assert (await objects.level("d/empty")).entries == []
        assert [info.key async for info in objects.walk("d")] == ["d/full/file"]
        await objects.delete("d/full/file")
        assert await objects.level("d/full") is None
        await objects.remove_directory("d/empty")
        assert await objects.level("d") is None

    run(scenario())


def test_a_page_of_one_is_never_the_mark_of_a_directory(objects, run):
    async def scenario():
        await objects.make_directory("d")
        await objects.put("d/file", b"")
        await objects.put("d/zz", b"")
        names, after = [], ""
        while (level := await objects.level("d", after=after, limit=1)).entries:
            assert len(level.entries) == 1
            after = level.entries[-1].name
            names.append(after)
            if not level.more:
                break
        assert names == ["file", "zz"]

    run(scenario())


def test_delete_prefix_takes_its_own_only(objects, run):
    async def scenario():
        for key in ("run/1/a", "run/1/b/c", "run/10/a", "run/2"):
            await objects.put(key, b"x")
        await objects.delete_prefix("run/1")
        await objects.delete_prefix("run/1")
        assert sorted([info.key async for info in objects.walk("run")]) == ["run/10/a", "run/2"]

    run(scenario())


@pytest.mark.parametrize("sizes", [[5], [5, 0, 7], [6 * MIB, 6 * MIB, 1]])
def test_join(objects, run, sizes):
    parts = [os.urandom(size) for size in sizes]

    async def scenario():
        for number, part in enumerate(parts):
            await objects.put(f"parts/{number}", part, durable=False)
        keys = [f"parts/{number}" for number in range(len(parts))]
        info = await objects.join(keys, "whole", create=True)
        assert info.size == sum(sizes)
        assert await read(objects, "whole") == b"".join(parts)
        with pytest.raises(AlreadyExists):
            await objects.join(keys, "whole", create=True)
        with pytest.raises(NotFound):
            await objects.join([*keys, "parts/none"], "other")
        assert await objects.find("other") is None

    run(scenario())


def test_many_at_once(objects, run):
    contents = {f"many/{number % 5}/{number}": os.urandom(number * 1000) for number in range(60)}

    async def scenario():
        await asyncio.gather(*(objects.put(key, chunks_of(content)) for key, content in contents.items()))
        found = await asyncio.gather(*(read(objects, key) for key in contents))
        assert dict(zip(contents, found, strict=True)) == contents

    run(scenario())


def test_small_reads_are_bounded(objects, run):
    async def scenario():
        await objects.put("file", b"x" * 1000)
        assert await objects.read("file", 1000) == b"x" * 1000
        with pytest.raises(Exception, match="at most 999"):
            await objects.read("file", 999)

    run(scenario())


@pytest.mark.parametrize("key", ["", "/abs", "a//b", "a/", "../a", "a/../b", "a/./b", ".tmp/x", "a\\b", "a\0b"])
def test_keys_of_nobody_are_refused(objects, run, key):
    async def scenario():
        for work in (objects.put(key, b""), objects.get(key), objects.delete(key), objects.level(key)):
            with pytest.raises(ValueError, match="not an object key"):
                await work

    run(scenario())


def test_the_store_answers_for_its_health(objects, run):
    run(objects.check())


@contextlib.contextmanager
def failing_once(endpoint: str) -> Iterator[tuple[str, list[str]]]:
    """A way to the store that refuses the next GET of each path that is put on the list."""
    refused: list[str] = []

    class Way(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.command == "GET" and refused and self.path.endswith(refused[-1]):
                refused.pop()
                self.send_response(400)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = httpx.request(
                self.command, endpoint + self.path, headers=dict(self.headers), content=body, trust_env=False
            )
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        do_HEAD = do_PUT = do_DELETE = do_POST = do_GET  # noqa: N815 - the names the standard library calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Way)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", refused
    finally:
        server.shutdown()
        server.server_close()


def test_a_failing_store_never_looks_like_an_empty_object(s3, run):
    """The store's refusals carry the path, which may hold words that also speak of ranges."""
    with failing_once(s3.endpoint) as (endpoint, refused):
        objects = ObjectStore.open(s3.url(), s3.options | {"endpoint": endpoint})

        async def scenario():
            await objects.put("a/orange-416.csv", b"peel")
            assert await read(objects, "a/orange-416.csv") == b"peel"
            refused.append("orange-416.csv")
            with pytest.raises(Unavailable):
                await read(objects, "a/orange-416.csv")
            refused.append("orange-416.csv")
            with pytest.raises(Unavailable):
                await objects.join(["a/orange-416.csv"], "joined")
            assert not refused
            assert await objects.find("joined") is None

        run(scenario())


def test_options_that_no_store_knows():
    with pytest.raises(SettingError):
        ObjectStore.open("s3://bucket", {"reigon": "x"})


def test_signed_urls_of_the_store(s3, run):
    objects = ObjectStore.open(s3.url(), s3.options)

    put = run(objects.presign("PUT", "some/ü #?.bin", 60))
    httpx.put(put.url, content=b"by the store's own URL").raise_for_status()
    assert run(read(objects, "some/ü #?.bin")) == b"by the store's own URL"
    get = run(objects.presign("GET", "some/ü #?.bin", 60))
    assert (get.scheme, httpx.get(get.url).content) == ("s3", b"by the store's own URL")


def test_signed_urls_can_be_switched_off(s3, run):
    objects = ObjectStore.open(s3.url(), s3.options | {"presign": "false"})
    assert run(objects.presign("GET", "some/file", 60)) is None


def test_a_store_that_is_away(run):
    objects = ObjectStore.open(
        "s3://bucket", {"endpoint": "http://127.0.0.1:9", "region": "x", "access_key_id": "a", "secret_access_key": "b"}
    )

    async def scenario():
        for work in (objects.put("a", b"x"), objects.get("a"), objects.head("a"), objects.level("a"), objects.check()):
            with pytest.raises(Unavailable):
                await work

    run(scenario())


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-4", Span(0, 4)),
        ("bytes=5-", Span(5)),
        ("bytes=-5", Span(suffix=5)),
        ("bytes=-0", Span(suffix=0)),
        ("bytes= 1-2 ", Span(1, 2)),
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=4-2", None),
        ("bytes=a-b", None),
        ("bytes=0-1,3-4", None),
        ("items=0-4", None),
        ("bytes=٣-٤", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_range_headers(header, span):
    assert Span.parse(header) == span
