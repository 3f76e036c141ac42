"""The log as the Delta table `system.access.audit`: what is in it, once each, for whom, and for how long."""

import datetime as dt
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from audit_log import as_owner_of_everything, events
from deltalake import DeltaTable

from lakeward import audit, catalog
from lakeward.audit import table_writer
from lakeward.runtime.db import Database
from lakeward.runtime.http import Role
from lakeward.runtime.lake import Lake
from lakeward.runtime.objects import ObjectStore
from server import Caller, Callers, Server

UC = "/api/2.1/unity-catalog"
AUDIT = "system.access.audit"
SAMPLE = f"/api/2.0/lakeward/catalog/tables/{AUDIT}/sample"


class Keeper:
    """What the worker does, at the push of a button."""

    def __init__(self, server: Server) -> None:
        settings = server.settings
        self._server, self._loop = server, server.backend.loop
        self.objects = ObjectStore.open(settings.objects_location, settings.objects)
        self._lake = Lake(self.objects, settings.objects_location, settings.objects)
        self._db = self._loop.run(Database.open(server.backend.dsn_of(server.database), size=2, lake=self._lake))
        self._root = Path(settings.objects_location)

    def keep(self, days: int = 0) -> int:
        return self._loop.run(self._keep(days))

    async def _keep(self, days: int) -> int:
        await audit.seal(self._db, self._server.settings.master_key_source, wait=True)
        async with self._db.connection() as connection:
            self.prefix = await catalog.prefix_of_audit(connection)
        return await audit.bring_up_to_date(self._db, self._lake, self.prefix, days)

    @property
    def path(self) -> Path:
        return self._root / self.prefix

    def rows(self, what: str = "event_id", more: str = "") -> list[Any]:
        files = DeltaTable(str(self.path)).file_uris()
        with duckdb.connect() as connection:
            return connection.execute(f"SELECT {what} FROM read_parquet($1) {more}", [files]).fetchall()

    def close(self) -> None:
        self._loop.run(self._db.close())
        self.objects.close()


@pytest.fixture(scope="module")
def server(serving: Callable[..., AbstractContextManager[Server]]) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def keeper(server: Server) -> Iterator[Keeper]:
    made = Keeper(server)
    yield made
    made.close()


def once_each(keeper: Keeper, client: Caller) -> None:
    """The table has the events of the log, each once."""
    counts = Counter(row[0] for row in keeper.rows())
    assert set(counts.values()) == {1}
    log = {each["event_id"] for each in events(client)}
    missing = log - counts.keys()
    assert len(missing) <= 1, missing  # the reading of the log comes later than what it reads


def test_it_has_what_the_log_has(server: Server, client: Caller, keeper: Keeper) -> None:
    assert client.get(SAMPLE)["written"] is False
    client.experiment("to be seen in the table")
    server.caller(authorization="Bearer wrong", x_forwarded_for="203.0.113.9").refused("GET", "experiments/get")
    assert keeper.keep() >= 2
    [[name, status, email, day, where, level]] = keeper.rows(
        "request_params['name'], response.status_code, user_identity.email, event_time::date, workspace_id,"
        " audit_level",
        "WHERE action_name = 'createMlflowExperiment'",
    )
    assert (name, status, email, where, level) == ("to be seen in the table", 200, "owner", 1, "WORKSPACE_LEVEL")
    assert abs(day - dt.datetime.now(dt.UTC).date()) <= dt.timedelta(days=1)
    assert keeper.rows("source_ip_address", "WHERE response.status_code = 401") == [("203.0.113.9",)]
    once_each(keeper, client)
    told = client.get(f"{UC}/tables/{AUDIT}")
    written = DeltaTable(told["storage_location"]).schema().fields
    assert [(each["name"], each["type_name"].lower()) for each in told["columns"]] == [
        (field.name, json.loads(field.type.to_json())["type"] if "{" in field.type.to_json() else field.type.type)
        for field in written
    ]
    sample = client.get(SAMPLE, max_rows=200)
    assert sample["columns"][0] == {"name": "version", "type": "string"}
    assert len(sample["rows"]) >= 2


def test_nothing_new_writes_nothing(client: Caller, keeper: Keeper) -> None:
    while keeper.keep():  # what tests before this one left, and reading the log
        pass
    before = sorted(path for path in keeper.path.rglob("*"))
    assert keeper.keep() == 0
    assert sorted(path for path in keeper.path.rglob("*")) == before


def test_killed_before_it_was_noted(server: Server, client: Caller, keeper: Keeper) -> None:
    """The table knows what it has: neither a lost note nor a database from a backup makes an event come twice."""
    client.experiment()
    keeper.keep()
    noted = server.sql("SELECT written FROM audit_table")[0][0]
    server.sql("UPDATE audit_table SET written = $1", noted - 2)
    client.experiment()
    assert keeper.keep() >= 3
    once_each(keeper, client)
    assert server.sql("SELECT written FROM audit_table")[0][0] > noted


