"""Who may come from where: lists of addresses that are let in or kept out.

The lists are the whole server's. Nothing is kept out until they are switched on; then what a BLOCK list holds is
refused, and with any ALLOW list everything else that none of them holds. A caller on the server's own machine is never
kept out, which is the way back. Changes count on every process within a second.
"""

import ipaddress
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from lakeward.identity import store
from lakeward.identity.records import AddressList
from lakeward.kit.errors import InvalidParameter, NotFound, PermissionDenied, Unavailable
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Address, Network, networks, within

SWITCH: Final = "enableIpAccessLists"
_MOST: Final = 1_000  # addresses and networks in all lists together, as on the platform
_REMEMBER_SECONDS: Final = 1.0


class Caller(msgspec.Struct, frozen=True):
    """Who changes the lists, and from where; None from the server's own machine, which is never kept out."""

    id: int
    address: Address | None


class Doorkeeper:
    """Knows the lists, as of at most a second ago. One per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._until = 0.0
        self._rules: _Rules | None = None

    async def admit(self, address: Address | None) -> None:
        """Raise PermissionDenied if the lists keep this address out."""
        if time.monotonic() >= self._until:
            try:
                async with self._db.connection() as connection:
                    on = await is_on(connection)
                    self._rules = _Rules(await store.addresses.list_lists(connection)) if on else None
            except Unavailable:  # the lists as they were; pages that need no database go on
                if not self._until:
                    raise
            self._until = time.monotonic() + _REMEMBER_SECONDS
        if self._rules is not None and (address is None or self._rules.refuse(address)):
            raise PermissionDenied(f"The address {address} is kept out by the IP access lists of this server.")


class _Rules:
    def __init__(self, lists: Iterable[AddressList]) -> None:
        live = [each for each in lists if each.enabled]
        self._allowing = any(each.list_type == "ALLOW" for each in live)
        self._allowed = _networks(each for each in live if each.list_type == "ALLOW")
        self._blocked = _networks(each for each in live if each.list_type == "BLOCK")

    def refuse(self, address: Address) -> bool:
        return within(address, self._blocked) or (self._allowing and not within(address, self._allowed))


def _networks(lists: Iterable[AddressList]) -> tuple[Network, ...]:
    return networks(tuple(address for each in lists for address in each.addresses))


async def is_on(tx: Tx) -> bool:
    return await store.addresses.find_switch(tx, SWITCH) == "true"


async def switch(tx: Tx, caller: Caller, *, on: bool) -> None:
    await store.addresses.lock(tx)
    await store.addresses.set_switch(tx, SWITCH, "true" if on else "false")
    await _keep_caller_in(tx, caller)


async def list_lists(tx: Tx) -> list[AddressList]:
    return await store.addresses.list_lists(tx)


async def get(tx: Tx, list_id: str) -> AddressList:
    found = await store.addresses.find_list(tx, list_id)
    if found is None:
        raise NotFound(f"There is no IP access list with the id {list_id!r}.")
    return found


async def create(tx: Tx, caller: Caller, label: str, list_type: str, addresses: Sequence[str]) -> AddressList:
    await store.addresses.lock(tx)
    list_id = str(uuid.uuid4())
    await store.addresses.add_list(tx, list_id, label, list_type, list(addresses), caller.id)
    return await _checked(tx, caller, list_id)


async def change(
    tx: Tx,
    caller: Caller,
    list_id: str,
    *,
    label: str | None = None,
    list_type: str | None = None,
    addresses: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> AddressList:
    """None leaves what it stands for."""
    await store.addresses.lock(tx)
    before = await get(tx, list_id)
    await store.addresses.save_list(
        tx,
        list_id,
        before.label if label is None else label,
        before.list_type if list_type is None else list_type,
        list(before.addresses if addresses is None else addresses),
        caller.id,
        enabled=before.enabled if enabled is None else enabled,
    )
    return await _checked(tx, caller, list_id)


async def delete(tx: Tx, caller: Caller, list_id: str) -> None:
    await store.addresses.lock(tx)
    await get(tx, list_id)
    await store.addresses.delete_list(tx, list_id)
    await _keep_caller_in(tx, caller)


async def _checked(tx: Tx, caller: Caller, list_id: str) -> AddressList:
    made = await get(tx, list_id)
    if not made.label or len(made.label) > 255:
        raise InvalidParameter("The label has 1 to 255 characters.")
    for each in made.addresses:
        _check_address(each)
    if sum(len(each.addresses) for each in await store.addresses.list_lists(tx)) > _MOST:
        raise InvalidParameter(f"All lists together hold {_MOST} addresses at most.", code="QUOTA_EXCEEDED")
    await _keep_caller_in(tx, caller)
    return made


def _check_address(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidParameter(f"{text!r} is neither an address nor a network such as 192.0.2.0/24.") from error


async def _keep_caller_in(tx: Tx, caller: Caller) -> None:
    if caller.address is None or not await is_on(tx):
        return
    if _Rules(await store.addresses.list_lists(tx)).refuse(caller.address):
        raise InvalidParameter(
            f"That would keep you out yourself: you come from {caller.address}.", code="INVALID_STATE"
        )
