"""How a page of runs is found: the choice between few candidates, probes along an index, and sets.

A search with few candidates (some clause, or the experiments themselves, admit at most `few` runs) tests and sorts
just those. Any other walks an index in the order asked for and stops when the page is full. On the way, clauses that
admit not too many runs are tested against the set of those; the others are probed run by run, as long as it is
foreseeable that this fills the page. Where it is not, every clause becomes a set. If those have few runs in common,
these are the candidates; otherwise the walk goes on against the sets. So no search costs more than reading the index
entries of its keys once or twice, whatever its clauses have in common.

Ordering by a metric, param or tag is a walk through groups of equal value. Ties, the NaNs and the runs without the key
are searches of their own with one clause more and one sort key less. Figures: docs/search-plans.md.
"""

import functools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final, TypeVar

from lakeward.kit.filters import Op
from lakeward.kit.pages import Part
from lakeward.runtime.db import Tx
from lakeward.tracking.search.ordering import LAST, MISSING, VALUE, Key, Position, Row, after, order_by
from lakeward.tracking.search.predicates import (
    NAN,
    AttributeIs,
    HasKey,
    HeadIs,
    MetricIs,
    Predicate,
    TextIs,
    Visible,
)
from lakeward.tracking.search.statement import HEAD, Members, Statement
from lakeward.tracking.search.streams import Clauses, KeyStream, Stretch, TimeStream, intersection, sets

UNKNOWN: Final = 0  # the id of a key that nobody ever used
FEW: Final = 2_000  # candidates worth probing one by one: 10 to 20 ms
MOST_FEW: Final = 10_000
SMALL: Final = 50_000  # a set of so many is made in 20 ms
FIRST: Final = 500  # entries probed to see how many pass
FURTHER: Final = 6_000  # entries probed when that promises a full page
NEWEST: Final = 20_000  # newest runs whose rows are looked at when that promises a full page
RARE: Final = 1 / 200  # below this share of passing entries the clauses may have few runs in common
SLACK: Final = 8  # entries read beyond a page, so that its last group of equal values is mostly complete

# A set that the planner expects not to fit is searched line by line, which takes hours: leave no doubt. What is really
# used is about 60 bytes a run.
_ROOM: Final = "SET LOCAL work_mem = '1GB'"


Entries = list[tuple[int, Part]]
Found = TypeVar("Found")


class Few(Exception):
    """The clauses have so few runs in common that these should be arranged instead of walking on."""

    def __init__(self, seqs: list[int]) -> None:
        super().__init__()
        self.seqs = seqs


