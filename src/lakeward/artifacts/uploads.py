"""Uploads in parts: begun, fed, completed or aborted by any process, in any order, through any transport.

The parts are objects of their own below `uploads/<id>/`, so a killed process loses none; completing joins them into the
object, which then appears at once. A repeated completion is answered like the first.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

from lakeward.artifacts import store
from lakeward.artifacts.records import Part, Place, Upload
from lakeward.kit.errors import AlreadyExists, InvalidParameter, LakewardError, NotFound
from lakeward.runtime.db import Database
from lakeward.runtime.objects import ObjectInfo, ObjectStore

MAX_PARTS: Final = 10_000
_ID: Final = re.compile(r"[0-9a-f]{32}")
_JOINS: Final = 2  # at once per process: each holds a database connection while bytes move


def _joining(_db: Database) -> asyncio.Semaphore:
    return asyncio.Semaphore(_JOINS)


async def begin(db: Database, objects: ObjectStore, place: Place, *, overwrite: bool = True) -> str:
    """The id of a new upload to this place."""
    if not overwrite and await objects.find(place.key) is not None:
        raise AlreadyExists(f"The file {place.name!r} exists already.", code="ALREADY_EXISTS")
    upload = Upload(secrets.token_hex(16), place.workspace, place.key, overwrite, completed=False)
    async with db.connection() as connection:
        await store.add_upload(connection, upload)
    return upload.id


async def get(db: Database, upload_id: str, place: Place) -> Upload:
    """An upload that is under way to this place."""
    async with db.connection() as connection:
        found = await store.find_upload(connection, upload_id)
    if found is None or found.completed or found.key != place.key:
        raise _unknown()
    return found


async def put_part(
    db: Database,
    objects: ObjectStore,
    place: Place,
    upload_id: str,
    number: int,
    chunks: AsyncIterator[bytes],
    size: int | None,
) -> ObjectInfo:
    """Store one part, replacing what had its number. Its etag is what completion compares."""
    check_number(number)
    await get(db, upload_id, place)
    return await objects.put(_part_key(upload_id, number), chunks, size=size, durable=False)


async def complete(db: Database, objects: ObjectStore, place: Place, upload_id: str, parts: Sequence[Part]) -> None:
    """Join the parts, by number, into the object. Parts that are not named are dropped."""
    numbers = [part.number for part in parts]
    if not parts or len(set(numbers)) != len(numbers):
        raise InvalidParameter("Completing an upload needs a list of its parts, each once.")
    for number in numbers:
        check_number(number)
    async with db.one(_joining), db.transaction() as tx:
        upload = await store.lock_upload(tx, upload_id)
        if upload is None or upload.key != place.key:
            raise _unknown()
        if upload.completed:
            return
        await store.wait_while_idle(tx)  # joining takes as long as it takes
        await _compare(objects, upload_id, parts)
        await objects.join(
            [_part_key(upload_id, number) for number in sorted(numbers)], upload.key, create=not upload.overwrite
        )
        await store.set_completed(tx, upload_id)
    with suppress(LakewardError):  # the sweep does it later
        await objects.delete_prefix(_prefix(upload_id))


async def _compare(objects: ObjectStore, upload_id: str, parts: Sequence[Part]) -> None:
    """Every part must be there as the client knows it. This is also what finds a part that a power cut shortened."""
    stored = {info.key: info.etag async for info in objects.walk(_prefix(upload_id))}
    for part in parts:
        etag = stored.get(_part_key(upload_id, part.number))
        if etag is None or (part.etag and part.etag.strip('"') != etag):
            raise InvalidParameter(f"Part {part.number} is missing or has another etag. Upload it again.")


async def abort(db: Database, objects: ObjectStore, place: Place, upload_id: str) -> None:
    """Forget the upload and its parts. Aborting what is not there any more is no failure; what never was an id, is."""
    if not _ID.fullmatch(upload_id):
        raise _unknown()
    async with db.transaction() as tx:
        upload = await store.lock_upload(tx, upload_id)
        if upload is None or upload.completed:
            return
        if upload.key != place.key:
            raise _unknown()
        await objects.delete_prefix(_prefix(upload_id))
        await store.remove_upload(tx, upload_id)


def check_number(number: int) -> None:
    if not 1 <= number <= MAX_PARTS:
        raise InvalidParameter(f"Part numbers go from 1 to {MAX_PARTS}; {number} is none.")


def _prefix(upload_id: str) -> str:
    return f"uploads/{upload_id}"


def _part_key(upload_id: str, number: int) -> str:
    return f"uploads/{upload_id}/{number:05d}"


def _unknown() -> NotFound:
    return NotFound("No such upload is under way here. Begin a new one.")
