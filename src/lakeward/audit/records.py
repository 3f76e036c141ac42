"""The vocabulary of the audit log."""

from datetime import date
from typing import Any, Final

import msgspec

VERSION: Final = "1"
GENESIS: Final = bytes(32)  # the hash before the first event
MAX_TEXT: Final = 500  # characters of one value
MAX_ITEMS: Final = 20  # of a list


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a call, or of `count` like calls; the order of the fields is the order that is hashed."""

    version: str = VERSION
    event_id: str
    time: int  # epoch milliseconds: when it ended, or the last of several did
    workspace_id: int
    principal_id: int | None  # None: nobody was recognised
    principal: str | None
    source_ip_address: str | None
    user_agent: str | None
    service_name: str
    action_name: str
    request_id: str | None
    request_params: dict[str, Any]
    status_code: int
    error_code: str | None = None
    count: int = 1

    def encode(self) -> str:
        return _encoder.encode(self).decode()

    @property
    def searched(self) -> tuple[Any, ...]:
        """What the log can be searched by, in the order of the columns."""
        return (
            self.time, self.principal, self.service_name, self.action_name, self.request_id, self.workspace_id,
            self.status_code,
        )  # fmt: skip


class Stored(msgspec.Struct, frozen=True):
    """An event in the chain."""

    seq: int
    record: str
    hash: bytes

    @property
    def event(self) -> Event:
        return _decoder.decode(self.record)


class Seal(msgspec.Struct, frozen=True):
    """The chain up to `seq`, under a master key. Also where the chain begins."""

    seq: int
    hash: bytes
    sealed_at: int
    master_key: str
    mac: bytes


class Mark(msgspec.Struct, frozen=True):
    """How far the table is: the number of the last event in it, and the day when it was last tidied."""

    written: int
    tidied: date


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; None looks for all. Times are epoch milliseconds, the end is not included."""

    start_time: int | None = None
    end_time: int | None = None
    principal: str | None = None
    service_name: str | None = None
    action_name: str | None = None
    request_id: str | None = None
    workspace_id: int | None = None
    denied: bool = False


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)
