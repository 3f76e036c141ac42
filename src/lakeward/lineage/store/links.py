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
_SHAPES: Final = {
    Kind.RUN: (_RUN, "r.seq"),
    Kind.LOGGED_MODEL: (_MODEL, "m.seq"),
    Kind.TRACE: (_TRACE, "t.seq"),
    Kind.MODEL_VERSION: (_VERSION, _PLACE),
}
# A tag that lists a prompt version: $4 is its name, and $5 are the ways in which the version is spelled there.
_MARKED: Final = (
    "g.key_id = (SELECT id FROM key_name WHERE text = $4)"
    " AND EXISTS (SELECT FROM unnest($5::text[]) AS mark WHERE strpos(g.value, mark) > 0)"
)
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


async def _linked(
    tx: Tx, kind: Kind, source: str, workspace: int, after: int, limit: int, *words: Any, distinct: bool = False
) -> list[Found]:
    """Objects of a kind, out of a `source` that goes from FROM into its WHERE and takes its words from $4 on."""
    columns, place = _SHAPES[kind]
    rows = await tx.fetch(
        f"SELECT {'DISTINCT' if distinct else ''} {columns} {source} AND {place} > $2 ORDER BY {place} LIMIT $3",
        workspace, after, limit, *words,
    )  # fmt: skip
    return _versions(rows) if kind is Kind.MODEL_VERSION else _found(kind, rows)


async def _named(tx: Tx, kind: Kind, source: str, workspace: int, after: int, object_id: str) -> list[Found]:
    """The one that something says it came from, by its id ($2); gone, it is still known by that."""
    if not object_id or after >= 0:
        return []
    row = await tx.fetchrow(f"SELECT {_SHAPES[kind][0]} {source}", workspace, object_id)
    return _found(kind, [row]) if row else [Found(0, Node(kind, object_id, deleted=True))]


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
    source = (
        f"FROM dataset d JOIN run_dataset i ON i.dataset_id = d.id JOIN run r ON r.seq = i.run_seq {_RUN_HERE}"
        " WHERE d.name = $4 AND d.digest = $5"
    )
    return await _linked(tx, Kind.RUN, source, workspace, after, limit, anchor.node.name, anchor.node.digest)


async def run_of_version(tx: Tx, workspace: int, anchor: Anchor, after: int, _limit: int) -> list[Found]:
    source = f"FROM run r {_RUN_HERE} WHERE r.run_id = $2"
    return await _named(tx, Kind.RUN, source, workspace, after, anchor.origin_run)


async def runs_that_made_model(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    source = (
        f"FROM run r {_RUN_HERE} WHERE (r.run_id = $4 OR r.seq IN (SELECT o.run_seq FROM run_model o"
        " WHERE o.model_id = $5 AND o.direction = 'output'))"
    )
    return await _linked(tx, Kind.RUN, source, workspace, after, limit, anchor.origin_run, anchor.node.id)


async def runs_that_read_model(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    source = (
        f"FROM run_model i JOIN run r ON r.seq = i.run_seq {_RUN_HERE} WHERE i.model_id = $4 AND i.direction = 'input'"
    )
    return await _linked(tx, Kind.RUN, source, workspace, after, limit, anchor.node.id, distinct=True)


async def runs_of_trace(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    source = (
        f"FROM trace_link l JOIN run r ON r.run_id = l.target {_RUN_HERE} WHERE l.trace_seq = $4 AND l.kind = 'run'"
    )
    return await _linked(tx, Kind.RUN, source, workspace, after, limit, anchor.seq)


async def runs_of_prompt(tx: Tx, workspace: int, marks: list[str], after: int, limit: int) -> list[Found]:
    """Runs whose tag lists the prompt version; `marks` are the ways it is spelled there."""
    source = f"FROM run_tag g JOIN run r ON r.seq = g.run_seq {_RUN_HERE} WHERE {_MARKED}"
    return await _linked(tx, Kind.RUN, source, workspace, after, limit, PROMPTS_TAG, marks)


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
    source = (
        f"FROM logged_model m {_MODEL_HERE} WHERE (m.source_run_id = $4 OR m.model_id IN (SELECT o.model_id"
        " FROM run_model o WHERE o.run_seq = $5 AND o.direction = 'output'))"
    )
    return await _linked(tx, Kind.LOGGED_MODEL, source, workspace, after, limit, anchor.node.id, anchor.seq)


async def models_read_by_run(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    source = (
        f"FROM run_model i JOIN logged_model m ON m.model_id = i.model_id {_MODEL_HERE}"
        " WHERE i.run_seq = $4 AND i.direction = 'input'"
    )
    return await _linked(tx, Kind.LOGGED_MODEL, source, workspace, after, limit, anchor.seq, distinct=True)


async def model_of_origin(tx: Tx, workspace: int, anchor: Anchor, after: int, _limit: int) -> list[Found]:
    """Of a version or a trace."""
    source = f"FROM logged_model m {_MODEL_HERE} WHERE m.model_id = $2"
    return await _named(tx, Kind.LOGGED_MODEL, source, workspace, after, anchor.origin_model)


async def models_of_prompt(tx: Tx, workspace: int, marks: list[str], after: int, limit: int) -> list[Found]:
    source = f"FROM logged_model_tag g JOIN logged_model m ON m.seq = g.model_seq {_MODEL_HERE} WHERE {_MARKED}"
    return await _linked(tx, Kind.LOGGED_MODEL, source, workspace, after, limit, PROMPTS_TAG, marks)


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def versions_of_model(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    source = f"FROM model_version v {_VERSION_HERE} WHERE v.logged_model_id = $4"
    return await _linked(tx, Kind.MODEL_VERSION, source, workspace, after, limit, anchor.node.id)


async def versions_of_run(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    source = f"FROM model_version v {_VERSION_HERE} WHERE v.run_id = $4"
    return await _linked(tx, Kind.MODEL_VERSION, source, workspace, after, limit, anchor.node.id)


async def versions_from(tx: Tx, workspace: int, sources: list[str], after: int, limit: int) -> list[Found]:
    """Versions with one of these sources, which are other versions."""
    source = f"FROM model_version v {_VERSION_HERE} WHERE v.source = ANY($4::text[]) AND v.source LIKE 'models:/%'"
    return await _linked(tx, Kind.MODEL_VERSION, source, workspace, after, limit, sources)


# ── traces ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def traces_linked(tx: Tx, workspace: int, kind: str, targets: list[str], after: int, limit: int) -> list[Found]:
    """Traces linked to a run, or to a prompt version under one of its names."""
    source = (
        f"FROM trace_link l JOIN trace t ON t.seq = l.trace_seq {_TRACE_HERE}"
        " WHERE l.kind = $4 AND l.target = ANY($5::text[])"
    )
    return await _linked(tx, Kind.TRACE, source, workspace, after, limit, kind, targets, distinct=True)


async def traces_of_model(tx: Tx, workspace: int, anchor: Anchor, after: int, limit: int) -> list[Found]:
    source = f"FROM trace t {_TRACE_HERE} WHERE t.metadata @> jsonb_build_object('mlflow.modelId', $4::text)"
    return await _linked(tx, Kind.TRACE, source, workspace, after, limit, anchor.node.id)


async def prompts_of_trace(tx: Tx, trace_seq: int) -> list[str]:
    """`name/version` of the prompt versions a trace is linked to."""
    rows = await tx.fetch(
        "SELECT target FROM trace_link WHERE trace_seq = $1 AND kind = 'prompt' ORDER BY target", trace_seq
    )
    return [row[0] for row in rows]
