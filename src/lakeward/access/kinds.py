"""Which kinds there are. A feature adds its own when it is imported, and the APIs of this package then serve it."""

from lakeward.access.records import Acl, Way
from lakeward.access.unity import SECURABLES, Securable
from lakeward.kit.errors import InvalidParameter

_by_path: dict[str, Way] = {}
_by_type: dict[str, Securable] = {spelling: each for each in SECURABLES for spelling in each.spellings}


def add_object_type(way: Way) -> None:
    """Serve `/api/2.0/permissions/…` for the way's kind; `way` finds its objects by the id in the path."""
    assert way.kind.acl is not None
    _by_path[way.kind.acl.path] = way


def add_securable(securable: Securable) -> None:
    """Serve grants on it; its way finds an object by its full name."""
    _by_type.update(dict.fromkeys(securable.spellings, securable))


def object_type(path: str) -> tuple[Way, Acl]:
    """How objects of this type of the permissions API are found, and what may be given on them."""
    way = _by_path.get(path)
    if way is None or way.kind.acl is None:
        raise InvalidParameter(
            f"Objects of type {path!r} have no permissions on this server; {', '.join(sorted(_by_path))} have."
        )
    return way, way.kind.acl


def securable(written: str) -> Securable:
    found = _by_type.get(written.lower())
    if found is None:
        raise InvalidParameter(
            f"Securables of type {written!r} have no grants on this server; {', '.join(sorted(_by_type))} have."
        )
    return found


def type_of(kind: str) -> str:
    """What the API of grants calls this kind."""
    return next(each.type for each in _by_type.values() if each.way.kind.name == kind)


def every_way() -> dict[str, Way]:
    """How objects of each kind are called in words: by type, in either API."""
    return {name: each.way for name, each in _by_type.items()} | _by_path
