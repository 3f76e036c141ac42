"""Requests and responses of the audit API."""

from typing import Any, Self

import msgspec

from lakeward.audit.records import Event, Search, Stored


class ListAuditEvents(msgspec.Struct):
    """All are optional. Times are epoch milliseconds; `end_time` is not included."""

    start_time: int | None = None
    end_time: int | None = None
    principal: str | None = None
    service_name: str | None = None
    action_name: str | None = None
    request_id: str | None = None
    workspace_id: int | None = None
    denied: bool = False
    max_results: int | None = None
    page_token: str | None = None

    def search(self) -> Search:
        return Search(
            start_time=self.start_time,
            end_time=self.end_time,
            principal=self.principal,
            service_name=self.service_name,
            action_name=self.action_name,
            request_id=self.request_id,
            workspace_id=self.workspace_id,
            denied=self.denied,
        )


class AuditEvent(msgspec.Struct):
    """`seq` and `hash` are its place in the chain; `count` is more than 1 for gathered calls."""

    seq: int
    hash: str
    event_id: str
    time: int
    workspace_id: int
    principal: str | None
    source_ip_address: str | None
    user_agent: str | None
    service_name: str
    action_name: str
    request_id: str | None
    request_params: dict[str, Any]
    status_code: int
    error_code: str | None
    count: int

    @classmethod
    def of(cls, stored: Stored) -> Self:
        event: Event = stored.event
        known = {name: getattr(event, name) for name in cls.__struct_fields__ if name not in ("seq", "hash")}
        return cls(seq=stored.seq, hash=stored.hash.hex(), **known)


class ListAuditEventsResponse(msgspec.Struct, omit_defaults=True):
    events: list[AuditEvent]
    next_page_token: str | None = None
