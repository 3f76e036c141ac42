"""What models cost: everybody may read it, administrators say it."""

from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import ADMIN, SIGNED_IN, Call, Routes
from lakeward.tracing import book as books
from lakeward.tracing import prices
from lakeward.tracing.records import Price
from lakeward.tracing.wire import prices as wire

routes = Routes("prices", ("/api/2.0/lakeward",))


def _shown(price: Price) -> wire.Price:
    return wire.Price.of(price, books.PAGES.get(price.provider, ""))


@routes.get("/prices", allow=SIGNED_IN)
async def list_prices(call: Call, req: wire.ListPrices) -> wire.ListPricesResponse:
    book = await prices.book(call.tx)
    if req.model:
        found = book.find(req.model, req.provider or None, now_ms())
        return wire.ListPricesResponse([] if found is None else [_shown(found)])
    return wire.ListPricesResponse([_shown(each) for each in (*book.said, *books.shipped().values())])


@routes.put("/prices", allow=ADMIN)
async def put_price(call: Call, req: wire.PutPrice) -> wire.PriceResponse:
    if req.valid_from_ms is not None and req.valid_from_ms < 0:
        raise InvalidParameter(f"valid_from_ms must be a time in epoch milliseconds, not {req.valid_from_ms}.")
    given = Price(
        provider=req.provider,
        model=req.model,
        input=req.input,
        output=req.output,
        cache_read=req.cache_read,
        cache_write=req.cache_write,
        valid_from=-1 if req.valid_from_ms is None else req.valid_from_ms,
        note=req.note,
    )
    return wire.PriceResponse(_shown(await prices.put(call.tx, given, call.actor.name)))


@routes.delete("/prices/{price_id}", allow=ADMIN)
async def delete_price(call: Call, req: wire.PriceById) -> None:
    await prices.delete(call.tx, req.price_id)
