"""Which kinds there are. A feature adds its own when it is imported, and the APIs of this package then serve it."""

from lakeward.access.records import Acl, Way
from lakeward.kit.errors import InvalidParameter

_by_path: dict[str, Way] = {}


def add_object_type(way: Way) -> None:
    """Serve `/api/2.0/permissions/…` for the way's kind; `way` finds its objects by the id in the path."""
    assert way.kind.acl is not None
    _by_path[way.kind.acl.path] = way


def object_type(path: str) -> tuple[Way, Acl]:
    """How objects of this type of the permissions API are found, and what may be given on them."""
    way = _by_path.get(path)
    if way is None or way.kind.acl is None:
        raise InvalidParameter(
            f"Objects of type {path!r} have no permissions on this server; {', '.join(sorted(_by_path))} have."
        )
    return way, way.kind.acl
