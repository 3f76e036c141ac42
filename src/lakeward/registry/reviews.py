"""The rules of comments on versions of models, and of requests to move a version to another stage.

Whoever may read a model may comment on its versions and ask for a stage. Whoever may move a version there approves or
rejects; approving moves it, in the same transaction. A version that reaches a stage in any way has nobody left who asks
for that.
"""

from lakeward import access
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from lakeward.registry import models, names, versions
from lakeward.registry.records import CANCELLED, MAX_DESCRIPTION, REJECTED, Activity, Comment, TransitionRequest
from lakeward.registry.securable import unknown_comment
from lakeward.registry.store import reviews as store
from lakeward.registry.store import versions as versions_store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Actor

DEFAULT = 100
MOST = 1_000


# ── comments ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def comment(tx: Tx, workspace: int, creator: Actor, name: str, version: str, text: str) -> Comment:
    full, number = names.parse(name).full, names.parse_version(version)
    _check(text)
    made = await store.add_comment(tx, workspace, full, number, text, (creator.name, creator.id), now_ms())
    if made is None:
        raise versions.unknown(name, version)
    return await get_comment(tx, workspace, str(made))


async def get_comment(tx: Tx, workspace: int, comment_id: str) -> Comment:
    number = access.number(comment_id)
    found = await store.find_comment(tx, workspace, int(number)) if number else None
    if found is None:
        raise unknown_comment(comment_id)
    return found


async def list_comments(
    tx: Tx, workspace: int, name: str, version: str, *, max_results: int | None, page_token: str | None
) -> tuple[list[Comment], str | None]:
    limit = pages.page_size(max_results, DEFAULT, MOST)
    found = await versions.get(tx, workspace, name, version)
    context = pages.context_of("comments", workspace, found.full_name, found.version)
    before = pages.decode(page_token, context, [int])[0] if page_token else None
    assert before is None or isinstance(before, int)
    listed = await store.find_comments(tx, workspace, found.full_name, found.version, before, limit + 1)
    if len(listed) <= limit:
        return listed, None
    return listed[:limit], pages.encode([listed[limit - 1].id], context)


async def edit_comment(tx: Tx, workspace: int, editor: Actor, comment_id: str, text: str) -> Comment:
    """Nobody puts words into the mouth of others."""
    _check(text)
    found = await get_comment(tx, workspace, comment_id)
    if found.creator_id != editor.id:
        raise PermissionDenied(f"The comment is by '{found.creator}', and nobody else edits it.")
    await store.edit_comment(tx, workspace, found, text, editor.name, now_ms())
    return await get_comment(tx, workspace, comment_id)


async def delete_comment(tx: Tx, workspace: int, found: Comment) -> None:
    await store.erase_comment(tx, workspace, found, acting())


def _check(text: str) -> None:
    if not text.strip():
        raise InvalidParameter("Missing value for required parameter 'comment'.")
    models.check_text("comment", text, MAX_DESCRIPTION)


# ── requests for transitions ─────────────────────────────────────────────────────────────────────────────────────────


async def ask(
    tx: Tx, workspace: int, creator: Actor, name: str, version: str, stage: str, comment: str
) -> TransitionRequest:
    full, number, wanted = names.parse(name).full, names.parse_version(version), versions.canonical_stage(stage)
    models.check_text("comment", comment, MAX_DESCRIPTION)
    asked = await store.ask(
        tx, workspace, full, number,
        stage=wanted, comment=comment, creator=(creator.name, creator.id), now=now_ms(),
    )  # fmt: skip
    if asked is None:
        raise versions.unknown(name, version)
    if asked.stage == wanted:
        raise InvalidParameter(f"Version {number} of {name} is in the stage {wanted} already.")
    if not asked.is_new:
        raise AlreadyExists(f"'{creator.name}' asks already that version {number} of {name} moves to {wanted}.")
    if comment:
        await versions_store.comment(tx, workspace, full, number, comment, acting())
    [made] = [each for each in await store.find_requests(tx, workspace, full, number)
              if (each.to_stage, each.creator) == (wanted, creator.name)]  # fmt: skip
    return made


async def list_requests(tx: Tx, workspace: int, name: str, version: str) -> list[TransitionRequest]:
    found = await versions.get(tx, workspace, name, version)
    return await store.find_requests(tx, workspace, found.full_name, found.version)


async def approve(
    tx: Tx, workspace: int, name: str, version: str, stage: str, *, archive_existing: bool, comment: str
) -> Activity:
    """Whoever else asked for the same is told yes as well."""
    moved = await versions.transition(
        tx, workspace, name, version, stage, archive_existing=archive_existing, comment=comment
    )
    if not moved.approved:  # which undoes the move
        raise _nobody_asks(name, version, stage)
    return moved.approved[-1]


async def reject(tx: Tx, workspace: int, name: str, version: str, stage: str, *, comment: str) -> Activity:
    """All who asked for this."""
    return await _close(tx, workspace, name, version, stage, REJECTED, comment)


async def cancel(
    tx: Tx, workspace: int, name: str, version: str, stage: str, *, creator: str, comment: str
) -> Activity:
    return await _close(tx, workspace, name, version, stage, CANCELLED, comment, creator)


async def _close(
    tx: Tx, workspace: int, name: str, version: str, stage: str, action: str, comment: str, creator: str | None = None
) -> Activity:
    full, number, wanted = names.parse(name).full, names.parse_version(version), versions.canonical_stage(stage)
    models.check_text("comment", comment, MAX_DESCRIPTION)
    closed = await store.close(
        tx, workspace, full, number, stage=wanted, before=None, action=action, actor=acting(), creator=creator
    )
    if not closed:
        raise _nobody_asks(name, version, wanted)
    if comment:
        await versions_store.comment(tx, workspace, full, number, comment, acting())
    return closed[-1]


def _nobody_asks(name: str, version: str, stage: str) -> NotFound:
    return NotFound(f"Nobody asks that version {version} of {name} moves to {versions.canonical_stage(stage)}.")
