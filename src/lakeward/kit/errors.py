"""Every error a caller can be told about. Nothing below the HTTP renderers knows a status code.

LakewardError
├── InvalidParameter     the request is wrong: say what, and what to do
├── Unauthenticated      no identity, or a wrong one
├── PermissionDenied     an identity without the right
├── NotFound             the named object does not exist (for this caller)
│   └── EndpointNotFound the path is not served
│       └── MethodNotAllowed  it is, with other methods
├── AlreadyExists        a unique name is taken
├── Conflict             the object is not in a state that allows this
├── TooLarge             a size limit, checked before parsing
├── RangeNotSatisfiable  a byte range outside the object
├── LimitExceeded        slow down
├── Unavailable          a dependency is away for a moment: retry
└── Internal             a fault of ours
"""

from lakeward.kit.credentials import redacted


class LakewardError(Exception):
    """Base of the tree. A message never repeats a credential, whatever it was given as.

    `code` is the `error_code` of MLflow and the platform; `exit_code` is for commands.
    """

    code = "INTERNAL_ERROR"
    exit_code = 1

    def __init__(self, message: str, *, code: str | None = None) -> None:
        self.message = redacted(message)
        super().__init__(self.message)
        if code is not None:
            self.code = code


class InvalidParameter(LakewardError):
    code = "INVALID_PARAMETER_VALUE"
    exit_code = 2


class Unauthenticated(LakewardError):
    code = "UNAUTHENTICATED"


class PermissionDenied(LakewardError):
    code = "PERMISSION_DENIED"


class NotFound(LakewardError):
    code = "RESOURCE_DOES_NOT_EXIST"


class EndpointNotFound(NotFound):
    code = "ENDPOINT_NOT_FOUND"


class MethodNotAllowed(EndpointNotFound):
    def __init__(self, message: str, methods: list[str]) -> None:
        super().__init__(message)
        self.methods = methods


class AlreadyExists(LakewardError):
    code = "RESOURCE_ALREADY_EXISTS"


class Conflict(LakewardError):
    code = "RESOURCE_CONFLICT"


class TooLarge(LakewardError):
    code = "INVALID_PARAMETER_VALUE"


class RangeNotSatisfiable(LakewardError):
    code = "INVALID_PARAMETER_VALUE"


class LimitExceeded(LakewardError):
    code = "REQUEST_LIMIT_EXCEEDED"

    def __init__(self, message: str, *, code: str | None = None, retry_after: float = 1.0) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after  # seconds


class Unavailable(LakewardError):
    code = "TEMPORARILY_UNAVAILABLE"
    exit_code = 3


class Internal(LakewardError):
    code = "INTERNAL_ERROR"
