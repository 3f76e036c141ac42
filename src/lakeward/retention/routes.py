"""What is kept how long, and back on demand."""

from lakeward import experiments
from lakeward.experiments import of_experiment
from lakeward.retention import returns, store, tables, wire
from lakeward.retention.terms import RETENTION, retention_of
from lakeward.runtime.http import EDIT, READ, Call, Routes

routes = Routes("traces", ("/api/2.0/lakeward",))
_EXPERIMENT = of_experiment("experiment_id")


@routes.get("/trace-retention", allow=READ.on(_EXPERIMENT))
async def get_trace_retention(call: Call, req: wire.GetRetention) -> wire.Retention:
    found = await experiments.get(call.tx, call.workspace, req.experiment_id)
    said = retention_of(found.tags.get(RETENTION), 0)
    kept = retention_of(found.tags.get(RETENTION), call.settings.trace_retention)
    moved, first, last = await store.summary(call.tx, found.id)
    there = await store.tables(call.tx, found.id) is not None
    names = tables.names_of(found.id) if there else (None, None)
    source = "tag" if said is not None else "none" if kept is None else "server"
    return wire.Retention(
        str(found.id), kept, source, moved, first.isoformat() if first else None, last.isoformat() if last else None,
        *names,
    )  # fmt: skip


@routes.post("/trace-retention/bring-back", allow=EDIT.on(_EXPERIMENT), tx=None)
async def bring_back_traces(call: Call, req: wire.BringBack) -> wire.BroughtBack:
    """Spans into the database again; what is read meanwhile is read from where it is."""
    count = await returns.bring_back(
        call.db, call.workspace, req.experiment_id,
        trace_ids=req.trace_ids, since_ms=req.since_ms, before_ms=req.before_ms, days=req.days,
    )  # fmt: skip
    return wire.BroughtBack(count)
