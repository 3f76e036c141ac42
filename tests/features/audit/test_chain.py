"""Whatever is done to the log behind the server's back is found, and says where."""

from collections.abc import Iterator

import pytest
from audit_log import as_owner_of_everything, events, verified

from lakeward import audit
from lakeward.runtime.crypto import MasterKeys
from lakeward.runtime.db import Database
from server import Server

EVENTS = 12


@pytest.fixture
def server(serving) -> Iterator[Server]:
    """Twelve events in three batches."""
    with serving() as started:
        for batch in range(3):
            for number in range(4):
                started.local.experiment(f"{batch} {number}")
            started.backend.loop.run(seal(started))
        yield started


async def seal(server: Server) -> int:
    db = await Database.open(server.backend.dsn_of(server.database), size=1)
    try:
        return await audit.seal(db, server.settings.master_key_source, wait=True)
    finally:
        await db.close()


def findings(server: Server, expected: str = "") -> list[tuple[int, str]]:
    return [(each.seq, each.kind) for each in verified(server, expected).findings]


def test_untouched(server: Server) -> None:
    report = verified(server)
    assert report.well
    assert (report.events, report.first, report.seals, report.not_sealed_yet) == (EVENTS, 1, 3, 0)
    assert report.head.startswith(f"{EVENTS}:")
    server.local.experiment("waiting")
    assert verified(server).not_sealed_yet == 1
    assert verified(server).well


