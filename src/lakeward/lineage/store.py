"""The statements of lineage: one for each way along each kind of link. They read what other features keep.

Each begins after the place `after` and gives at most `limit` objects, in the order of their places.
"""

from typing import Any, Final

from lakeward.lineage.records import Anchor, Found, Kind, Node
from lakeward.runtime.db import Tx

_HERE: Final = "e.workspace_id = $1 AND NOT e.purging"
_RUN: Final = (
    "r.seq, r.run_id, r.name, r.experiment_id, r.status, r.start_time, (r.deleted_at IS NOT NULL"
    " OR e.deleted_at IS NOT NULL)"
)
_RUN_HERE: Final = f"JOIN experiment e ON e.id = r.experiment_id AND {_HERE} AND NOT r.purging"
_MODEL: Final = (
    "m.seq, m.model_id, m.name, m.experiment_id, m.status, m.created_at, (m.deleted_at IS NOT NULL"
    " OR e.deleted_at IS NOT NULL)"
)
_MODEL_HERE: Final = f"JOIN experiment e ON e.id = m.experiment_id AND {_HERE} AND NOT m.purging"
_TRACE: Final = (
    "t.seq, t.trace_id, coalesce(t.name, ''), t.experiment_id, t.state, t.start_ms, e.deleted_at IS NOT NULL"
)
_TRACE_HERE: Final = f"JOIN experiment e ON e.id = t.experiment_id AND {_HERE} AND t.workspace_id = $1"
_PLACE: Final = "(v.model_id << 32) + v.version"  # of a version
_VERSION: Final = f"{_PLACE}, r.name, v.version, v.status, v.created_at, v.is_prompt"
_VERSION_HERE: Final = "JOIN registered_model r ON r.id = v.model_id AND v.workspace_id = $1"
PROMPTS_TAG: Final = "mlflow.linkedPrompts"


def _found(kind: Kind, rows: Any) -> list[Found]:
    """From the columns of a run, a LoggedModel or a trace."""
    return [
        Found(row[0], Node(kind, row[1], row[2], experiment_id=row[3], status=row[4], at=row[5], deleted=row[6]))
        for row in rows
    ]


def _versions(rows: Any) -> list[Found]:
    return [
        Found(
            row[0],
            Node(
                Kind.PROMPT_VERSION if row[5] else Kind.MODEL_VERSION,
                name=row[1], version=row[2], status=row[3], at=row[4],
            ),
        )
        for row in rows
    ]  # fmt: skip


# ── where to begin ───────────────────────────────────────────────────────────────────────────────────────────────────


async def find_run(tx: Tx, workspace: int, run_id: str) -> Anchor | None:
    row = await tx.fetchrow(
        f"SELECT {_RUN}, (SELECT g.value FROM run_tag g JOIN key_name k ON k.id = g.key_id"
        f" WHERE g.run_seq = r.seq AND k.text = $3) FROM run r {_RUN_HERE} WHERE r.run_id = $2",
        workspace, run_id, PROMPTS_TAG,
    )  # fmt: skip
    return Anchor(_found(Kind.RUN, [row])[0].node, row[0], prompts=row[7]) if row else None


async def find_model(tx: Tx, workspace: int, model_id: str) -> Anchor | None:
    row = await tx.fetchrow(
        f"SELECT {_MODEL}, m.source_run_id, (SELECT g.value FROM logged_model_tag g JOIN key_name k ON k.id = g.key_id"
        f" WHERE g.model_seq = m.seq AND k.text = $3) FROM logged_model m {_MODEL_HERE} WHERE m.model_id = $2",
        workspace, model_id, PROMPTS_TAG,
    )  # fmt: skip
    if row is None:
        return None
    return Anchor(_found(Kind.LOGGED_MODEL, [row])[0].node, row[0], origin_run=row[7], prompts=row[8])


async def find_trace(tx: Tx, workspace: int, trace_id: str) -> Anchor | None:
    row = await tx.fetchrow(
        f"SELECT {_TRACE}, coalesce(t.metadata ->> 'mlflow.modelId', '') FROM trace t {_TRACE_HERE}"
        " WHERE t.trace_id = $2",
        workspace, trace_id,
    )  # fmt: skip
    return Anchor(_found(Kind.TRACE, [row])[0].node, row[0], origin_model=row[7]) if row else None


