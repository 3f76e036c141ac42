"""The surface under generated requests that name objects which exist, so that they get past the first 404.

Around the names everything else is generated: other fields, wrong types, long and odd texts. No answer may be a fault,
none may contradict the description in /openapi.json, and the server must be as well afterwards as before.
"""

import itertools
import random
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sessions import session

from lakeward.app import all_routes
from lakeward.runtime.http.openapi import document
from server import Caller, Callers, Server
from snapshot import Snapshot

ANSWER_SECONDS = 20
TWINS = r"^/ajax-api/2.0/mlflow/(?!.*artifact)|^/api/2.0/accounts/{account_id}/(scim|servicePrincipals|ip-access-lists)"
EXAMPLES = 5
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_numbers = itertools.count(1)
Known = dict[str, list[str]]


def operations() -> list[schemathesis.APIOperation]:
    description = msgspec.json.decode(document(all_routes(), "0"))
    surface = schemathesis.openapi.from_dict(description).exclude(path_regex=TWINS)
    return [found.ok() for found in surface.get_all_operations()]


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def known(server: Server) -> Known:
    return make_known(server.local)


@pytest.fixture(scope="module")
def kept(server: Server, known: Known, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """What an operation may do away with is there again for the next one."""
    with Snapshot(server, tmp_path_factory.mktemp("kept")) as taken:
        yield taken


def make_known(client: Caller) -> Known:
    """Objects of a new experiment, by the names of the fields that take them."""
    experiment = client.experiment(tags=[{"key": "k", "value": "v"}])
    runs = [client.run(experiment, run_name="r", tags=[{"key": "k", "value": "v"}]) for _ in range(3)]
    for run in runs:
        metrics = [{"key": "m", "value": step, "timestamp": step, "step": step} for step in range(20)]
        client.post("runs/log-batch", run_id=run, metrics=metrics, params=[{"key": "k", "value": "v"}])
    client.post("runs/delete", run_id=runs[2])
    made = client.post("logged-models", experiment_id=experiment, name="n", source_run_id=runs[0])
    model = made["model"]["info"]["model_id"]
    places = [f"{experiment}/{runs[0]}/artifacts", f"{experiment}/models/{model}/artifacts"]
    for place in places:
        client.request("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/d/f.txt", content=b"0123456789")
    internal = f"WorkspaceInternal/Mlflow/Artifacts/{experiment}"
    files = [f"{internal}/Runs/{runs[0]}/artifacts/d/f.txt", f"{internal}/LoggedModels/{model}/artifacts/new.txt"]
    begun = client.call("POST", f"/api/2.0/mlflow-artifacts/mpu/create/{places[0]}", json={"path": "u", "num_parts": 1})
    name = f"fuzzed-{next(_numbers)}"
    client.request("POST", "/api/3.0/mlflow/workspaces", json={"name": name})
    client.post("registered-models/create", name=name, tags=[{"key": "k", "value": "v"}])
    for source in (f"models:/{model}", "s3://bucket/model"):
        client.post("model-versions/create", name=name, source=source, tags=[{"key": "k", "value": "v"}])
    client.post("registered-models/alias", name=name, alias="champion", version="1")
    full, prompt = f"main.default.{name}", f"main.default.{name}-prompt"
    client.post("unity-catalog/model-versions/create", name=full, source="s3://bucket/model")
    client.post("unity-catalog/prompts", name=prompt, prompt={"tags": [{"key": "k", "value": "v"}]})
    client.post(f"unity-catalog/prompts/{prompt}/versions", prompt_version={"template": '"x"'})
    client.post(f"unity-catalog/prompts/{prompt}/aliases/champion", version="1")
    token = client.post("runs/search", experiment_ids=[experiment], max_results=1)["next_page_token"]
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    told = {"trace_id": f"tr-{next(_numbers):032x}", "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
    client.post("/api/3.0/mlflow/traces", trace={"trace_info": told | {"tags": {"k": "v"}}})
    said = {"assessment_name": "k", "feedback": {"value": 1}}
    judged = client.post(f"/api/3.0/mlflow/traces/{told['trace_id']}/assessments", assessment=said)
    scim = "/api/2.0/preview/scim/v2"
    ids = {
        kind: client.post(f"{scim}/{kind}", userName=f"{name} {kind}", displayName=f"{name} {kind}")["id"]
        for kind in ("Users", "Groups", "ServicePrincipals")
    }
    secrets = f"/api/2.0/accounts/servicePrincipals/{ids['ServicePrincipals']}/credentials/secrets"
    listed = client.post("/api/2.0/ip-access-lists", label=name, list_type="BLOCK", ip_addresses=["192.0.2.1"])
    application = client.get(f"{scim}/ServicePrincipals/{ids['ServicePrincipals']}")["applicationId"]
    made = client.post("/api/2.0/token-management/on-behalf-of/tokens", application_id=application)
    return {
        "id": [*ids.values(), "2", "3"],
        "principal_id": [ids["Users"], ids["Groups"]],
        "workspace_id": ["1"],
        "permissions": ["USER", "ADMIN"],
        "service_principal_id": [ids["ServicePrincipals"]],
        "secret_id": [client.post(secrets)["id"]],
        "token_id": [made["token_info"]["token_id"]],
        "application_id": [application],
        "lifetime": ["60s"],
        "op": ["add", "remove", "Replace"],
        "ip_access_list_id": [listed["ip_access_list"]["list_id"]],
        "ip_addresses": ["192.0.2.0/24", "2001:db8::1"],
        "keys": ["enableIpAccessLists"],
        "client_id": ["databricks-cli"],
        "redirect_uri": [f"{client.url}/health"],
        "response_type": ["code"],
        "trace_id": [told["trace_id"]],
        "request_id": [told["trace_id"]],
        "trace_ids": [told["trace_id"]],
        "request_ids": [told["trace_id"]],
        "assessment_id": [judged["assessment"]["assessment_id"]],
        "request_time": ["2026-01-01T00:00:00Z"],
        "view_type": ["TRACES", "SPANS", "ASSESSMENTS", "ALL"],
        "metric_name": ["trace_count", "latency", "span_count", "assessment_value"],
        "aggregation_type": ["COUNT", "AVG", "MAX"],
        "filter_string1": ["status = 'OK'"],
        "filter_string2": ["span.name LIKE '%a%'"],
        "experiment_id": [experiment],
        "experiment_ids": [experiment, "0"],
        "run_id": runs,
        "run_ids": runs,
        "run_uuid": runs,
        "source_run_id": runs,
        "model_id": [model],
        "model_ids": [model],
        "metric_key": ["m"],
        "key": ["k", "m"],
        "tag_key": ["k"],
        "artifact_path": [f"{places[0]}/d/f.txt", places[0], f"{places[1]}/d/f.txt"],
        "artifact_file_path": ["d/f.txt"],
        "artifact_directory_path": ["d", ""],
        "file_path": files,
        "directory_path": [each.rpartition("/")[0] for each in files],
        "path": [
            "d/f.txt",
            "d",
            "u",
            f"/{files[0]}",
            places[0],
            "members",
            "displayName",
            "active",
            "roles",
            "emails",
            f'members[value eq "{ids["Users"]}"]',
        ],
        "upload_id": [begun["upload_id"]],
        "session_token": [begun["upload_id"]],
        "page_token": [token],
        "workspace_name": [name],
        "name": [name, full, prompt],
        "full_name": [full],
        "catalog_name": ["main"],
        "schema_name": ["default"],
        "model_name": [name],
        "template": ['"x"', '[{"role": "user", "content": "x"}]'],
        "new_name": [f"{name}-renamed", name],
        "version": ["1", "2", "3"],
        "operation": ["MODEL_VERSION_OPERATION_READ_WRITE", "READ_WRITE_MODEL_VERSION", "1"],
        "alias": ["champion", "latest"],
        "source": [f"models:/{model}", f"models:/{name}/1", f"runs:/{runs[0]}/m", f"mlflow-artifacts:/{places[0]}"],
        "stage": ["Staging", "Archived"],
        "filter": ["metrics.m > 1", "tags.k = 'v'", "name LIKE '%'", "params.k IS NOT NULL"],
        "order_by": ["metrics.m DESC", "name", "params.k"],
        "status": ["FINISHED", "LOGGED_MODEL_READY", "3"],
        "run_view_type": ["ALL"],
        "model_json": ['{"artifact_path": "a", "flavors": {}, "utc_time_created": "", "run_id": ""}'],
        "action": ["initiate-upload", "complete-upload", "abort-upload"],
    }


def put_in(value: Any, known: Known, pick: random.Random) -> Any:
    """The generated value with names that exist in most of the places that take them."""
    if isinstance(value, list):
        return [put_in(each, known, pick) for each in value]
    if not isinstance(value, dict):
        return value
    filled = {}
    for name, given_ in value.items():
        if name not in known or pick.random() < 0.15:
            filled[name] = put_in(given_, known, pick)
        elif isinstance(given_, list):
            filled[name] = pick.sample(known[name], pick.randint(0, len(known[name])))
        else:
            filled[name] = pick.choice(known[name])
    return filled


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_no_fault_and_no_untruth(
    operation: schemathesis.APIOperation, server: Server, known: Known, kept: Snapshot
) -> None:
    line = session()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), pick=st.randoms(use_true_random=False))
    def fuzz(case: schemathesis.Case, pick: random.Random) -> None:
        for part in ("path_parameters", "query", "body"):
            given_ = getattr(case, part)
            if isinstance(given_, dict):
                setattr(case, part, put_in(given_, known, pick))
        answer = case.call(base_url=server.url, session=line, timeout=ANSWER_SECONDS)
        case.validate_response(answer, checks=CHECKS)

    try:
        with line:
            fuzz()
        assert server.local.call("GET", "/health")["status"] == "ok"
    finally:
        if operation.method not in ("get", "head"):
            kept.restore()


