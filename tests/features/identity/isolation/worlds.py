"""One of each kind in the default workspace, which everybody then tries to reach; and who was given what of it."""

import itertools
from typing import Any

from isolation.rows import (
    ADDRESSES,
    ASSIGNED_HERE,
    FILE,
    FILES,
    LOCATED,
    NATIVE,
    OWN,
    SCIM,
    SECRET,
    SERVICE_SECRETS,
    TOKENS,
    TRACKING,
    UC,
    World,
)
from server import Caller, Server, json_bytes

# Who was given levels on the experiments and on the models of the world, and nothing else.
GIVEN = {
    "viewer": ("CAN_READ", "CAN_READ"),
    "author": ("CAN_EDIT", "CAN_EDIT"),
    "stager": ("CAN_EDIT", "CAN_MANAGE_STAGING_VERSIONS"),
    "master": ("CAN_MANAGE", "CAN_MANAGE"),
}
_READS = ("USE_CATALOG", "USE_SCHEMA", "SELECT", "READ_VOLUME", "EXECUTE")
_WRITES = (
    *_READS, "APPLY_TAG", "MODIFY", "WRITE_VOLUME", "CREATE_SCHEMA", "CREATE_VOLUME", "CREATE_TABLE", "CREATE_FUNCTION",
)  # fmt: skip
ON_CATALOGS = {"viewer": _READS, "author": _WRITES, "stager": _WRITES, "master": ("MANAGE",)}


_numbers = itertools.count(1)


def make_world(client: Caller, people: Caller | None = None) -> World:
    """One of each, in the default workspace; `people` makes principals, tokens and secrets if the client may not."""
    people = people or client
    name = f"{SECRET} {next(_numbers)}"
    experiment = client.experiment(name, tags=[{"key": "k", "value": SECRET}])
    for kind in ("views", "shared-views"):
        view = f"{OWN}experiments/{experiment}/{kind}/runs/a view"
        client.call("PUT", view, json={"state": {"q": SECRET}})
    run = client.run(experiment, run_name=SECRET, tags=[{"key": "k", "value": SECRET}])
    client.post("runs/log-metric", run_id=run, key=SECRET, value=1, timestamp=1)
    dataset = {"name": SECRET, "digest": "d", "source_type": "s", "source": SECRET}
    client.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset}])
    made = client.post("logged-models", experiment_id=experiment, name=SECRET, tags=[{"key": "k", "value": SECRET}])
    model = made["model"]["info"]["model_id"]
    tagged = [{"key": "k", "value": SECRET}]
    client.post("registered-models/create", name=f"model {name}", description=SECRET, tags=tagged)
    client.post("model-versions/create", name=f"model {name}", source=f"s3://{SECRET}", tags=tagged)
    client.post("registered-models/alias", name=f"model {name}", alias=SECRET, version="1")
    version = {"name": f"model {name}", "version": "1", "comment": SECRET}
    comment = client.post("comments/create", **version)["comment"]["id"]
    asked = client.post("transition-requests/create", **version, stage="Staging")["request"]
    catalog, prompt = make_catalog(client, name.replace(" ", "-"), tagged)
    place = f"{experiment}/{run}/artifacts"
    assets = make_assets(client)
    proxy = "/api/2.0/mlflow-artifacts"
    for where in (place, f"{place}/folder", f"{experiment}/models/{model}/artifacts"):
        assert client.request("PUT", f"{proxy}/artifacts/{where}/{FILE}", content=SECRET.encode()).status_code < 300
    begun = client.call("POST", f"{proxy}/mpu/create/{place}", json={"path": "taken.txt", "num_parts": 1})
    folder = f"{FILES}/{experiment}/Runs/{run}/artifacts"
    number = next(_numbers)
    scope = f"scope-{SECRET}-{number}"
    vault = "/api/2.0/secrets"
    people.call("POST", f"{vault}/scopes/create", json={"scope": scope, "initial_manage_principal": "users"})
    people.call("POST", f"{vault}/put", json={"scope": scope, "key": SECRET, "string_value": SECRET})
    span = {
        "traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": SECRET,
        "startTimeUnixNano": 1, "endTimeUnixNano": 2,
        "attributes": [{"key": "mlflow.spanInputs", "value": {"stringValue": SECRET}}],
    }  # fmt: skip
    spans = json_bytes({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    headers = {"x-mlflow-experiment-id": experiment, "content-type": "application/json"}
    assert client.request("POST", "/v1/traces", content=spans, headers=headers).status_code == 200
    trace = f"tr-{number:032x}"
    client.call("PATCH", f"traces/{trace}/tags", json={"key": "k", "value": SECRET})
    said = {"assessment_name": SECRET, "feedback": {"value": SECRET}}
    judged = client.call("POST", f"/api/3.0/mlflow/traces/{trace}/assessments", json={"assessment": said})
    found = {"experiment_id": experiment, "name": SECRET, "description": SECRET}
    issue = client.call("POST", "/api/3.0/mlflow/issues", json=found)["issue"]["issue_id"]
    located = make_location(client, people, experiment, span)
    span |= {"traceId": f"{next(_numbers):032x}", "name": "taken"}
    principals = make_principals(people, name)
    listed = {"label": SECRET, "list_type": "BLOCK", "ip_addresses": ["192.0.2.1"]}
    addresses = people.post(ADDRESSES[0], **listed)["ip_access_list"]["list_id"]
    behalf = {"application_id": principals["application"], "comment": SECRET}
    token = people.post(f"{TOKENS}/on-behalf-of/tokens", **behalf)["token_info"]["token_id"]
    hooked = make_webhook(client, f"model {name}")
    return World(
        name=name, experiment=experiment, run=run, model=model, place=place, folder=folder, upload=begun["upload_id"],
        registered=f"model {name}", comment=comment, asker=asked["user_id"], catalog=catalog, prompt=prompt,
        scope=scope, trace=trace, assessment=judged["assessment"]["assessment_id"], issue=issue,
        spans=json_bytes({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}), principals=principals,
        token=token, addresses=addresses, **located, **assets, **hooked,
    )  # fmt: skip


def make_location(client: Caller, people: Caller, experiment: str, span: dict[str, Any]) -> dict[str, Any]:
    """A Unity Catalog location that the experiment is linked to, with a trace; and a schema without experiment."""
    number = next(_numbers)
    prefix = {"catalog_name": "main", "schema_name": "agents", "table_prefix": f"p{number}"}
    schema = {"catalog_name": "main", "schema_name": f"s{number}"}
    made = people.post("/api/5.0/mlflow/tracing/locations", uc_table_prefix=prefix)["uc_table_prefix"]
    people.post(f"{LOCATED}/location", uc_schema=schema)
    client.post(f"/api/5.0/mlflow/experiments/{experiment}/trace-location:link", uc_table_prefix=prefix)
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span | {"traceId": f"{number:032x}"}]}]}]}
    headers = {"x-databricks-uc-table-name": made["spans_table_name"], "content-type": "application/json"}
    answer = client.request("POST", "/api/2.0/otel/v1/traces", content=json_bytes(body), headers=headers)
    assert answer.status_code == 200, answer.text
    place = f"main.agents.p{number}"
    trace = f"{LOCATED}/{place}/{number:032x}"
    client.call("PATCH", f"{trace}/tags", json={"key": "k", "value": SECRET})
    judged = client.post(f"{trace}/assessments", assessment_name=SECRET, feedback={"value": SECRET})
    return {
        "prefix": prefix, "schema": schema, "location": place, "location_id": made["location_id"],
        "located": {"location": place, "trace_id": f"{number:032x}"}, "located_assessment": judged["assessment_id"],
    }  # fmt: skip


