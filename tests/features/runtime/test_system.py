"""What administrators see of an installation, and nobody else."""

import os

from lakeward.runtime.db import Database
from lakeward.runtime.heartbeats import Heart
from server import Caller, Callers, Server


def test_the_facts_of_an_installation(server: Server, client: Caller, callers: Callers) -> None:
    found = client.get("/api/2.0/lakeward/system")
    assert found["database"]["version"].split(".")[0].isdigit()
    assert found["database"]["schema"][:4].isdigit()
    assert found["database"]["size"] > 1_000_000
    assert 1 <= found["database"]["connections"] < found["database"]["most_connections"]
    assert 0 < found["disk"]["free"] < found["disk"]["size"]
    assert found["parts"]["asyncpg"]
    assert callers.admin.get("/api/2.0/lakeward/system")["version"] == found["version"]
    for who in (callers.manager, callers.reader):
        assert who.refused("GET", "/api/2.0/lakeward/system").status == 403
    assert callers.nobody.refused("GET", "/api/2.0/lakeward/system").status == 401


def test_workers_say_that_they_live_and_what_waits(server: Server, client: Caller) -> None:
    server.sql("DELETE FROM worker")
    server.sql(
        "INSERT INTO worker (id, host, pid, seen_at, waiting) VALUES ('x', 'away', 1, now() - interval '1 hour', '{}'),"
        " ('y', 'gone', 1, now() - interval '2 days', '{}')"
    )

    loop, heart = server.backend.loop, Heart()
    db = loop.run(Database.open(server.backend.dsn_of(server.database), size=1))
    loop.run(heart.beat(db, {"audit_events": 7}))
    loop.run(heart.beat(db, {"audit_events": 3}))
    lively = client.get("/api/2.0/lakeward/system")["workers"]
    assert [each["host"] for each in lively[1:]] == ["away"]  # what is a day old is forgotten
    assert (lively[0]["pid"], lively[0]["waiting"]) == (os.getpid(), {"audit_events": 3})
    assert 0 <= lively[0]["seen_seconds_ago"] < 60
    assert lively[1]["seen_seconds_ago"] >= 3600
    loop.run(heart.stop(db))
    loop.run(db.close())
    assert [each["host"] for each in client.get("/api/2.0/lakeward/system")["workers"]] == ["away"]
