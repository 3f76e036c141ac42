"""Connections on loan: never two borrowers at once, never more than there is room for, none lost."""

import asyncio
import random

import pytest

from lakeward.runtime.pool import Pool


class Connection:
    """What the pool knows of a connection."""

    def __init__(self) -> None:
        self.users = 0
        self.closed = False

    def is_closed(self) -> bool:
        return self.closed

    def terminate(self) -> None:
        self.closed = True

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - asyncpg's signature
        assert timeout
        self.closed = True


class Made:
    def __init__(self, size: int, *, failing: float = 0) -> None:
        self.all: list[Connection] = []
        self.dice = random.Random(7)
        self.failing = failing
        self.pool = Pool(self.connect, size)

    async def connect(self) -> Connection:
        await asyncio.sleep(0)
        if self.dice.random() < self.failing:
            raise ConnectionRefusedError
        self.all.append(Connection())
        return self.all[-1]

    @property
    def open(self) -> list[Connection]:
        return [each for each in self.all if not each.closed]


def test_the_last_one_given_is_the_first_one_taken():
    async def scenario():
        made = Made(3)
        one, two = await made.pool.take(1), await made.pool.take(1)
        made.pool.give(one)
        made.pool.give(two)
        assert await made.pool.take(1) is two
        assert len(made.all) == 2

    asyncio.run(scenario())


def test_who_waited_longest_is_served_first():
    async def scenario():
        made = Made(1)
        held = await made.pool.take(1)
        served = []

        async def borrow(name):
            connection = await made.pool.take(5)
            served.append(name)
            made.pool.give(connection)

        waiting = [asyncio.create_task(borrow(name)) for name in range(4)]
        await asyncio.sleep(0.01)
        made.pool.give(held)
        await asyncio.gather(*waiting)
        assert served == [0, 1, 2, 3]

    asyncio.run(scenario())


@pytest.mark.parametrize("end", ["timeout", "cancel"])
def test_who_gives_up_leaves_no_gap(end):
    async def scenario():
        made = Made(1)
        held = await made.pool.take(1)
        waiting = asyncio.create_task(made.pool.take(0.01 if end == "timeout" else 5))
        await asyncio.sleep(0.02 if end == "timeout" else 0)
        if end == "cancel":
            waiting.cancel()
        with pytest.raises((TimeoutError, asyncio.CancelledError)):
            await waiting
        made.pool.give(held)
        assert await made.pool.take(0.1) is held

    asyncio.run(scenario())


def test_given_and_cancelled_at_once():
    """The connection is on its way to somebody who is cancelled before it arrives: it goes back."""

    async def scenario():
        made = Made(1)
        held = await made.pool.take(1)
        waiting = asyncio.create_task(made.pool.take(5))
        await asyncio.sleep(0)
        made.pool.give(held)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await made.pool.take(0.1) is held

    asyncio.run(scenario())


def test_a_broken_one_makes_room():
    async def scenario():
        made = Made(1)
        held = await made.pool.take(1)
        waiting = asyncio.create_task(made.pool.take(5))
        await asyncio.sleep(0)
        made.pool.give(held, broken=True)
        other = await waiting
        assert held.closed
        assert other is not held
        other.closed = True  # it dies while nobody uses it
        made.pool.give(other)
        assert not (await made.pool.take(1)).closed

    asyncio.run(scenario())


def test_a_database_that_is_away_keeps_no_room():
    async def scenario():
        made = Made(2, failing=1)
        for _ in range(5):
            with pytest.raises(ConnectionRefusedError):
                await made.pool.take(1)
        made.failing = 0
        assert await made.pool.take(1)
        assert await made.pool.take(1)

    asyncio.run(scenario())


def test_many_borrowers_in_disorder():
    async def borrow(made, dice):
        for _ in range(50):
            try:
                connection = await made.pool.take(dice.choice([0.001, 5]))
            except (TimeoutError, ConnectionRefusedError):
                continue
            connection.users += 1
            assert connection.users == 1
            assert not connection.closed
            try:
                await asyncio.sleep(dice.choice([0, 0, 0.0005]))
            finally:
                connection.users -= 1
                made.pool.give(connection, broken=dice.random() < 0.1)

    async def scenario():
        made, dice = Made(4, failing=0.1), random.Random(3)
        tasks = [asyncio.create_task(borrow(made, dice)) for _ in range(40)]
        for task in dice.sample(tasks, 10):
            await asyncio.sleep(0.001)
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(each) for each in results} <= {type(None), asyncio.CancelledError}
        assert len(made.open) <= 4
        made.failing = 0
        taken = [await made.pool.take(1) for _ in range(4)]
        assert len(set(taken)) == 4
        with pytest.raises(TimeoutError):
            await made.pool.take(0.01)
        for each in taken:
            made.pool.give(each)
        await made.pool.close(1)
        assert made.open == []

    asyncio.run(scenario())


def test_closing_waits_for_what_is_lent():
    async def scenario():
        made = Made(2)
        one, two = await made.pool.take(1), await made.pool.take(1)
        closing = asyncio.create_task(made.pool.close(0.2))
        await asyncio.sleep(0.05)
        assert not one.closed
        made.pool.give(one)
        await closing
        assert one.closed
        assert two.closed  # it was not given back in time

    asyncio.run(scenario())