def make_webhook(client: Caller, model: str) -> dict[str, Any]:
    """A webhook of this model, and what waits to be sent by it to an address that is refused before it is asked."""
    hook = {"name": SECRET, "url": f"http://10.0.0.1/{SECRET}", "events": ["model_version_tag.set"], "secret": SECRET}
    made = client.call("POST", f"{OWN}webhooks", json=hook | {"model_name": model})["webhook"]["webhook_id"]
    client.post("model-versions/set-tag", name=model, version="1", key="k", value=SECRET)
    [waiting] = client.call("GET", f"{OWN}webhooks/{made}/deliveries")["deliveries"]
    return {"hook": hook, "webhook": made, "delivery": waiting["delivery_id"]}


def make_principals(client: Caller, name: str) -> dict[str, str]:
    """One of each kind, with a role in the default workspace."""
    ids = {
        kind: client.call(
            "POST", f"{SCIM[0]}/{kind}", json={"userName": f"{name} {kind}", "displayName": f"{name} {kind}"}
        )["id"]
        for kind in ("Users", "Groups", "ServicePrincipals")
    }
    for each in ids.values():
        client.call("PUT", f"{ASSIGNED_HERE}/principals/{each}", json={"permissions": ["USER"]})
    robot = ids["ServicePrincipals"]
    path = f"{SERVICE_SECRETS[1]}/{robot}/credentials/secrets"
    application = client.get(f"{SCIM[0]}/ServicePrincipals/{robot}")["applicationId"]
    return ids | {"secret": client.call("POST", path, json={})["id"], "application": application}


