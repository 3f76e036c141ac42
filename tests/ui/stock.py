"""A catalog as a team has it: tables with rows, a volume with files, a function, a model, grants and tags.

And webhooks, one of which was told something.
"""

import contextlib
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import deltalake
import pyarrow as pa
from world import png

from features.webhooks.conftest import dispatching
from lakeward.runtime.http import Role
from receiver import Receiver
from server import Caller, Server

CATALOG = "acme"
SCHEMA = f"{CATALOG}.sales"
TABLE = f"{SCHEMA}.orders"
VOLUME = f"{SCHEMA}.reports"
FUNCTION = f"{SCHEMA}.net_price"
_UC = "/api/2.1/unity-catalog"
_COUNTRIES = ("de", "fr", "jp", "br", "in")


def make(client: Caller, kind: str, **fields: object) -> dict:
    return client.call("POST", f"{_UC}/{kind}", json=fields)


def grant(client: Caller, kind: str, name: str, principal: str, *privileges: str) -> None:
    change = {"principal": principal, "add": list(privileges)}
    client.call("PATCH", f"{_UC}/permissions/{kind}/{name}", json={"changes": [change]})


def tag(client: Caller, kind: str, name: str, key: str, value: str = "") -> None:
    make(client, "entity-tag-assignments", entity_type=kind, entity_name=name, tag_key=key, tag_value=value)


def put(client: Caller, path: str, content: bytes) -> None:
    assert client.request("PUT", f"/api/2.0/fs/files/Volumes/{path}", content=content).status_code == 204


def column(name: str, kind: str, comment: str = "") -> dict:
    return {"name": name, "type_text": kind, "type_name": kind.upper(), "comment": comment}


def orders(place: str) -> None:
    numbers = range(60)
    rows = {
        "order_id": [10_000 + each for each in numbers],
        "placed_at": [datetime(2026, 1, 1 + each // 3, 8 + each % 12, each % 60, tzinfo=UTC) for each in numbers],
        "country": [_COUNTRIES[each % 5] for each in numbers],
        "amount": [round(9.9 + each * 3.7 % 240, 2) for each in numbers],
        "items": [[{"sku": f"toy-{each % 9}", "count": 1 + each % 3}] for each in numbers],
        "note": [None if each % 4 else "gift wrapped" for each in numbers],
    }
    deltalake.write_deltalake(unquote(urlsplit(place).path), pa.table(rows))


def function(client: Caller, *, parameters: list[dict] | None = None, body: str = "return 1", **fields: object) -> None:
    made = {
        "input_params": {"parameters": parameters or []}, "full_data_type": "double", "external_language": "Python",
        "routine_body": "EXTERNAL", "routine_definition": body, **fields,
    }  # fmt: skip
    client.call("POST", f"{_UC}/functions", json={"function_info": made})


def build(server: Server) -> None:
    client = server.local
    for who in ("ben@example.org", "chen@example.org"):
        server.token(who, role=Role.USE)
    make(client, "catalogs", name=CATALOG, comment="What the **shop** sells, and to whom.")
    for name, comment in (("sales", "Orders and what came of them."), ("staging", "")):
        make(client, "schemas", catalog_name=CATALOG, name=name, comment=comment)
    where = {"catalog_name": CATALOG, "schema_name": "sales"}
    columns = [
        column("order_id", "long", "Counts up over all shops"), column("placed_at", "timestamp"),
        column("country", "string", "ISO 3166, lower case"), column("amount", "double", "EUR, with taxes"),
        column("items", "array<struct<sku:string,count:long>>"), column("note", "string"),
    ]  # fmt: skip
    table = make(
        client, "tables", **where, name="orders", columns=columns, comment="One row per order, as it was paid."
    )
    orders(table["storage_location"])
    make(client, "tables", **where, name="visits", columns=columns[:3])
    far = {"table_type": "EXTERNAL", "data_source_format": "PARQUET", "storage_location": "s3://partner/returns"}
    make(client, "tables", **where, name="returns", **far, comment="Kept by the partner who takes them back")
    make(client, "volumes", **where, name="reports", comment="What goes to the board each week")
    make(client, "volumes", **where, name="raw")
    body = "return amount / (1 + {'de': 0.19, 'fr': 0.20}.get(country, 0))"
    parameters = [
        {"name": "amount", "type_text": "double", "position": 0, "comment": "with taxes"},
        {"name": "country", "type_text": "string", "position": 1, "parameter_default": "'de'"},
    ]
    words = {"name": "net_price", "comment": "The price without taxes"}
    function(client, parameters=parameters, body=body, **where, **words)
    client.post("registered-models/create", name=f"{SCHEMA}.returns-forecast")
    place = VOLUME.replace(".", "/")
    put(client, f"{place}/2026-w03.csv", b"country,orders,amount\nde,412,18022.5\nfr,218,9110.0\njp,97,7402.8\n")
    put(client, f"{place}/charts/revenue.png", png())
    put(client, f"{place}/README.md", b"# Weekly reports\n\nMade on *Mondays*.\n")
    for kind, name, key, value in (
        ("catalogs", CATALOG, "team", "retail"), ("schemas", SCHEMA, "cost_centre", "42"),
        ("tables", TABLE, "pii", ""), ("tables", TABLE, "tier", "gold"),
        ("columns", f"{TABLE}.country", "checked", "yes"),
    ):  # fmt: skip
        tag(client, kind, name, key, value)
    secrets = "/api/2.0/secrets"
    client.post(f"{secrets}/scopes/create", scope="payments")
    for key in ("provider-key", "webhook-secret"):
        client.post(f"{secrets}/put", scope="payments", key=key, string_value="hush")
    client.post(f"{secrets}/acls/put", scope="payments", principal="ben@example.org", permission="READ")
    grant(client, "catalog", CATALOG, "users", "USE_CATALOG", "BROWSE")
    grant(client, "schema", SCHEMA, "users", "USE_SCHEMA")
    grant(client, "schema", SCHEMA, "chen@example.org", "CREATE_TABLE", "SELECT")
    grant(client, "table", TABLE, "ben@example.org", "SELECT")


def deliver(server: Server) -> None:
    """What a worker does until nothing is due."""

    async def work() -> None:
        async with dispatching(server) as dispatcher:
            for _ in range(100):
                await dispatcher.turn()
                if not await dispatcher.settle():
                    return

    server.backend.loop.run(work())


def hooks(server: Server) -> str:
    """The id of a webhook that took one event and refused another."""
    api = "/api/2.0/lakeward/webhooks"
    with contextlib.closing(Receiver()) as receiver:
        receiver.answers = [200, 503]
        events = ["registered_model.created", "model_version.created", "run.failed"]
        told = {"name": "night-watch", "url": receiver.url, "events": events, "secret": "sesame"}
        hook = server.local.call("POST", api, json=told)["webhook"]["webhook_id"]
        deploy = {"name": "deploy", "url": "https://deploy.example.com/hook", "status": "DISABLED"}
        alias = {"events": ["model_version_alias.created"], "model_name": "digits"}
        server.local.call("POST", api, json=deploy | alias)
        for name in ("churn-forecast", "price-optimizer"):
            server.local.post("registered-models/create", name=name)
            deliver(server)
    return str(hook)
