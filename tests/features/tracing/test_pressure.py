"""More than the server can take now: it says so and keeps nothing; what it acknowledged is there."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest
from spans import got, ids, protobuf, request, searched, send, span

from lakeward.runtime import db
from lakeward.tracing.load import Held
from server import Caller, Server

PROTOBUF = "application/x-protobuf"


def test_a_slow_database_pushes_back(
    server: Server, client: Caller, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections are all at work, on statements that do not end: whoever waits too long is told to come back."""
    monkeypatch.setattr(db, "ACQUIRE_SECONDS", 0.3)
    traces = [ids()[0] for _ in range(24)]
    assert send(client, experiment, request(span(ids()[0]))).status_code == 200
    release, held = asyncio.Event(), asyncio.Event()

    async def lock() -> None:
        connection = await asyncpg.connect(server.backend.dsn_of(server.database))
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE trace IN ACCESS EXCLUSIVE MODE")
                held.set()
                await release.wait()
        finally:
            await connection.close()

    async def both() -> list:
        locking = asyncio.create_task(lock())
        await held.wait()
        with ThreadPoolExecutor(len(traces)) as pool:
            loop = asyncio.get_running_loop()
            sent = [loop.run_in_executor(pool, send, client, experiment, request(span(trace))) for trace in traces]
            await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.3)
            release.set()
            answers = await asyncio.gather(*sent)
        await locking
        return answers

    answers = asyncio.run(both())
    assert {each.status_code for each in answers} == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert answer.headers["retry-after"] == "1"
    there = set(searched(client, experiment))
    for trace, answer in zip(traces, answers, strict=True):
        assert (trace in there) == (answer.status_code == 200)
        assert send(client, experiment, request(span(trace, "ab" * 8))).status_code == 200, "sent again"
    assert len(got(client, traces[0])["spans"]) in (1, 2)


def test_too_much_at_once_is_sent_away(client: Caller, experiment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Held, "everybodys", 300 << 20)
    answer = send(client, experiment, protobuf(span(*ids())), PROTOBUF)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    monkeypatch.setattr(Held, "everybodys", 0)
    assert send(client, experiment, protobuf(span(*ids())), PROTOBUF).status_code == 200
    assert Held.everybodys == 0


@pytest.mark.parametrize("declared", [True, False])
def test_a_hundred_megabytes(client: Caller, experiment: str, declared: bool) -> None:
    """Refused before it is read, or as soon as it is too long."""
    piece = b"x" * (1 << 20)
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += len(piece)
            yield piece

    headers = {"x-mlflow-experiment-id": experiment, "content-type": PROTOBUF}
    if declared:
        headers["content-length"] = str(100 << 20)
    try:
        answer = client.request("POST", "/v1/traces", content=pieces(), headers=headers)
    except OSError:  # the server has closed the connection while we wrote
        pytest.fail("the answer is lost")
    assert answer.status_code == 413, answer.text
    assert Held.everybodys == 0
    assert searched(client, experiment) == []
