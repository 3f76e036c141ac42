"""The vocabulary of traces."""

from typing import Any, Final, NewType

import msgspec

TraceSeq = NewType("TraceSeq", int)

OK: Final = "OK"
ERROR: Final = "ERROR"
IN_PROGRESS: Final = "IN_PROGRESS"
UNSPECIFIED: Final = "STATE_UNSPECIFIED"
STATES: Final = (UNSPECIFIED, OK, ERROR, IN_PROGRESS)  # in the order of their protobuf numbers, from 0

# Tags and metadata that mean something to clients.
NAME_TAG: Final = "mlflow.traceName"
LOCATION_TAG: Final = "mlflow.artifactLocation"
SPANS_TAG: Final = "mlflow.trace.spansLocation"
PROMPTS_TAG: Final = "mlflow.linkedPrompts"
STORED_HERE: Final = "TRACKING_STORE"
RENDERED_TAGS: Final = frozenset({NAME_TAG, LOCATION_TAG, SPANS_TAG})
TOKENS_KEY: Final = "mlflow.trace.tokenUsage"
COST_KEY: Final = "mlflow.trace.cost"
SESSION_KEY: Final = "mlflow.trace.session"
USER_KEY: Final = "mlflow.trace.user"
RUN_KEY: Final = "mlflow.sourceRun"
STATS_KEY: Final = "mlflow.trace.sizeStats"

MAX_TRACE_ID: Final = 50
MAX_KEY: Final = 250
MAX_TAG: Final = 8_000
MAX_METADATA: Final = 8_000
MAX_ENTRIES: Final = 1_000  # tags or metadata of one trace
MAX_NAME: Final = 250
MAX_SESSION: Final = 250
MAX_PREVIEW: Final = 10_000
INFERRED_PREVIEW: Final = 1_000
MAX_LINKS: Final = 100

TOKEN_KEYS: Final = (
    "input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip
COST_KEYS: Final = ("input_cost", "output_cost", "total_cost")

Usage = dict[str, int]
Cost = dict[str, float]


class Trace(msgspec.Struct, frozen=True):
    """A trace without its spans. Times are epoch milliseconds; `location` is the experiment's chosen artifact location.

    `tags` and `metadata` are without those that are rendered from columns. `here`: spans of it are stored, in the
    database or in the lake; `judged`: it has assessments.
    """

    seq: TraceSeq
    trace_id: str
    workspace_id: int
    experiment_id: int
    start_ms: int
    end_ms: int | None
    state: str
    name: str | None
    client_request_id: str | None
    session_id: str | None
    request_preview: str | None
    response_preview: str | None
    tags: dict[str, str]
    metadata: dict[str, str]
    tokens: tuple[int | None, ...]
    costs: tuple[float | None, ...]
    location: str | None
    path: str | None  # of the Unity Catalog location it was sent to
    here: bool
    judged: bool

    @property
    def duration_ms(self) -> int | None:
        return None if self.end_ms is None else self.end_ms - self.start_ms


class Told(msgspec.Struct, frozen=True):
    """What a client says about a whole trace. `None` says nothing."""

    trace_id: str
    start_ms: int
    duration_ms: int | None
    state: str
    client_request_id: str | None
    request_preview: str | None
    response_preview: str | None
    metadata: dict[str, str]
    tags: dict[str, str]


class Arrival(msgspec.Struct):
    """The spans of one trace in one request: what they say about it, and the spans themselves."""

    trace_id: str
    start_ms: int
    end_ms: int | None
    spans: int
    payload: bytes  # compressed
    signature: bytes
    gist: bytes  # what rollups sum up
    state: str = IN_PROGRESS  # until its root arrives
    name: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    session_id: str | None = None
    tags: dict[str, str] = {}
    metadata: dict[str, str] = {}
    tokens: Usage | None = None
    cost: Cost | None = None


class Assessment(msgspec.Struct, frozen=True):
    """What somebody says about a trace or one of its spans. `value` is JSON."""

    assessment_id: str
    trace_id: str
    kind: str
    name: str
    span_id: str | None
    source_type: str
    source_id: str
    value: str
    error: dict[str, Any] | None
    rationale: str | None
    metadata: dict[str, str]
    overrides: str | None
    valid: bool
    created_at: int
    updated_at: int


class Page(msgspec.Struct, frozen=True):
    traces: list[Trace]
    next_page_token: str | None


class Price(msgspec.Struct, frozen=True):
    """What a million tokens of a model cost, in US dollars: as listed, or as an administrator says it (`id`)."""

    provider: str
    model: str
    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    valid_from: int = 0  # epoch milliseconds
    note: str = ""
    as_of: str = ""  # of the list: when its figures were taken
    id: int | None = None
    set_by: str = ""
    set_at: int = 0


class ArrivingTrace(msgspec.Struct, frozen=True):
    """A trace as another server has it, without its spans."""

    told: Told
    assessments: tuple[Assessment, ...]


STATUSES: Final = ("pending", "rejected", "resolved")  # of issues
SEVERITIES: Final = ("not_an_issue", "low", "medium", "high")


class Issue(msgspec.Struct, frozen=True):
    """What is wrong with an application, found in its traces. `traces`: how many are said to have it, if asked for."""

    seq: int
    issue_id: str
    experiment_id: int
    name: str
    description: str
    status: str
    severity: str | None
    root_causes: tuple[str, ...]
    categories: tuple[str, ...]
    source_run_id: str | None
    created_by: str
    created_at: int
    updated_at: int
    traces: int | None = None
