"""A web page in somebody's browser: it neither acts in his name nor reads what he may see.

CVE-2025-1473, and pages under names of their own that point to this machine. There are no cookies: a browser sends
credentials only for the pages of this server. tests/features/runtime/http/test_guard.py has all the forms.
"""

import json

import pytest

from server import Caller

FOREIGN = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost.evil.example"},
    {"host": "evil.example"},
    {"host": "evil.example:5000", "origin": "http://evil.example:5000"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "application/json"]
)
def test_a_page_changes_nothing(client: Caller, headers: dict[str, str], kind: str) -> None:
    name = f"by a page {headers} {kind}"
    body = json.dumps({"name": name})
    answer = client.request("POST", "experiments/create", content=body, headers={**headers, "content-type": kind})
    assert answer.status_code == 403
    assert client.request("GET", "experiments/get-by-name", params={"experiment_name": name}).status_code == 404


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_reads_nothing(client: Caller, headers: dict[str, str]) -> None:
    for path in ("/api/2.0/mlflow/experiments/search", "/api/2.0/lakeward/whoami", "/health", "/openapi.json"):
        answer = client.request("GET", path, headers=headers)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_no_answer_opens_itself_to_other_sites(client: Caller) -> None:
    for path in ("/", "/health", "/api/2.0/mlflow/experiments/search", "/nothing", "/artifact-frame"):
        answer = client.request("GET", path)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "set-cookie" not in answer.headers
    preflight = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    assert client.request("OPTIONS", "experiments/create", headers=preflight).status_code == 403
