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
from sessions import session

from lakeward.app import all_routes
from lakeward.runtime.http.openapi import document
from server import Callers, Server

ANSWER_SECONDS = 20
TWINS = r"^/ajax-api/|^/api/2.0/accounts/{account_id}/(scim|servicePrincipals|ip-access-lists)"
EXAMPLES = 5


def operations() -> list[schemathesis.APIOperation]:
    description = msgspec.json.decode(document(all_routes(), "0"))
    surface = schemathesis.openapi.from_dict(description).exclude(path_regex=TWINS)
    return [found.ok() for found in surface.get_all_operations()]


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def everybody(server: Server) -> list[dict[str, str]]:
    """The headers of those who call, from the least to the one who may do anything."""
    callers = Callers(server)
    return [getattr(callers, who).headers for who in ("nobody", "reader", "local")]


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_no_fault(operation: schemathesis.APIOperation, server: Server, everybody: list[dict[str, str]]) -> None:
    line = session()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def fuzz(case: schemathesis.Case) -> None:
        for headers in everybody:
            answer = case.call(base_url=server.url, headers=headers, session=line, timeout=ANSWER_SECONDS)
            case.validate_response(answer, checks=[not_a_server_error])

    with line:
        fuzz()
    if "/permissions/authorization/" in operation.path:  # who calls next may use a token again
        server.sql("INSERT INTO credential_use VALUES ('tokens', 2) ON CONFLICT DO NOTHING")
