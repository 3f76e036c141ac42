"""Errors as answers: status, headers and body in the dialect of MLflow and the platform API, or of the route."""

from collections.abc import Callable
from typing import Final

import msgspec

from lakeward.kit import errors
from lakeward.runtime.http.reply import Reply

SIGN_IN_PAGE: Final = "/ml/sign-in"  # of the web interface; `next` says where somebody was going

STATUS: Final[dict[type[errors.LakewardError], int]] = {
    errors.InvalidParameter: 400,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.EndpointNotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.AlreadyExists: 400,  # compat(mlflow 3.17): RESOURCE_ALREADY_EXISTS is a 400 there
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.RangeNotSatisfiable: 416,
    errors.LimitExceeded: 429,
    errors.Unavailable: 503,
    errors.Internal: 500,
}


class ErrorBody(msgspec.Struct):
    error_code: str
    message: str
    request_id: str = ""


def status_of(error: errors.LakewardError) -> int:
    if error.code == "ALREADY_EXISTS":
        return 409
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def render(error: errors.LakewardError, request_id: str) -> Reply:
    headers = {"content-type": "application/json"}
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="lakeward", Basic realm="lakeward"'
    if isinstance(error, errors.MethodNotAllowed):
        headers["allow"] = ", ".join(error.methods)
    if isinstance(error, errors.Unavailable | errors.LimitExceeded):
        headers["retry-after"] = str(max(1, round(getattr(error, "retry_after", 1))))
    return Reply(status_of(error), headers, msgspec.json.encode(ErrorBody(error.code, error.message, request_id)))


class Dialect(msgspec.Struct, frozen=True):
    """How a family of routes says what is wrong: (error, request id) → answer, whose body is a `body`."""

    body: type[msgspec.Struct]
    render: Callable[[errors.LakewardError, str], Reply]


PLATFORM: Final = Dialect(ErrorBody, render)