def test_a_database_from_a_backup(server: Server, client: Caller, keeper: Keeper) -> None:
    """Events that took the numbers of lost ones are written, those that are there are not."""
    keeper.keep()
    lost, kept = client.experiment(), client.experiment()
    assert lost != kept
    keeper.keep()
    [[noted]] = server.sql("SELECT written FROM audit_table")
    as_owner_of_everything(
        server,
        f"DELETE FROM audit_event WHERE seq > {noted - 2}; DELETE FROM audit_seal WHERE seq > {noted - 2};"
        f"UPDATE audit_table SET written = {noted - 3}",
    )
    again = [client.experiment() for _ in range(5)]
    assert len(again) == 5
    keeper.keep()
    once_each(keeper, client)
    assert server.sql("SELECT written FROM audit_table")[0][0] > noted


def test_an_object_store_from_a_backup(server: Server, client: Caller, keeper: Keeper) -> None:
    """What the table has lost comes again, as far as the log still has it."""
    client.experiment()
    keeper.keep()
    keeper.path.rename(keeper.path.with_name("lost"))
    client.experiment()
    keeper.keep()
    once_each(keeper, client)


def test_two_that_write_at_once(tmp_path: Path) -> None:
    """A worker was killed, what it had started was not, and the next one starts another."""
    day = dt.date(2026, 3, 1)
    rows = [_event(number, day) for number in range(1, 400)]
    told = _order(tmp_path, rows)
    assert _write(told | {"rows": rows[:1]})["written"] == 1
    writers = [subprocess.Popen([sys.executable, table_writer.__file__], **_piped()) for _ in range(3)]
    answers = []
    for each in writers:
        each.stdin.write(json.dumps(told | {"written": 1, "rows": rows[1:]}).encode())
        each.stdin.close()
    for each in writers:
        answers.append(json.loads(each.stdout.read()))
        each.stdout.close()
        assert each.wait(60) == 0
    assert {"written": 399} in answers
    assert sorted(_ids(tmp_path)) == sorted(each["event_id"] for each in rows)


def test_old_days_go_and_small_files_are_merged(tmp_path: Path) -> None:
    today = dt.date(2026, 3, 10)
    told = _order(tmp_path, []) | {"today": "2026-03-10"}
    for number in range(1, 7):
        day = today - dt.timedelta(days=number % 3 * 4)  # the 10th, the 6th and the 2nd, twice each
        _write(told | {"written": number - 1, "rows": [_event(number, day)]})
    assert len(DeltaTable(str(tmp_path)).file_uris()) == 6
    _write(told | {"written": 6, "tidy": True, "before": "2026-03-04"})
    files = DeltaTable(str(tmp_path)).file_uris()
    assert sorted(Path(each).parent.name for each in files) == ["event_date=2026-03-06", *["event_date=2026-03-10"] * 2]
    assert sorted(_ids(tmp_path)) == ["event 1", "event 3", "event 4", "event 6"]
    version = DeltaTable(str(tmp_path)).version()
    _write(told | {"written": 6, "tidy": True, "before": "2026-03-04"})
    assert DeltaTable(str(tmp_path)).version() == version


def _event(number: int, day: dt.date) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(audit.COLUMNS)
    days = (day - dt.date(1970, 1, 1)).days
    more = {"seq": number, "event_id": f"event {number}", "event_date": days, "event_time": days * 86_400_000}
    return row | more | {"request_params": {"name": "x"}, "workspace_id": 1}


def _order(place: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "location": place.as_uri(), "options": {}, "written": 0, "columns": list(audit.COLUMNS), "rows": rows,
        "tidy": False, "today": "2026-03-01", "before": None,
    }  # fmt: skip


