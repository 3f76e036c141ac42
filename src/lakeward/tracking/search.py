"""Search over runs: newest first. Filters and orders are refused until they are here."""

from collections.abc import Sequence

from lakeward import experiments
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database, Tx


async def search(
    tx: Tx,
    db: Database,  # noqa: ARG001 - filters will look up key names
    workspace: int,
    *,
    experiment_ids: Sequence[str],
    filter: str | None,  # noqa: A002 - the field's name on the wire
    order_by: Sequence[str],
    view: str,
    max_results: int | None,
    page_token: str | None,
) -> tuple[list[int], str | None]:
    """Seqs of the runs of a page, in order, and the token of the next page."""
    if filter or order_by or page_token:
        raise InvalidParameter("Filters, orders and pages are not served yet.")
    rows = await tx.fetch(
        "SELECT r.seq FROM run r JOIN experiment e ON e.id = r.experiment_id"
        " WHERE e.workspace_id = $1 AND r.experiment_id = ANY($2::bigint[]) AND NOT r.purging"
        " AND ($3 = 'ALL' OR (coalesce(r.deleted_at, e.deleted_at) IS NULL) = ($3 = 'ACTIVE_ONLY'))"
        " ORDER BY r.start_time DESC, r.run_id LIMIT $4",
        workspace, [experiments.parse_id(each) for each in experiment_ids], view,
        experiments.bounded(max_results, 1000, 50_000),
    )  # fmt: skip
    return [row["seq"] for row in rows], None
