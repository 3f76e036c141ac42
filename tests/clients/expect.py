"""How a refusal looks to the caller of the client, and to a caller with plain HTTP."""

import contextlib
from collections.abc import Iterator

import pytest
import requests
from mlflow.exceptions import MlflowException, RestException

MISSING = "RESOURCE_DOES_NOT_EXIST"
EXISTS = "RESOURCE_ALREADY_EXISTS"
INVALID = "INVALID_PARAMETER_VALUE"


@contextlib.contextmanager
def refused(code: str, match: str | None = None, *, by: str | None = "server") -> Iterator[pytest.ExceptionInfo]:
    """The call raises with this error code. `by` says whether the server refused, or the client before any call;
    None where the client puts its own error around the server's."""
    with pytest.raises(MlflowException, match=match) as caught:
        yield caught
    assert caught.value.error_code == code
    if by is not None:
        assert isinstance(caught.value, RestException) == (by == "server")


def answered_error(response: requests.Response, status: int, code: str) -> dict:
    """A plain HTTP refusal: the status, and the JSON that every client reads the reason from."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    body = response.json()
    assert body["error_code"] == code
    assert body["message"]
    return body
