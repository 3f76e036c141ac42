"""Where the files of managed tables and volumes are, as far as a caller can get there."""

import asyncio
from pathlib import Path

from lakeward.catalog.records import Asset
from lakeward.runtime.http import Call


async def of_asset(call: Call, asset: Asset, *, make: bool = False) -> str:
    """Of an external one where it was said to be; '' where only callers on the server's machine get."""
    return asset.storage_location or await of_prefix(call, asset.prefix, make=make)


async def of_prefix(call: Call, prefix: str, *, make: bool = False) -> str:
    path = call.objects.path(prefix)
    if path is None:
        return f"{str(call.settings.objects_location).rstrip('/')}/{prefix}"
    if not call.local:
        return ""
    return await asyncio.to_thread(_directory, path, make)


def _directory(path: str, make: bool) -> str:
    """Its file URI, once it is there if that is meant."""
    if make:
        Path(path).mkdir(0o700, parents=True, exist_ok=True)
    return Path(path).absolute().as_uri()