def ask_as(callers: list[Caller], operation: schemathesis.APIOperation, known: Known, url: str) -> list[set[int]]:
    """The statuses that each caller gets for the same few generated requests."""
    heard: list[set[int]] = [set() for _ in callers]
    line = session()

    @settings(
        max_examples=2, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), pick=st.randoms(use_true_random=False))
    def ask(case: schemathesis.Case, pick: random.Random) -> None:
        case.path_parameters = put_in(case.path_parameters, known, pick)
        for caller, statuses in zip(callers, heard, strict=True):
            answer = case.call(base_url=url, headers=caller.headers, session=line, timeout=ANSWER_SECONDS)
            statuses.add(answer.status_code)

    with line:
        ask()
    return heard


def test_whoever_has_no_rights_gets_no_further(server: Server, callers: Callers, known: Known) -> None:
    """Generated requests to every operation by strangers: refused before anything is looked at."""
    server.local.call("PATCH", "/api/2.0/workspace-conf", json={"enableIpAccessLists": "false"})
    time.sleep(1.1)  # the tests before may have kept addresses out, and what is let in again counts within a second
    strangers = [callers.nobody, callers.memberless]
    for operation in operations():
        if operation.definition.raw["x-access"] not in ("PUBLIC", "SIGNED_URL", "SIGNED_IN"):
            assert ask_as(strangers, operation, known, server.url) == [{401}, {403}], operation.label
