"""The whole surface under generated requests, good and bad: never a 5xx, never a hang, whoever calls.

The twins under /ajax-api and under an account are the same handlers; they are left out. What a caller without rights
may not do is refused with 401 or 403 before anything is looked at, which tests/features/identity/test_isolation.py
checks route by route.
"""

from collections.abc import Iterator

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

from lakeward.app import all_routes
from lakeward.runtime.http.openapi import document
from server import Callers, Server

ANSWER_SECONDS = 20
TWINS = r"^/ajax-api/|^/api/2.0/accounts/{account_id}/(scim|servicePrincipals|ip-access-lists)"
EXAMPLES = {"owner": 6, "reader": 4, "nobody": 2}


def operations() -> list[schemathesis.APIOperation]:
    description = msgspec.json.decode(document(all_routes(), "0"))
    surface = schemathesis.openapi.from_dict(description).exclude(path_regex=TWINS)
    return [found.ok() for found in surface.get_all_operations()]


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def headers(server: Server) -> dict[str, dict[str, str]]:
    callers = Callers(server)
    return {who: getattr(callers, "local" if who == "owner" else who).headers for who in EXAMPLES}


@pytest.mark.parametrize("who", EXAMPLES)
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_no_fault(
    operation: schemathesis.APIOperation, who: str, server: Server, headers: dict[str, dict[str, str]]
) -> None:
    @settings(
        max_examples=EXAMPLES[who],
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def fuzz(case: schemathesis.Case) -> None:
        answer = case.call(base_url=server.url, headers=headers[who], timeout=ANSWER_SECONDS)
        case.validate_response(answer, checks=[not_a_server_error])

    fuzz()