def _piped() -> dict[str, Any]:
    return {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


def _write(order: dict[str, Any]) -> dict[str, Any]:
    return table_writer.write(order)


def _ids(place: Path) -> list[str]:
    with duckdb.connect() as connection:
        files = DeltaTable(str(place)).file_uris()
        return [row[0] for row in connection.execute("SELECT event_id FROM read_parquet($1)", [files]).fetchall()]


# ── for whom ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_administrators_see_it_in_every_workspace(server: Server, callers: Callers, client: Caller) -> None:
    assert "system" in [each["name"] for each in client.get(f"{UC}/catalogs")["catalogs"]]
    assert [each["name"] for each in client.get(f"{UC}/schemas", catalog_name="system")["schemas"]] == ["access"]
    callers.stranger  # noqa: B018 - makes the other workspace
    [[other]] = server.sql("SELECT id FROM workspace WHERE name = 'other'")
    there = server.caller(x_databricks_org_id=str(other))
    assert there.get(f"{UC}/tables/{AUDIT}")["table_id"] == client.get(f"{UC}/tables/{AUDIT}")["table_id"]
    listed = client.get("/api/3.0/mlflow/workspaces")["workspaces"]
    assert {each["name"] for each in listed} == {"default", "other"}
    assert server.caller(x_databricks_org_id="0").refused("GET", f"{UC}/catalogs").status == 404


def test_nobody_else_does(callers: Callers, client: Caller) -> None:
    table_id = client.get(f"{UC}/tables/{AUDIT}")["table_id"]
    for each in (callers.manager, callers.editor, callers.reader, callers.member, callers.stranger):
        assert "system" not in [each["name"] for each in each.get(f"{UC}/catalogs").get("catalogs", [])]
        for path in (f"{UC}/catalogs/system", f"{UC}/tables/{AUDIT}", SAMPLE, f"{UC}/schemas/system.access"):
            assert each.refused("GET", path).status == 404, path
        body = {"table_id": table_id, "operation": "READ"}
        assert each.refused("POST", f"{UC}/temporary-table-credentials", body).status == 404
        grants = {"changes": [{"principal": "users", "add": ["SELECT"]}]}
        assert each.refused("PATCH", f"{UC}/permissions/table/{AUDIT}", grants).status == 404


def test_whom_an_administrator_lets(server: Server, callers: Callers, client: Caller, keeper: Keeper) -> None:
    client.experiment()
    keeper.keep()
    auditor = server.bearer(server.token("auditor", role=Role.USE))
    for kind, name, privilege in (
        ("catalog", "system", "USE_CATALOG"), ("schema", "system.access", "USE_SCHEMA"), ("table", AUDIT, "SELECT")
    ):  # fmt: skip
        assert auditor.refused("GET", SAMPLE).status == 404
        changes = [{"principal": "auditor", "add": [privilege]}]
        client.call("PATCH", f"{UC}/permissions/{kind}/{name}", json={"changes": changes})
    assert auditor.get(SAMPLE)["rows"]
    assert auditor.get(f"{UC}/tables/{AUDIT}")["full_name"] == AUDIT
    assert auditor.refused("DELETE", f"{UC}/tables/{AUDIT}").status in (403, 404)
    assert callers.member.refused("GET", SAMPLE).status == 404
    asked = {"principal": "auditor", "privilege": "SELECT", "object": f"table/{AUDIT}"}
    assert client.post("/api/2.0/lakeward/explain", **asked)["allowed"] is True
    assert auditor.post("/api/2.0/lakeward/explain", **asked)["allowed"] is True
    asked |= {"principal": "editor"}
    assert "elsewhere" in client.post("/api/2.0/lakeward/explain", **asked)["because"][0]
    assert callers.editor.refused("POST", "/api/2.0/lakeward/explain", asked).status == 404
    effective = client.get(f"{UC}/effective-permissions/table/{AUDIT}")["privilege_assignments"]
    assert [each["principal"] for each in effective] == ["auditor"]


def test_nobody_changes_it(client: Caller) -> None:
    """Not its owner's word either: there is none."""
    for right, what, allowed in (
        ("MODIFY", f"table/{AUDIT}", False), ("CREATE_SCHEMA", "catalog/system", False),
        ("SELECT", f"table/{AUDIT}", True), ("MANAGE", "catalog/system", True),
    ):  # fmt: skip
        asked = {"principal": "owner", "privilege": right, "object": what}
        told = client.post("/api/2.0/lakeward/explain", **asked)
        assert told["allowed"] is allowed, asked
        assert ("server's own" in " ".join(told["because"])) is (right != "SELECT")
    table_id = client.get(f"{UC}/tables/{AUDIT}")["table_id"]
    column = {"name": "id", "type_text": "bigint", "type_name": "LONG", "position": 0}
    inside = {"catalog_name": "system", "schema_name": "access", "name": "mine"}
    tag = {"entity_type": "tables", "entity_name": AUDIT, "tag_key": "a", "tag_value": "b"}
    for method, path, body in (
        ("DELETE", f"{UC}/tables/{AUDIT}", None),
        ("PATCH", f"{UC}/tables/{AUDIT}", {"comment": "mine", "owner": "owner"}),
        ("POST", f"{UC}/temporary-table-credentials", {"table_id": table_id, "operation": "READ_WRITE"}),
        ("POST", f"{UC}/tables", inside | {"table_type": "MANAGED", "columns": [column]}),
        ("POST", f"{UC}/volumes", inside | {"volume_type": "MANAGED"}),
        ("POST", f"{UC}/schemas", {"catalog_name": "system", "name": "mine"}),
        ("DELETE", f"{UC}/schemas/system.access?force=true", None),
        ("PATCH", f"{UC}/schemas/system.access", {"comment": "mine"}),
        ("DELETE", f"{UC}/catalogs/system?force=true", None),
        ("PATCH", f"{UC}/catalogs/system", {"isolation_mode": "ISOLATED"}),
        ("PATCH", f"{UC}/bindings/catalog/system", {"add": [{"workspace_id": 1}]}),
        ("POST", f"{UC}/entity-tag-assignments", tag),
        ("POST", "registered-models/create", {"name": "system.access.model"}),
        ("POST", "/api/2.0/mlflow/unity-catalog/registered-models/create", {"name": "system.mine.model"}),
    ):
        assert client.refused(method, path, body).status == 403, path
    assert client.refused("POST", f"{UC}/catalogs", {"name": "system"}).code == "ALREADY_EXISTS"
    assert client.get(f"{UC}/tables", catalog_name="system", schema_name="access")["tables"][0]["comment"] != "mine"
