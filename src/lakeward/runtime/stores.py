"""What an installation keeps things in, opened together: its database, its object store, and the lake in that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lakeward.runtime.db import Database
from lakeward.runtime.lake import Lake
from lakeward.runtime.objects import ObjectStore
from lakeward.runtime.settings import Settings


@asynccontextmanager
async def stores(settings: Settings, database_url: str, *, size: int) -> AsyncIterator[tuple[Database, ObjectStore]]:
    """`size`: how many connections to the database there may be."""
    objects = ObjectStore.open(settings.objects_location, settings.objects)
    try:
        lake = Lake(objects, settings.objects_location, settings.objects)
        db = await Database.open(database_url, size=size, lake=lake)
        try:
            yield db, objects
        finally:
            await db.close()
    finally:
        objects.close()
