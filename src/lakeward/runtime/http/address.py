"""Where a request comes from: the peer of the connection, or whom a trusted proxy says it stands for."""

import functools
import ipaddress
from collections.abc import Iterable, Mapping, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@functools.lru_cache(maxsize=4096)
def address_of(text: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; IPv4 inside of IPv6 is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def spelled(address: Address | None) -> str:
    return "" if address is None else str(address)


@functools.lru_cache(maxsize=4096)
def spelled_peer(text: str) -> str:
    """The peer's address as it is compared and recorded."""
    return spelled(address_of(text))


@functools.cache
def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(each, strict=False) for each in texts)


def within(address: Address, among: Iterable[Network]) -> bool:
    return any(address.version == each.version and address in each for each in among)


def client_address(
    peer: tuple[str, int] | None, headers: Mapping[bytes, bytes], trusted: tuple[Network, ...]
) -> Address | None:
    """The nearest address that is not a trusted proxy's; None for a socket without one.

    `X-Forwarded-For` is read from its end, because everything before what a trusted proxy appended can be forged.
    """
    nearest = address_of(peer[0]) if peer else None
    if b"x-forwarded-for" not in headers:
        return nearest
    told = headers[b"x-forwarded-for"].decode("latin-1").split(",")
    while nearest is not None and within(nearest, trusted) and told:
        before = address_of(told.pop())
        if before is None:
            break
        nearest = before
    return nearest