def make_assets(client: Caller) -> dict[str, str]:
    """A catalog with a schema, and one of each that stands there besides models."""
    name = f"cat{next(_numbers)}"
    where = {"catalog_name": name, "schema_name": "s", "comment": SECRET}
    client.call("POST", f"{NATIVE}/catalogs", json={"name": name, "comment": SECRET})
    client.call("POST", f"{NATIVE}/schemas", json={"name": "s", "catalog_name": name, "comment": SECRET})
    volume = client.call("POST", f"{NATIVE}/volumes", json={**where, "name": "v"})
    table = client.call("POST", f"{NATIVE}/tables", json={**where, "name": "t"})
    client.call("POST", f"{NATIVE}/functions", json={"function_info": {**where, "name": "f"}})
    connection = {"name": name, "connection_type": "HTTP", "options": {"host": SECRET, "bearer_token": SECRET}}
    client.call("POST", f"{NATIVE}/connections", json=connection)
    client.call("POST", "/api/2.1/tag-policies", json={"tag_key": name, "description": SECRET})
    elsewhere = {"name": name, "system_type": "OTHER", "entity_type": "table", "description": SECRET}
    client.call("POST", f"{TRACKING}/external-metadata", json=elsewhere)
    ends = {"source": {"external_metadata": {"name": name}}, "target": {"table": {"name": f"{name}.s.t"}}}
    client.call("POST", f"{TRACKING}/external-lineage", json={**ends, "properties": {"k": SECRET}})
    tag = {"entity_type": "catalogs", "entity_name": name, "tag_key": "k", "tag_value": SECRET}
    client.call("POST", f"{NATIVE}/entity-tag-assignments", json=tag)
    return {
        "cat": name, "cat_schema": f"{name}.s", "volume": f"{name}.s.v", "table": f"{name}.s.t",
        "table_id": table["table_id"], "volume_id": volume["volume_id"], "function": f"{name}.s.f", "connection": name,
    }  # fmt: skip


def make_catalog(client: Caller, stem: str, tags: list[dict[str, str]]) -> tuple[str, str]:
    """A model with a READY and a PENDING version, and a prompt, by their names in Unity Catalog."""
    model, prompt = f"main.default.model-{stem}", f"main.default.prompt-{stem}"
    client.post(f"{UC}/registered-models/create", name=model, description=SECRET, tags=tags)
    for version in ("1", "2"):
        client.post(f"{UC}/model-versions/create", name=model, source=f"s3://{SECRET}", tags=tags)
        place = f"/api/2.0/fs/files/Models/{model.replace('.', '/')}/{version}/{FILE}"
        assert client.request("PUT", place, content=SECRET.encode()).status_code == 204
    client.post(f"{UC}/model-versions/finalize", name=model, version="1")
    client.post(f"{UC}/registered-models/alias", name=model, alias=SECRET, version="1")
    client.post(f"{UC}/prompts", name=prompt, prompt={"description": SECRET, "tags": tags})
    client.post(f"{UC}/prompts/{prompt}/versions", prompt_version={"template": f'"{SECRET}"', "tags": tags})
    client.post(f"{UC}/prompts/{prompt}/aliases/{SECRET}", version="1")
    client.post(f"{UC}/prompts/{prompt}/versions", prompt_version={"template": f'"{SECRET} two"'})
    arms = [{"version": 1, "weight": 1}, {"version": 2, "weight": 1}]
    client.call(
        "PUT", "/api/2.0/lakeward/registry/prompts/split", json={"name": prompt, "alias": "split", "arms": arms}
    )
    return model, prompt


def give(server: Server, world: World, who: str) -> None:
    """The levels of this one on the objects of a world."""
    on_experiments, on_models = GIVEN[who]
    server.sql(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT 1, o.kind, o.id, p.id, o.level FROM principal p, (SELECT 'experiment' AS kind, $2 AS id, $3 AS level"
        "   UNION ALL SELECT 'registered_model', id::text, $4 FROM registered_model WHERE full_name = ANY ($5)) o"
        " WHERE p.name = $1 ON CONFLICT DO NOTHING",
        who, world.experiment, on_experiments, on_models,
        [f"main.default.{world.registered}", world.catalog, world.prompt],
    )  # fmt: skip
    server.sql(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT 1, 'catalog', $2, p.id, each FROM principal p, unnest($3::text[]) each WHERE p.name = $1"
        " ON CONFLICT DO NOTHING",
        who, world.cat, list(ON_CATALOGS[who]),
    )  # fmt: skip
    server.sql(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT 1, 'connection', c.id::text, p.id, $3 FROM principal p, connection c WHERE p.name = $1 AND c.name = $2"
        " ON CONFLICT DO NOTHING",
        who, world.connection, "MANAGE" if who == "master" else "USE_CONNECTION",
    )  # fmt: skip
    server.sql(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT 1, 'tag_policy', c.id::text, p.id, $3 FROM principal p, tag_policy c"
        " WHERE p.name = $1 AND c.tag_key = $2 ON CONFLICT DO NOTHING",
        who, world.connection, "MANAGE" if who == "master" else "ASSIGN",
    )  # fmt: skip
    server.sql(
        "INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)"
        " SELECT 1, 'external_metadata', c.id::text, p.id, $3 FROM principal p, external_metadata c"
        " WHERE p.name = $1 AND c.name = $2 ON CONFLICT DO NOTHING",
        who, world.connection, {"viewer": "BROWSE", "master": "MANAGE"}.get(who, "MODIFY"),
    )  # fmt: skip


def entrust(server: Server, world: World) -> None:
    """The group and the service principal of a world to the keeper."""
    server.sql(
        "INSERT INTO principal_role SELECT o.id::bigint, p.id, o.role FROM principal p,"
        " (VALUES ($1, 'roles/group.manager'), ($2, 'roles/servicePrincipal.manager'),"
        "         ($2, 'roles/servicePrincipal.user')) AS o(id, role) WHERE p.name = 'keeper'",
        world.principals["Groups"], world.principals["ServicePrincipals"],
    )  # fmt: skip
