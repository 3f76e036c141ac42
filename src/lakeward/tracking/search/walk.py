"""How a page of runs is found: the choice between few candidates, a walk in order, and sets.

A search with few candidates (some clause, or the experiments themselves, admit at most `bound`) tests and sorts just
those. Any other walks an index in the order asked for and stops when the page is full. The clauses are first probed
run by run, within a budget; where that does not fill the page, matches are rare, and the sets of runs that each clause
admits are read from their indexes and the same walk tests against those. So no search costs more than reading the
index entries of its keys once, whatever its clauses have in common.

Ordering by a metric, param or tag is a walk through groups of equal value. Ties, the NaNs and the runs without the key
are searches of their own with one clause more and one sort key less. Figures: docs/search-plans.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from lakeward.kit.filters import Op
from lakeward.kit.pages import Part
from lakeward.runtime.db import Tx
from lakeward.tracking.search.ordering import LAST, MISSING, VALUE, Key, Position, Row, after, order_by
from lakeward.tracking.search.predicates import NAN, HasKey, HeadIs, MetricIs, Predicate, TextIs, Visible
from lakeward.tracking.search.statement import HEAD, Members, Statement

UNKNOWN: Final = 0  # the id of a key that nobody ever used
FEW: Final = 2_000  # candidates worth probing one by one: 20 ms
MOST_FEW: Final = 10_000
BUDGET: Final = 4_000  # index entries walked with probes before sets are made
SLACK: Final = 64  # entries read beyond a page, so that its last group of equal values is mostly complete

# A set that the planner expects not to fit is searched line by line, which takes hours: leave no doubt. What is really
# used is about 60 bytes a run.
_ROOM: Final = "SET LOCAL work_mem = '1GB'"

Clauses = tuple[Predicate, ...]


class Walk:
    """One search over the runs of `experiments` as far as they are `visible`."""

    def __init__(self, tx: Tx, experiments: Sequence[int], visible: Visible, limit: int) -> None:
        self.tx = tx
        self.experiments = experiments
        self.visible = visible
        self.few = min(max(FEW, 2 * limit), MOST_FEW)

    async def first(self, clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int) -> list[Row]:
        """The first `limit` runs after `position`."""
        on_rows = all(clause.on_row(Statement(())) and not clause.sample(Statement(())) for clause in clauses)
        if on_rows and not keys:
            return await self._by_time(clauses, keys, position, limit)
        found = await self._candidates(clauses, whole=True)
        if found is not None:
            return await self._arranged(*found, keys, position, limit)
        return await self._ordered(clauses, keys, position, limit)

    async def _ordered(self, clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int) -> list[Row]:
        if not keys or keys[0].start_time:
            return await self._by_time(clauses, keys, position, limit)
        if not keys[0].keyed:
            return await self._sorted(clauses, keys, position, limit)
        return await self._by_key(clauses, keys, position, limit)

    async def _narrowed(
        self, clauses: Clauses, extra: Predicate, keys: Sequence[Key], position: Position | None, limit: int
    ) -> list[Row]:
        """The same search with one clause more."""
        found = await self._candidates((extra, *clauses), only=extra)
        if found is not None:
            return await self._arranged(*found, keys, position, limit)
        return await self._ordered((*clauses, extra), keys, position, limit)

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

    async def _arranged(
        self, seqs: Sequence[int], clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int
    ) -> list[Row]:
        """Of these runs, those that pass, in order."""
        if not seqs:
            return []
        s = self._statement()
        source = f"unnest({s.add(list(seqs))}::bigint[]) AS c(seq) JOIN run r ON r.seq = c.seq"
        tests = [s.within("r.experiment_id"), self.visible.on_row(s)]
        tests += [clause.on_row(s) or clause.probe(s, "r.seq") for clause in clauses]
        values = "".join(f", {key.value(s)} AS o{number}" for number, key in enumerate(keys))
        inner = f"SELECT r.seq, r.start_time, r.run_id{values} FROM {source} WHERE {' AND '.join(tests)} OFFSET 0"
        return await self._page(inner, s, keys, position, limit, cached=True)

    # ── by start time, and by other attributes ───────────────────────────────────────────────────────────────────

    async def _by_time(self, clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int) -> list[Row]:
        others = tuple(clause for clause in clauses if clause.on_row(Statement(())) is None)
        budget = 10 * limit
        if others and budget <= BUDGET:
            rows = await self._timed(clauses, others, keys, position, limit, budget=max(budget, BUDGET // 2))
            if len(rows) == limit:
                return rows
        return await self._timed(clauses, others, keys, position, limit)

    async def _timed(
        self,
        clauses: Clauses,
        others: Clauses,
        keys: Sequence[Key],
        position: Position | None,
        limit: int,
        *,
        budget: int | None = None,
    ) -> list[Row]:
        s = self._statement()
        ascending = bool(keys) and keys[0].ascending
        tests = [s.within("r.experiment_id"), self.visible.on_row(s)]
        tests += [test for clause in clauses if (test := clause.on_row(s))]
        if position:
            tests.append(f"r.start_time {'>=' if ascending else '<='} {s.add(position.start_time)}::bigint")
        if budget is None:
            tests += sets(s, "r.seq", others)
        values = "".join(f", {key.value(s)} AS o{number}" for number, key in enumerate(keys))
        order = "r.start_time" if ascending else "r.start_time DESC" if keys else "r.start_time DESC, r.run_id"
        inner = f"SELECT r.seq, r.start_time, r.run_id{values} FROM run r WHERE {' AND '.join(tests)} ORDER BY {order}"
        if budget is None:
            simple = not others and len(self.experiments) == 1
            return await self._page(f"{inner} OFFSET 0", s, keys, position, limit, cached=simple, room=bool(others))
        probes = [clause.probe(s, "seq") for clause in others]
        return await self._page(f"{inner} LIMIT {s.add(budget)}", s, keys, position, limit, tests=probes)

    async def _sorted(self, clauses: Clauses, keys: Sequence[Key], position: Position | None, limit: int) -> list[Row]:
        """By a column without an index of its own: all runs that pass, once."""
        s = self._statement()
        others = tuple(clause for clause in clauses if clause.on_row(Statement(())) is None)
        tests = [s.within("r.experiment_id"), self.visible.on_row(s)]
        tests += [test for clause in clauses if (test := clause.on_row(s))]
        tests += sets(s, "r.seq", others)
        joined = [key.joined(s, f"k{number}") for number, key in enumerate(keys)]
        values = "".join(f", {value} AS o{number}" for number, (value, _) in enumerate(joined))
        source = "run r" + "".join(join for _, join in joined)
        inner = f"SELECT r.seq, r.start_time, r.run_id{values} FROM {source} WHERE {' AND '.join(tests)} OFFSET 0"
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
            found = await self._entries(clauses, keys[0], beyond, want)
            groups = [(value, [seq for seq, _ in group]) for value, group in groupby(found, key=lambda each: each[1])]
            cut = groups.pop() if len(found) == want else None
            rows += await self._complete(groups, keys)
            if cut is None:
                break
            beyond = cut[0]
            if len(rows) < limit:
                rows += await self._group(clauses, keys, beyond, None, limit - len(rows))
        return rows[:limit]

    async def _complete(self, groups: Iterable[tuple[Part, list[int]]], keys: Sequence[Key]) -> list[Row]:
        """Whole groups in order. A run that is alone in its group needs no look at its row."""
        groups = list(groups)
        tied = [seq for value, seqs in groups if len(seqs) > 1 or _cut(value) for seq in seqs]
        arranged = await self._arranged(tied, (), keys, None, len(tied))
        ready: dict[Part, list[Row]] = {}
        for row in arranged:
            value = row.values[0]
            ready.setdefault(value[:HEAD] if isinstance(value, str) else value, []).append(row)
        alone = (None,) * (len(keys) - 1)
        return [
            row
            for value, seqs in groups
            for row in ready.get(value) or ([Row(seqs[0], -1, "", (value, *alone))] if len(seqs) == 1 else [])
        ]

    async def _entries(self, clauses: Clauses, head: Key, beyond: Part, want: int) -> list[tuple[int, Part]]:
        """(run, value) along the index of the key: `want` of them, or all that are left."""
        budget = 10 * want if clauses else 2 * want
        if want <= BUDGET // 2:
            found = await self._probed(clauses, head, beyond, want, min(budget, BUDGET))
            if len(found) == want:
                return found
        s = self._statement()
        source, where, column, order = self._along(s, head, beyond)
        where += sets(s, "k.run_seq", (self.visible, *clauses))
        entries = f"SELECT k.run_seq, {column} FROM {source} WHERE {' AND '.join(where)} ORDER BY {order}"
        return await self._pairs(f"{entries} LIMIT {s.add(want)}", s, room=True)

    async def _probed(
        self, clauses: Clauses, head: Key, beyond: Part, want: int, budget: int
    ) -> list[tuple[int, Part]]:
        s = self._statement()
        source, where, column, order = self._along(s, head, beyond)
        inner = (
            f"SELECT k.run_seq, {column} AS value FROM {source} WHERE {' AND '.join(where)}"
            f" ORDER BY {order} LIMIT {s.add(budget)}"
        )
        probes = [clause.probe(s, "x.run_seq") for clause in sorted(clauses, key=lambda each: each.rank)]
        tests = " AND ".join([*probes, self.visible.probe(s, "x.run_seq")])
        direction = "" if head.ascending else " DESC"
        return await self._pairs(
            f"SELECT x.run_seq, x.value FROM ({inner}) x WHERE {tests} ORDER BY x.value{direction} LIMIT {s.add(want)}",
            s,
        )

    def _along(self, s: Statement, head: Key, beyond: Part) -> tuple[str, list[str], str, str]:
        """(source, where, column, order) of the index of a key, from `beyond` on."""
        column = "k.value" if head.metric else "k.head"
        where = [f"k.key_id = {s.add(head.key_id)}::int", s.within("k.experiment_id")]
        if head.metric:
            where.append("k.value < 'NaN'")
        if beyond is not None:
            where.append(f"{column} {'>' if head.ascending else '<'} {s.add(beyond)}::{head.kind}")
        return f"{head.table} k", where, column, column if head.ascending else f"{column} DESC"

    # ── statements ───────────────────────────────────────────────────────────────────────────────────────────────

    async def place(self, row: Row, keys: Sequence[Key]) -> Row:
        """The row with everything that its position needs."""
        if row.start_time >= 0 or row.run_id:
            return row
        (placed,) = await self._arranged([row.seq], (), keys, None, 1) or [row]
        return replace(placed, values=placed.values)

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

    async def _pairs(self, sql: str, s: Statement, *, room: bool = False) -> list[tuple[int, Part]]:
        return [(row[0], row[1]) for row in await self._fetch(sql, s, room=room)]

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


def sets(s: Statement, seq: str, clauses: Iterable[Predicate]) -> list[str]:
    """Tests against whole sets. Each set is narrowed by the smaller ones before it is kept."""
    tests, chain = list[str](), ""
    for clause in sorted(clauses, key=lambda each: each.rank):
        members = clause.members(s)
        if clause.negative:
            tests.append(f"NOT ({seq} IN ({members.sql()}))")
        else:
            chain = members.sql(*([f"({members.column} IN ({chain})) IS TRUE"] if chain else []))
    if chain:
        tests.append(f"({seq} IN ({chain})) IS TRUE")
    return tests


def prefixed(value: Part, rows: Iterable[Row]) -> list[Row]:
    """Rows of a group with the value of the group before their own."""
    return [replace(row, values=(value, *row.values)) for row in rows]


def _cut(value: Part) -> bool:
    return isinstance(value, str) and len(value) >= HEAD
