"""Statements about the prices that administrators say."""

from typing import Any

from lakeward.runtime.db import Tx
from lakeward.tracing.records import Price

_COLUMNS = "id, provider, model, input, output, cache_read, cache_write, valid_from, note, set_by, set_at"


def _of(row: Any) -> Price:
    return Price(**dict(row))


async def all_said(tx: Tx) -> list[Price]:
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM model_price ORDER BY provider, model, valid_from")
    return [_of(row) for row in rows]


async def count(tx: Tx) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM model_price"))


async def put(tx: Tx, given: Price) -> Price:
    row = await tx.fetchrow(
        "INSERT INTO model_price (provider, model, input, output, cache_read, cache_write, valid_from, note, set_by,"
        " set_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (provider, model, valid_from) DO UPDATE SET input = excluded.input, output = excluded.output,"
        " cache_read = excluded.cache_read, cache_write = excluded.cache_write, note = excluded.note,"
        f" set_by = excluded.set_by, set_at = excluded.set_at RETURNING {_COLUMNS}",
        given.provider, given.model, given.input, given.output, given.cache_read, given.cache_write, given.valid_from,
        given.note, given.set_by, given.set_at,
    )  # fmt: skip
    return _of(row)


async def delete(tx: Tx, price_id: int) -> bool:
    return bool(await tx.fetchval("DELETE FROM model_price WHERE id = $1 RETURNING true", price_id))
