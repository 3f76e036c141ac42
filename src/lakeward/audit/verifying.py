"""Is the chain what was sealed? Finds changed, missing, inserted and reordered events, and a chain that was cut."""

from collections.abc import AsyncIterator
from typing import Any, Final, Literal

import msgspec

from lakeward.audit import store
from lakeward.audit.chain import genuine, next_hash
from lakeward.audit.records import GENESIS, Seal, Stored
from lakeward.runtime.crypto import MasterKeys
from lakeward.runtime.db import Tx

_PAGE: Final = 5_000
_MOST_FINDINGS: Final = 1_000


Kind = Literal["changed", "missing", "unsealed", "seal", "cut"]


class Finding(msgspec.Struct, frozen=True):
    """What is not right at an event of this number."""

    seq: int
    kind: Kind
    message: str


class Report(msgspec.Struct):
    """`head` is the number and hash of the last event: noted elsewhere, it shows later that nothing was cut off."""

    events: int = 0
    first: int = 0
    head: str = ""
    seals: int = 0
    seals_of_other_keys: int = 0
    not_sealed_yet: int = 0
    findings: list[Finding] = []

    @property
    def well(self) -> bool:
        return not self.findings

    def say(self, seq: int, kind: Kind, message: str) -> None:
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append(Finding(seq, kind, message))


async def verify(tx: Tx, keys: MasterKeys, expected: str = "") -> Report:
    """Read the whole chain. `tx` sees one moment (repeatable read); `expected` is a head that was noted earlier."""
    start = await store.find_start(tx)
    walk = _Walk(keys, start, expected)
    walk.report.not_sealed_yet = await store.waiting(tx)
    seals = _seals(tx, walk.seq)
    seal = await anext(seals, None)
    while page := await store.events_after(tx, walk.seq, _PAGE):
        for each, columns in page:
            walk.event(each, columns)
            while seal is not None and seal.seq <= walk.seq:
                walk.seal(seal, each.hash)
                seal = await anext(seals, None)
    while seal is not None:
        walk.report.say(seal.seq, "cut", "was sealed and is not there")
        seal = await anext(seals, None)
    return walk.ended()


class _Walk:
    """From the start of the chain to its end."""

    def __init__(self, keys: MasterKeys, start: Seal | None, expected: str) -> None:
        self.report = Report()
        self._keys = keys
        if start is not None and not self._trusted(start, "start"):
            self.report.say(start.seq, "seal", "is where the chain begins now, and no master key that is here says so")
        self.seq, self._digest = (start.seq, start.hash) if start else (0, GENESIS)
        self.report.first = self.seq + 1
        wanted, _, self._wanted_hash = expected.partition(":")
        self._wanted = int(wanted or 0)
        self._sealed = self.seq  # up to here
        self._vouched = True  # by the newest seal

    def event(self, each: Stored, columns: tuple[Any, ...]) -> None:
        if each.seq != self.seq + 1:
            _say_missing(self.report, self.seq + 1, each.seq - 1)
        elif next_hash(self._digest, each.record) != each.hash:
            self.report.say(each.seq, "changed", "is not what was recorded here: changed, or put here from elsewhere")
        elif each.event.searched != columns:
            self.report.say(each.seq, "changed", "is found by something else than what was recorded")
        if each.seq == self._wanted and each.hash.hex() != self._wanted_hash:
            self.report.say(each.seq, "changed", "has another hash than the one that was noted")
        self.seq, self._digest = each.seq, each.hash
        self.report.events += 1

    def seal(self, seal: Seal, digest: bytes) -> None:
        self.report.seals += 1
        self._vouched = self._trusted(seal, "seal")
        self._sealed = seal.seq
        if seal.seq != self.seq or seal.hash != digest:
            self.report.say(seal.seq, "seal", "was sealed with another hash")

    def ended(self) -> Report:
        report = self.report
        if self.seq > self._sealed:
            first = self._sealed + 1
            report.say(first, "unsealed", f"and all after it up to {self.seq} were never sealed: put there by hand")
        if not self._vouched:
            report.say(self._sealed, "seal", "has the newest seal, which no master key that is here has made")
        if self._wanted > self.seq:
            report.say(self.seq + 1, "cut", f"and all up to {self._wanted}, which was noted as the last one, are gone")
        report.head = f"{self.seq}:{self._digest.hex()}"
        return report

    def _trusted(self, seal: Seal, kind: str) -> bool:
        """Whether it is under a key that is here, and right."""
        if seal.master_key not in self._keys:
            self.report.seals_of_other_keys += 1
            return False
        if genuine(self._keys, seal, kind=kind):
            return True
        self.report.say(seal.seq, "seal", "has a seal that was not made with the master key")
        return False


async def _seals(tx: Tx, seq: int) -> AsyncIterator[Seal]:
    while page := await store.seals_after(tx, seq, _PAGE):
        for each in page:
            yield each
        seq = page[-1].seq


def _say_missing(report: Report, first: int, last: int) -> None:
    if last < first:
        report.say(first, "missing", "is out of order")
    elif first == last:
        report.say(first, "missing", "is missing")
    else:
        report.say(first, "missing", f"and all after it up to {last} are missing")