async def has_dataset(tx: Tx, workspace: int, name: str, digest: str) -> bool:
    return bool(
        await tx.fetchval(
            f"SELECT EXISTS (SELECT FROM dataset d JOIN experiment e ON e.id = d.experiment_id AND {_HERE}"
            " WHERE d.name = $2 AND d.digest = $3)",
            workspace, name, digest,
        )
    )  # fmt: skip


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def runs_of_dataset(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT {_RUN} FROM dataset d JOIN run_dataset i ON i.dataset_id = d.id JOIN run r ON r.seq = i.run_seq"
        f" {_RUN_HERE} WHERE d.name = $2 AND d.digest = $3 AND r.seq > $4 ORDER BY r.seq LIMIT $5",
        workspace, anchor.node.name, anchor.node.digest, after, limit,
    )  # fmt: skip
    return _found(Kind.RUN, rows)


async def _run_named(tx: Tx, workspace: int, run_id: str, after: int) -> list[Found]:
    """The run that something says it came from; gone, it is still known by its id."""
    if not run_id or after >= 0:
        return []
    row = await tx.fetchrow(f"SELECT {_RUN} FROM run r {_RUN_HERE} WHERE r.run_id = $2", workspace, run_id)
    return _found(Kind.RUN, [row]) if row else [Found(0, Node(Kind.RUN, run_id, deleted=True))]


async def run_of_version(tx: Tx, workspace: int, anchor: Anchor, after: int, _limit: int) -> list[Found]:
    return await _run_named(tx, workspace, anchor.origin_run, after)


async def runs_that_made_model(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT {_RUN} FROM run r {_RUN_HERE} WHERE (r.run_id = $2 OR r.seq IN (SELECT o.run_seq FROM run_model o"
        " WHERE o.model_id = $3 AND o.direction = 'output')) AND r.seq > $4 ORDER BY r.seq LIMIT $5",
        workspace, anchor.origin_run, anchor.node.id, after, limit,
    )  # fmt: skip
    return _found(Kind.RUN, rows)


async def runs_that_read_model(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT DISTINCT {_RUN} FROM run_model i JOIN run r ON r.seq = i.run_seq {_RUN_HERE}"
        " WHERE i.model_id = $2 AND i.direction = 'input' AND r.seq > $3 ORDER BY r.seq LIMIT $4",
        workspace, anchor.node.id, after, limit,
    )  # fmt: skip
    return _found(Kind.RUN, rows)


async def runs_of_trace(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT {_RUN} FROM trace_link l JOIN run r ON r.run_id = l.target {_RUN_HERE}"
        " WHERE l.trace_seq = $2 AND l.kind = 'run' AND r.seq > $3 ORDER BY r.seq LIMIT $4",
        workspace, anchor.seq, after, limit,
    )  # fmt: skip
    return _found(Kind.RUN, rows)


async def runs_of_prompt(tx: Tx, workspace: int, marks: list[str], after: int, limit: int) -> list[Found]:
    """Runs whose tag lists the prompt version; `marks` are the ways it is spelled there."""
    rows = await tx.fetch(
        f"SELECT {_RUN} FROM run_tag g JOIN run r ON r.seq = g.run_seq {_RUN_HERE}"
        " WHERE g.key_id = (SELECT id FROM key_name WHERE text = $2) AND g.run_seq > $4"
        " AND EXISTS (SELECT FROM unnest($3::text[]) AS m WHERE strpos(g.value, m) > 0) ORDER BY r.seq LIMIT $5",
        workspace, PROMPTS_TAG, marks, after, limit,
    )  # fmt: skip
    return _found(Kind.RUN, rows)


# ── data sets ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def datasets_of_run(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        "SELECT d.id, d.name, d.digest, d.experiment_id FROM run_dataset i JOIN dataset d ON d.id = i.dataset_id"
        f" JOIN experiment e ON e.id = d.experiment_id AND {_HERE} WHERE i.run_seq = $2 AND d.id > $3"
        " ORDER BY d.id LIMIT $4",
        workspace, anchor.seq, after, limit,
    )  # fmt: skip
    return [Found(row[0], Node(Kind.DATASET, name=row[1], digest=row[2], experiment_id=row[3])) for row in rows]


# ── LoggedModels ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def models_of_run(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT {_MODEL} FROM logged_model m {_MODEL_HERE} WHERE (m.source_run_id = $2 OR m.model_id IN (SELECT"
        " o.model_id FROM run_model o WHERE o.run_seq = $3 AND o.direction = 'output')) AND m.seq > $4"
        " ORDER BY m.seq LIMIT $5",
        workspace, anchor.node.id, anchor.seq, after, limit,
    )  # fmt: skip
    return _found(Kind.LOGGED_MODEL, rows)