RENAME = "UPDATE audit_event SET record = replace(record::text, 'owner', 'other')::json WHERE seq = 5"
COLUMNS = "time, principal, service_name, action_name, request_id, workspace_id, status_code"
PUT = f"""
    INSERT INTO audit_event (seq, record, hash, {COLUMNS})
    SELECT 13, record, sha256(hash || convert_to(record::text, 'UTF8')), {COLUMNS} FROM audit_event WHERE seq = 12
"""
# what is done, and what is found then: (event, kind)
ATTACKS: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "one word": (RENAME, [(5, "changed")]),
    "a blank": ("UPDATE audit_event SET record = (record::text || ' ')::json WHERE seq = 5", [(5, "changed")]),
    "with a hash that fits: then the next one does not": (
        RENAME
        + """;
        UPDATE audit_event e SET hash = sha256(p.hash || convert_to(e.record::text, 'UTF8')), principal = 'other'
        FROM audit_event p WHERE e.seq = 5 AND p.seq = 4
        """,
        [(6, "changed")],
    ),
    "what it is found by": ("UPDATE audit_event SET principal = 'other' WHERE seq = 5", [(5, "changed")]),
    "one removed": ("DELETE FROM audit_event WHERE seq = 5", [(5, "missing")]),
    "some removed": ("DELETE FROM audit_event WHERE seq BETWEEN 5 AND 7", [(5, "missing")]),
    "the first ones removed": ("DELETE FROM audit_event WHERE seq < 3", [(1, "missing")]),
    "one removed and the gap closed": (
        """
        DELETE FROM audit_event WHERE seq = 5;
        UPDATE audit_event SET seq = -seq WHERE seq > 5;
        UPDATE audit_event SET seq = -seq - 1 WHERE seq < 0
        """,
        [(5, "changed"), (8, "seal"), (12, "cut"), (9, "unsealed")],
    ),
    "two in each other's place": (
        """
        UPDATE audit_event SET seq = -seq WHERE seq IN (5, 6);
        UPDATE audit_event SET seq = 11 + seq WHERE seq < 0
        """,
        [(5, "changed"), (6, "changed"), (7, "changed")],
    ),
    "one put in between": (
        """
        UPDATE audit_event SET seq = -seq WHERE seq > 5;
        UPDATE audit_event SET seq = 1 - seq WHERE seq < 0;
        INSERT INTO audit_event SELECT 6, record, hash, time, principal, service_name, action_name, request_id,
            workspace_id, status_code FROM audit_event WHERE seq = 5
        """,
        [(6, "changed"), (8, "seal"), (12, "seal"), (13, "unsealed")],
    ),
    "one put at the end": (PUT, [(13, "unsealed")]),
    "the last ones removed": ("DELETE FROM audit_event WHERE seq > 10", [(12, "cut"), (9, "unsealed")]),
    "the last seal removed": ("DELETE FROM audit_seal WHERE seq = 12", [(9, "unsealed")]),
    "all seals removed": ("DELETE FROM audit_seal", [(1, "unsealed")]),
    "a seal changed": ("UPDATE audit_seal SET mac = sha256(mac) WHERE seq = 4", [(4, "seal")]),
    "seals under another key": ("UPDATE audit_seal SET master_key = 'another'", [(12, "seal")]),
    "another start": (
        """
        INSERT INTO audit_start (seq, hash, sealed_at, master_key, mac)
        SELECT seq, hash, 1, master_key, mac FROM audit_seal WHERE seq = 4;
        DELETE FROM audit_seal WHERE seq = 4;
        DELETE FROM audit_event WHERE seq <= 4
        """,
        [(4, "seal"), (4, "seal")],
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_done_is_found(server: Server, attack: str) -> None:
    done, found = ATTACKS[attack]
    as_owner_of_everything(server, done)
    assert findings(server) == found


def test_a_chain_made_anew_without_the_key_is_found(server: Server) -> None:
    """All hashes fit, and nothing shows but the seals."""
    as_owner_of_everything(
        server,
        """
        UPDATE audit_event SET record = replace(record::text, 'owner', 'other')::json, principal = 'other'
        WHERE seq = 5;
        DO $$
        DECLARE before bytea := decode(repeat('00', 32), 'hex'); each record;
        BEGIN
            FOR each IN SELECT seq, record FROM audit_event ORDER BY seq LOOP
                before := sha256(before || convert_to(each.record::text, 'UTF8'));
                UPDATE audit_event SET hash = before WHERE seq = each.seq;
            END LOOP;
            UPDATE audit_seal s SET hash = e.hash FROM audit_event e WHERE e.seq = s.seq;
        END $$;
        """,
    )
    assert findings(server) == [(8, "seal"), (12, "seal"), (12, "seal")]


def test_a_tail_that_was_cut_off_is_found_by_a_head_that_was_noted(server: Server) -> None:
    head = verified(server).head
    assert findings(server, head) == []
    as_owner_of_everything(server, "DELETE FROM audit_event WHERE seq > 8; DELETE FROM audit_seal WHERE seq > 8")
    assert findings(server) == []
    assert findings(server, head) == [(9, "cut")]
    for number in range(4):  # and the chain going on does not cover it
        server.local.experiment(f"again {number}")
    server.backend.loop.run(seal(server))
    assert findings(server) == []
    assert findings(server, head) == [(12, "changed")]


def test_a_new_master_key_vouches_for_what_was_before(server: Server) -> None:
    keys = MasterKeys.read(server.settings.master_key_source)
    new = keys.with_new()
    server.local.experiment("under the new key")
    server.backend.loop.run(seal(server))
    assert verified(server).well
    new.without({keys.first})
    report = verified(server)
    assert report.well
    assert report.seals_of_other_keys == 3
    as_owner_of_everything(server, RENAME)
    assert findings(server) == [(5, "changed")]


def test_retention_takes_whole_batches_and_says_so(server: Server) -> None:
    as_owner_of_everything(server, "UPDATE audit_seal SET sealed_at = 1 WHERE seq <= 8")
    # what was put back in time is no genuine seal any more: make it one, as if the server had made it then
    keys = MasterKeys.read(server.settings.master_key_source)
    from lakeward.audit.chain import signed

    for seq in (4, 8):
        [row] = server.sql("SELECT hash FROM audit_seal WHERE seq = $1", seq)
        mac = signed(keys, seq, row["hash"], 1, kind="seal").mac.hex()
        as_owner_of_everything(server, f"UPDATE audit_seal SET mac = '\\x{mac}' WHERE seq = {seq}")
    assert verified(server).well

    async def expire(days: int) -> int:
        db = await Database.open(server.backend.dsn_of(server.database), size=1)
        try:
            return await audit.expire(db, server.settings.master_key_source, days)
        finally:
            await db.close()

    assert server.backend.loop.run(expire(0)) == 0
    assert server.backend.loop.run(expire(365)) == 8
    assert server.backend.loop.run(expire(365)) == 0
    report = verified(server)
    assert report.well
    assert (report.first, report.events) == (9, 4)
    found = events(server.local)
    assert [each["request_params"].get("name") for each in found[:4]] == ["2 0", "2 1", "2 2", "2 3"]
    assert (found[4]["action_name"], found[4]["request_params"]) == (
        "expireAuditEvents", {"events": 8, "until": 8, "days": 365},
    )  # fmt: skip
    as_owner_of_everything(server, "DELETE FROM audit_event WHERE seq = 9")
    assert findings(server) == [(9, "missing")]
