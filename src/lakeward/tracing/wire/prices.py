"""Prices of models on the wire. An API of our own: upstream has none."""

from typing import Self

import msgspec

from lakeward.runtime.http import Int64
from lakeward.tracing.records import Price as Record


class Price(msgspec.Struct, omit_defaults=True):
    """US dollars for a million tokens. Those with a `price_id` were said by an administrator."""

    model: str
    input: float
    output: float
    provider: str = ""
    cache_read: float | None = None
    cache_write: float | None = None
    price_id: str | None = None
    valid_from_ms: int | None = None
    note: str = ""
    set_by: str = ""
    set_at_ms: int | None = None
    source: str = ""
    as_of: str = ""

    @classmethod
    def of(cls, record: Record, source: str = "") -> Self:
        said = record.id is not None
        return cls(
            record.model, record.input, record.output, record.provider, record.cache_read, record.cache_write,
            str(record.id) if said else None, record.valid_from if said else None, record.note, record.set_by,
            record.set_at if said else None, "" if said else source, record.as_of,
        )  # fmt: skip


class PutPrice(msgspec.Struct):
    model: str
    input: float
    output: float
    provider: str = ""
    cache_read: float | None = None
    cache_write: float | None = None
    valid_from_ms: Int64 | None = None
    note: str = ""


class PriceResponse(msgspec.Struct):
    price: Price


class ListPrices(msgspec.Struct):
    """With a model, the one price that a span of it would be charged now."""

    model: str = ""
    provider: str = ""


class ListPricesResponse(msgspec.Struct):
    prices: list[Price]


class PriceById(msgspec.Struct):
    price_id: Int64