async def models_read_by_run(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT DISTINCT {_MODEL} FROM run_model i JOIN logged_model m ON m.model_id = i.model_id {_MODEL_HERE}"
        " WHERE i.run_seq = $2 AND i.direction = 'input' AND m.seq > $3 ORDER BY m.seq LIMIT $4",
        workspace, anchor.seq, after, limit,
    )  # fmt: skip
    return _found(Kind.LOGGED_MODEL, rows)


async def model_of_origin(tx: Tx, workspace: int, anchor: Anchor, after: int, _limit: int) -> list[Found]:
    """The LoggedModel that a version or a trace says it came from; gone, it is still known by its id."""
    model_id = anchor.origin_model
    if not model_id or after >= 0:
        return []
    row = await tx.fetchrow(
        f"SELECT {_MODEL} FROM logged_model m {_MODEL_HERE} WHERE m.model_id = $2", workspace, model_id
    )
    return _found(Kind.LOGGED_MODEL, [row]) if row else [Found(0, Node(Kind.LOGGED_MODEL, model_id, deleted=True))]


async def models_of_prompt(tx: Tx, workspace: int, marks: list[str], after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT {_MODEL} FROM logged_model_tag g JOIN logged_model m ON m.seq = g.model_seq {_MODEL_HERE}"
        " WHERE g.key_id = (SELECT id FROM key_name WHERE text = $2) AND g.model_seq > $4"
        " AND EXISTS (SELECT FROM unnest($3::text[]) AS x WHERE strpos(g.value, x) > 0) ORDER BY m.seq LIMIT $5",
        workspace, PROMPTS_TAG, marks, after, limit,
    )  # fmt: skip
    return _found(Kind.LOGGED_MODEL, rows)


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def versions_of_model(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT {_VERSION} FROM model_version v {_VERSION_HERE} WHERE v.logged_model_id = $2 AND {_PLACE} > $3"
        " ORDER BY 1 LIMIT $4",
        workspace, anchor.node.id, after, limit,
    )  # fmt: skip
    return _versions(rows)


async def versions_of_run(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT {_VERSION} FROM model_version v {_VERSION_HERE} WHERE v.run_id = $2 AND {_PLACE} > $3"
        " ORDER BY 1 LIMIT $4",
        workspace, anchor.node.id, after, limit,
    )  # fmt: skip
    return _versions(rows)


async def versions_from(tx: Tx, workspace: int, sources: list[str], after: int, limit: int) -> list[Found]:
    """Versions with one of these sources, which are other versions."""
    rows = await tx.fetch(
        f"SELECT {_VERSION} FROM model_version v {_VERSION_HERE} WHERE v.source = ANY($2::text[])"
        f" AND v.source LIKE 'models:/%' AND {_PLACE} > $3 ORDER BY 1 LIMIT $4",
        workspace, sources, after, limit,
    )  # fmt: skip
    return _versions(rows)


# ── traces ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def traces_linked(tx: Tx, workspace: int, kind: str, targets: list[str], after: int, limit: int) -> list[Found]:
    """Traces linked to a run, or to a prompt version under one of its names."""
    rows = await tx.fetch(
        f"SELECT DISTINCT {_TRACE} FROM trace_link l JOIN trace t ON t.seq = l.trace_seq {_TRACE_HERE}"
        " WHERE l.kind = $2 AND l.target = ANY($3::text[]) AND l.trace_seq > $4 ORDER BY t.seq LIMIT $5",
        workspace, kind, targets, after, limit,
    )  # fmt: skip
    return _found(Kind.TRACE, rows)


async def traces_of_model(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    rows = await tx.fetch(
        f"SELECT {_TRACE} FROM trace t {_TRACE_HERE} WHERE t.metadata @> jsonb_build_object('mlflow.modelId', $2::text)"
        " AND t.seq > $3 ORDER BY t.seq LIMIT $4",
        workspace, anchor.node.id, after, limit,
    )  # fmt: skip
    return _found(Kind.TRACE, rows)


async def prompts_of_trace(tx: Tx, trace_seq: int) -> list[str]:
    """`name/version` of the prompt versions a trace is linked to."""
    rows = await tx.fetch(
        "SELECT target FROM trace_link WHERE trace_seq = $1 AND kind = 'prompt' ORDER BY target", trace_seq
    )
    return [row[0] for row in rows]