class Walk:
    """One search over the runs of `experiments` as far as they are `visible`."""

    def __init__(
        self, tx: Tx, experiments: Sequence[int], visible: Visible, clauses: Clauses, keys: Sequence[Key]
    ) -> None:
        self.tx = tx
        self.experiments = experiments
        self.visible = visible
        self.clauses = clauses
        self.keys = keys
        self.few = FEW
        self._small: set[Predicate] = set()  # clauses known to admit not too many runs
        self._weighed = False
        self._intersected = False
        self._passing = 0.0  # the share that passed where probing was given up

    async def first(self, position: Position | None, limit: int) -> list[Row]:
        """The first `limit` runs after `position`."""
        self.few = min(max(FEW, 2 * limit), MOST_FEW)
        rows = await self._soon(position, limit)
        if rows is not None:
            return rows
        found = await self._candidates(self.clauses, whole=True)
        if found is not None:
            return await self._arranged(*found, self.keys, position, limit)
        try:
            return await self._ordered(self.clauses, self.keys, position, limit)
        except Few as common:
            return await self._arranged(common.seqs, self.clauses, self.keys, position, limit)

    async def newest(self, limit: int) -> list[Row]:
        """What passes among the newest runs alone, for clauses on the run's row that no index knows."""
        s = self._statement()
        stream = TimeStream(self.visible, self.clauses, (), None)
        return await self._page(stream.newest(s, Stretch(0, NEWEST)), s, (), None, limit)

    async def _soon(self, position: Position | None, limit: int) -> list[Row] | None:
        """By start time with nothing but the run's row to look at: the newest thousands probably have a page."""
        rows = tuple(clause for clause in self.clauses if isinstance(clause, AttributeIs))
        if self.keys or len(rows) < len(self.clauses):
            return None
        stream = TimeStream(self.visible, self.clauses, (), position)
        if not any(clause.indexed for clause in rows):
            return await self._timed(stream, (), (), None, limit)

        async def look(stretch: Stretch, want: int) -> list[Row]:
            s = self._statement()
            return await self._page(stream.newest(s, stretch), s, (), position, want)

        return await self._through(replace(stream, rows=()), (), look, limit, NEWEST)

    async def _ordered(self, clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int) -> list[Row]:
        if not keys or keys[0].start_time:
            return await self._by_time(clauses, keys, position, limit)
        if not keys[0].keyed:
            return await self._sorted(clauses, keys, position, limit)
        return await self._by_key(clauses, keys, position, limit)

    # ── few candidates ───────────────────────────────────────────────────────────────────────────────────────────

    async def _candidates(
        self, clauses: Clauses, *, whole: bool = False, only: Predicate | None = None
    ) -> tuple[list[int], Clauses] | None:
        """(runs, clauses yet to test) if some clause admits few runs, or the experiments hold few."""
        s = self._statement()
        samples: list[tuple[Predicate | None, Members, bool]] = []
        for clause in [only] if only else (*clauses, self.visible):
            sample = clause.sample(s)
            if sample:
                samples.append((clause, sample.members, sample.exact))
        if whole:
            samples.append((None, Members("r.seq", "run r", (s.within("r.experiment_id"),)), False))
        if not samples:
            return None
        most = s.add(self.few + 1)
        columns = ", ".join(f"ARRAY({members.sql()} LIMIT {most})" for _, members, _ in samples)
        lists = await self._fetch(f"SELECT {columns}", s)
        known = [(each, found) for each, found in zip(samples, lists[0], strict=True) if len(found) <= self.few]
        if not known:
            return None
        decided = {id(clause) for (clause, _, exact), _ in known if exact}
        common = set.intersection(*(set(found) for _, found in known))
        return list(common), tuple(clause for clause in clauses if id(clause) not in decided)

    async def _weigh(self) -> bool:
        """Find out which clauses admit so few runs that the set of those is cheap; true if that is news."""
        countable = [
            clause
            for clause in self.clauses
            if not clause.has_row and (sample := clause.sample(self._statement())) and sample.exact
        ]
        if self._weighed or not countable:
            return False
        self._weighed = True
        s = self._statement()
        most = s.add(SMALL)
        selects = (f"(SELECT count(*) FROM ({clause.members(s).sql()} LIMIT {most}) x)" for clause in countable)
        (counts,) = await self._fetch(f"SELECT {', '.join(selects)}", s)
        self._small = {clause for clause, count in zip(countable, counts, strict=True) if count < SMALL}
        return bool(self._small)

    def _split(self, clauses: Clauses) -> tuple[Clauses, Clauses]:
        """(those to test against sets, those to probe)."""
        small = tuple(clause for clause in clauses if clause in self._small)
        return small, tuple(clause for clause in clauses if clause not in self._small)

    async def _give_up_probing(self) -> None:
        """Before whole sets are walked: raise `Few` if all clauses together admit few runs."""
        if self._intersected or self._passing > RARE:
            return
        self._intersected = True
        s = self._statement()
        common = intersection(s, self.clauses)
        if common:
            seqs = [row[0] for row in await self._fetch(f"{common} LIMIT {s.add(self.few + 1)}", s, room=True)]
            if len(seqs) <= self.few:
                raise Few(seqs)

    async def _arranged(
        self, seqs: Sequence[int], clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int
    ) -> list[Row]:
        """Of these runs, those that pass, in order."""
        if not seqs:
            return []
        s = self._statement()
        # One lookup by number for each. What PostgreSQL believes of an experiment that it has not analyzed yet, that
        # it holds one run, would make it compare every candidate with every run.
        row = "LATERAL (SELECT * FROM run WHERE run.seq = c.seq OFFSET 0) AS r"
        source = f"unnest({s.add(list(seqs))}::bigint[]) AS c(seq), {row}"
        tests = [s.within("r.experiment_id"), self.visible.on_row(s)]
        tests += [clause.on_row(s) if clause.has_row else clause.probe(s, "r.seq") for clause in clauses]
        values = "".join(f", {key.value(s)} AS o{number}" for number, key in enumerate(keys))
        inner = f"SELECT r.seq, r.start_time, r.run_id{values} FROM {source} WHERE {' AND '.join(tests)} OFFSET 0"
        return await self._page(inner, s, keys, position, limit, cached=True)

    # ── by start time, and by other attributes ───────────────────────────────────────────────────────────────────

    async def _by_time(self, clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int) -> list[Row]:
        rows = tuple(clause for clause in clauses if clause.has_row)
        others = tuple(clause for clause in clauses if not clause.has_row)
        stream = TimeStream(self.visible, rows, keys, position)
        if not others:
            return await self._timed(stream, (), (), None, limit)
        if not keys:  # else runs of one start time have an order of their own, which a stretch would cut
            found = await self._by_stretches(stream, functools.partial(self._timed, stream), others, limit)
            if found is not None:
                return found
        await self._give_up_probing()
        return await self._timed(stream, others, (), None, limit)

    async def _timed(
        self, stream: TimeStream, small: Clauses, large: Clauses, stretch: Stretch | None, limit: int
    ) -> list[Row]:
        s = self._statement()
        inner = stream.inner(s, small, stretch)
        tests = [clause.probe(s, "x.seq") for clause in sorted(large, key=lambda each: each.rank)]
        simple = not stream.rows and not small and not large and s.single
        return await self._page(
            inner, s, stream.keys, stream.position, limit, tests=tests, cached=simple, room=bool(small)
        )

    async def _sorted(self, clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int) -> list[Row]:
        """By a column without an index of its own: all runs that pass, once."""
        await self._give_up_probing()
        s = self._statement()
        tests = [s.within("r.experiment_id"), self.visible.on_row(s)]
        tests += [clause.on_row(s) for clause in clauses if clause.has_row]
        tests += sets(s, "r.seq", [clause for clause in clauses if not clause.has_row])
        joined = [key.joined(s, f"k{number}") for number, key in enumerate(keys)]
        values = "".join(f", {value} AS o{number}" for number, (value, _) in enumerate(joined))
        source = "run r" + "".join(join for _, join in joined)
        fence = " OFFSET 0" if any(key.keyed for key in keys) else ""  # nothing is looked up twice
        inner = f"SELECT r.seq, r.start_time, r.run_id{values} FROM {source} WHERE {' AND '.join(tests)}{fence}"
        return await self._page(inner, s, keys, position, limit, room=True)

    # ── by a metric, param or tag ────────────────────────────────────────────────────────────────────────────────

    async def _by_key(self, clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int) -> list[Row]:
        head, rest = keys[0], keys[1:]
        rank, value = position.keys[0] if position else (VALUE, None)
        tail = position.rest() if position else None
        rows: list[Row] = []
        if head.key_id == UNKNOWN:
            return prefixed(None, await self._ordered(clauses, rest, tail, limit))
        if rank == VALUE:
            if position:
                rows += await self._group(clauses, keys, value, position, limit)
            beyond = value[:HEAD] if isinstance(value, str) else value
            rows += await self._values(clauses, keys, beyond, limit - len(rows))
        if head.metric and rank <= LAST and len(rows) < limit:
            nan = MetricIs(head.key_id, Op.EQ, NAN)
            found = await self._narrowed(clauses, nan, rest, tail if rank == LAST else None, limit - len(rows))
            rows += prefixed(NAN, found)
        if len(rows) < limit:
            missing = HasKey(head.table, head.key_id, present=False)
            tail = tail if rank == MISSING else None
            rows += prefixed(None, await self._ordered((*clauses, missing), rest, tail, limit - len(rows)))
        return rows

    async def _narrowed(
        self, clauses: Clauses, extra: Predicate, keys: Sequence[Key], position: Position | None, limit: int
    ) -> list[Row]:
        """The same search with one clause more."""
        found = await self._candidates((extra, *clauses), only=extra)
        if found is not None:
            return await self._arranged(*found, keys, position, limit)
        return await self._ordered((*clauses, extra), keys, position, limit)

    async def _group(
        self, clauses: Clauses, keys: Sequence[Key], value: Part, position: Position | None, limit: int
    ) -> list[Row]:
        """The runs of one value (of one beginning, where the text is longer than its index holds) after `position`."""
        head = keys[0]
        if isinstance(value, str) and len(value) >= HEAD:
            s = self._statement()
            members = HeadIs(head.table, head.key_id, value[:HEAD]).members(s)
            seqs = [row[0] for row in await self._fetch(members.sql(), s)]
            return await self._arranged(seqs, clauses, keys, position, limit)
        same: Predicate
        if isinstance(value, str):
            same = TextIs(head.table, head.key_id, Op.EQ, value)
        else:
            assert value is not None
            same = MetricIs(head.key_id, Op.EQ, value)
        found = await self._narrowed(clauses, same, keys[1:], position.rest() if position else None, limit)
        return prefixed(value, found)

    async def _values(self, clauses: Clauses, keys: Sequence[Key], beyond: Part, limit: int) -> list[Row]:
        """Runs that have the key, group by group, from `beyond` on."""
        rows: list[Row] = []
        while len(rows) < limit:
            want = limit - len(rows) + SLACK
            found = await self._entries(clauses, KeyStream(self.visible, keys[0], beyond), want)
            groups = [(value, [seq for seq, _ in group]) for value, group in groupby(found, key=lambda each: each[1])]
            cut = groups.pop() if len(found) == want else None
            rows += await self._complete(groups, keys)
            if cut is None:
                break
            beyond = cut[0]
            if len(rows) < limit:
                rows += await self._group(clauses, keys, beyond, None, limit - len(rows))
        return rows[:limit]

    async def _complete(self, groups: Sequence[tuple[Part, list[int]]], keys: Sequence[Key]) -> list[Row]:
        """Whole groups in order. A run that is alone in its group needs no look at its row."""
        tied = [seq for _, seqs in groups if len(seqs) > 1 for seq in seqs]
        ready: dict[Part, list[Row]] = {}
        for row in await self._arranged(tied, (), keys, None, len(tied)):
            value = row.values[0]
            ready.setdefault(value[:HEAD] if isinstance(value, str) else value, []).append(row)
        alone = (None,) * (len(keys) - 1)
        return [
            row
            for value, seqs in groups
            for row in ready.get(value) or ([Row(seqs[0], -1, "", (value, *alone))] if len(seqs) == 1 else [])
        ]

    async def _entries(self, clauses: Clauses, stream: KeyStream, want: int) -> Entries:
        """(run, value) along the index of the key: `want` of them, or all that are left."""

        async def look(small: Clauses, large: Clauses, stretch: Stretch, most: int) -> Entries:
            s = self._statement()
            rows = await self._fetch(stream.probed(s, small, large, stretch, most), s, room=bool(small))
            return [(row[0], row[1]) for row in rows]

        found = await self._by_stretches(stream, look, clauses, want)
        if found is not None:
            return found
        await self._give_up_probing()
        s = self._statement()
        rows = await self._fetch(stream.inner(s, (self.visible, *clauses), Stretch(0, want)), s, room=True)
        return [(row[0], row[1]) for row in rows]

    # ── stretch by stretch ───────────────────────────────────────────────────────────────────────────────────────

    async def _by_stretches(
        self,
        stream: TimeStream | KeyStream,
        look: Callable[[Clauses, Clauses, Stretch, int], Awaitable[list[Found]]],
        clauses: Clauses,
        want: int,
    ) -> list[Found] | None:
        """What passes along a stream: with probes alone, then with sets for the clauses that admit few."""
        while True:
            small, large = self._split(clauses)
            found = await self._through(stream, small, functools.partial(look, small, large), want, FURTHER)
            if found is not None or not await self._weigh():
                return found

    async def _through(
        self,
        stream: TimeStream | KeyStream,
        small: Clauses,
        look: Callable[[Stretch, int], Awaitable[list[Found]]],
        want: int,
        furthest: int,
    ) -> list[Found] | None:
        """A full page, or all there is; None where going on does not promise a full page within `furthest` entries."""
        found: list[Found] = []
        stretch = Stretch(0, min(FIRST, furthest))
        while stretch.length:
            found += await look(stretch, want - len(found))
            if len(found) == want:
                return found
            s = self._statement()
            left = f"SELECT count(*) FROM ({stream.inner(s, small, stretch)}) x"
            if (await self._fetch(left, s, room=bool(small)))[0][0] < stretch.length:
                return found
            walked = stretch.start + stretch.length
            needed = walked * (want - len(found)) * 3 // (len(found) * 2) + 1 if found else furthest
            stretch = Stretch(walked, needed if walked + needed <= furthest else 0)
            self._passing = len(found) / walked
        return None

    # ── statements ───────────────────────────────────────────────────────────────────────────────────────────────

    async def placed(self, row: Row) -> Row:
        """The row with everything that its position needs."""
        if row.start_time >= 0 or row.run_id:
            return row
        found = await self._arranged([row.seq], (), self.keys, None, 1)
        return found[0] if found else row

    def _statement(self) -> Statement:
        return Statement(self.experiments)

    async def _page(
        self,
        inner: str,
        s: Statement,
        keys: Sequence[Key],
        position: Position | None,
        limit: int,
        *,
        tests: Sequence[str] = (),
        cached: bool = False,
        room: bool = False,
    ) -> list[Row]:
        """The rows of an inner select (seq, start_time, run_id, o0, o1, …) that come first after `position`."""
        where = [*tests, *([after(keys, position, s)] if position else [])]
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        sql = f"SELECT * FROM ({inner}) x{condition} ORDER BY {order_by(keys)} LIMIT {s.add(limit)}"
        rows = await self._fetch(sql, s, cached=cached, room=room)
        return [Row(row[0], row[1], row[2], tuple(row)[3:]) for row in rows]

    async def _fetch(self, sql: str, s: Statement, *, cached: bool = False, room: bool = False) -> list[Any]:
        """Statements whose best plan depends on what is asked are planned each time."""
        rows: list[Any]
        if cached:
            rows = await self.tx.fetch(sql, *s.values)
        elif room:
            async with self.tx.transaction():
                await self.tx.execute(_ROOM)
                rows = await (await self.tx.prepare(sql)).fetch(*s.values)
        else:
            rows = await (await self.tx.prepare(sql)).fetch(*s.values)
        return rows


def prefixed(value: Part, rows: Iterable[Row]) -> list[Row]:
    """Rows of a group with the value of the group before their own."""
    return [replace(row, values=(value, *row.values)) for row in rows]
