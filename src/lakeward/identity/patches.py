"""What a principal is to become: a draft, and the SCIM PATCH operations that change it (RFC 7644 §3.5.2).

Identity providers differ: operations come as `add` or `Add`, booleans as text, members under a path, inside a value or
as a filter. All of these are taken. A path that names no attribute is refused, so that a misspelt removal is not taken
for done; inside a value unknown attributes are ignored, as everywhere.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol, Self

import msgspec

from lakeward.identity.records import Email, Identity, Kind, Profile
from lakeward.kit.errors import InvalidParameter

Verb = Literal["add", "remove", "replace"]

_PATH: Final = re.compile(r"(?:(urn:[^\[\]]+):)?([A-Za-z$][\w$-]*)(?:\[(.*)\])?(?:\.([A-Za-z$][\w$-]*))?")
_VALUE_IS: Final = re.compile(r"""\s*value\s+eq\s+["']?([^"']*)["']?\s*""", re.IGNORECASE)
_TYPE_IS: Final = re.compile(r"""\s*type\s+eq\s+["']?([^"']*)["']?\s*""", re.IGNORECASE)
_TEXTS: Final = {
    "displayname": "display_name",
    "externalid": "external_id",
    "name.givenname": "given_name",
    "name.familyname": "family_name",
}
_LISTS: Final = ("entitlements", "roles")
# Attributes of the standard that are fixed, made by the server, or not kept.
_IGNORED: Final = frozenset(
    "id schemas meta groups username applicationid name nickname profileurl title usertype preferredlanguage locale"
    " timezone phonenumbers ims photos addresses x509certificates".split()
)
_VERBS: Final[dict[str, Verb]] = {"add": "add", "remove": "remove", "replace": "replace"}
_TRUTH: Final = {"true": True, "false": False}


class Asked(Protocol):
    """One operation as it came."""

    op: str
    path: str
    value: Any


class Membership(NamedTuple):
    """A change of a group's members; `replace` leaves these alone."""

    verb: Verb
    ids: list[int]


class Draft(msgspec.Struct, kw_only=True):
    """A principal on its way to the database."""

    kind: Kind
    name: str
    display_name: str = ""
    is_active: bool = True
    external_id: str = ""
    given_name: str = ""
    family_name: str = ""
    emails: list[Email] = []
    entitlements: list[str] = []
    roles: list[str] = []
    membership: list[Membership] = []

    @classmethod
    def of(cls, record: Identity) -> Self:
        profile = record.profile
        return cls(
            kind=record.kind,
            name=record.name,
            display_name=record.display_name,
            is_active=record.is_active,
            external_id=record.external_id,
            given_name=profile.given_name,
            family_name=profile.family_name,
            emails=list(profile.emails),
            entitlements=list(profile.entitlements),
            roles=list(profile.roles),
        )

    @property
    def profile(self) -> Profile:
        lists = tuple(self.emails), tuple(self.entitlements), tuple(self.roles)
        return Profile(self.given_name, self.family_name, *lists)


def apply(draft: Draft, operations: Sequence[Asked]) -> None:
    """Change the draft. Raises InvalidParameter with a SCIM error keyword as its code."""
    for operation in operations:
        verb = _VERBS.get(operation.op.lower())
        if verb is None:
            raise InvalidParameter(
                f"The operation {operation.op!r} is none of add, remove, replace.", code="invalidSyntax"
            )
        if operation.path:
            _change(draft, verb, operation.path, operation.value, strict=True)
        elif verb == "remove":
            raise InvalidParameter("A remove operation needs a path.", code="noTarget")
        elif not isinstance(operation.value, dict):
            raise InvalidParameter("An operation without a path needs an object of attributes.", code="invalidValue")
        else:
            for path, value in operation.value.items():
                _change(draft, verb, path, value, strict=False)


def member_ids(values: Sequence[str]) -> list[int]:
    """Ids of principals out of the values of `members`."""
    wrong = next((each for each in values if not (each.isascii() and each.isdecimal() and len(each) < 19)), None)
    if wrong is not None:
        raise InvalidParameter(f"{wrong!r} is not the id of a principal.", code="invalidValue")
    return list(dict.fromkeys(int(each) for each in values))


def _change(draft: Draft, verb: Verb, path: str, value: Any, *, strict: bool) -> None:
    match = _PATH.fullmatch(path.strip())
    schema, attribute, test, part = match.groups() if match else ("", path, None, None)
    if ":extension:" in (schema or "").lower() or ":extension:" in path.lower():
        return  # such as the department in the enterprise extension: not kept
    attribute = attribute.lower()
    if attribute == "name" and isinstance(value, dict) and part is None:
        for name, each in value.items():
            _change(draft, verb, f"name.{name}", each, strict=False)
        return
    field = _TEXTS.get(f"{attribute}.{part.lower()}" if attribute == "name" and part else attribute)
    if field is not None:
        _set_text(draft, field, "" if verb == "remove" else value, path)
    elif attribute == "active" and draft.kind != "GROUP":
        draft.is_active = _truth(value)
    elif attribute in _LISTS:
        chosen = _chosen(test, path) if test else _texts(value, path)
        kept = _combined(getattr(draft, attribute), verb, chosen, all_of_it=not test and value is None)
        setattr(draft, attribute, kept)
    elif attribute == "emails":
        _set_emails(draft, verb, test, value, path)
    elif attribute == "members" and draft.kind == "GROUP":
        _change_members(draft, verb, test, value, path)
    elif strict and attribute not in _IGNORED:
        raise InvalidParameter(f"The path {path!r} names no attribute of this resource.", code="invalidPath")


def _set_text(draft: Draft, field: str, value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise InvalidParameter(f"The value of {path!r} must be a text.", code="invalidValue")
    setattr(draft, "name" if field == "display_name" and draft.kind == "GROUP" else field, value)


def _truth(value: Any) -> bool:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("value")
    if value is None:
        return False  # compat(databricks-sdk 0.156): `Patch(op=REPLACE, path="active", value=False)` sends no value
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    raise InvalidParameter("The value of 'active' must be true or false.", code="invalidValue")


def _texts(value: Any, path: str) -> list[str]:
    """`"a"`, `{"value": "a"}`, or a list of these."""
    entries = value if isinstance(value, list) else [] if value is None else [value]
    found: list[Any] = [each.get("value") if isinstance(each, dict) else each for each in entries]
    if not all(isinstance(each, str) for each in found):
        raise InvalidParameter(f"The values of {path!r} must be texts.", code="invalidValue")
    return found


def _chosen(test: str, path: str) -> list[str]:
    match = _VALUE_IS.fullmatch(test)
    if match is None:
        raise InvalidParameter(f'The filter in {path!r} must be [value eq "..."].', code="invalidFilter")
    return [match[1]]


def _combined(held: list[str], verb: Verb, chosen: list[str], *, all_of_it: bool) -> list[str]:
    if verb == "replace":
        return list(dict.fromkeys(chosen))
    if verb == "add":
        return list(dict.fromkeys([*held, *chosen]))
    return [] if all_of_it else [each for each in held if each not in chosen]


def _change_members(draft: Draft, verb: Verb, test: str | None, value: Any, path: str) -> None:
    ids = member_ids(_chosen(test, path) if test else _texts(value, path))
    if verb == "remove" and not test and value is None:
        draft.membership.append(Membership("replace", []))
    else:
        draft.membership.append(Membership(verb, ids))


def _set_emails(draft: Draft, verb: Verb, test: str | None, value: Any, path: str) -> None:
    kind = _TYPE_IS.fullmatch(test or "")
    if kind is not None:  # emails[type eq "work"].value
        draft.emails = [each for each in draft.emails if each.type != kind[1]]
        draft.emails += [Email(each, kind[1]) for each in (_texts(value, path) if verb != "remove" else [])]
        return
    chosen = _chosen(test, path) if test else _texts(value, path)
    if verb == "remove":
        draft.emails = [each for each in draft.emails if (test or value is not None) and each.value not in chosen]
    else:
        types = {each.get("value"): each for each in value if isinstance(each, dict)} if isinstance(value, list) else {}
        told = [Email(each, str(types.get(each, {}).get("type") or ""), bool(types.get(each, {}).get("primary")))
                for each in chosen]  # fmt: skip
        kept = [] if verb == "replace" else [each for each in draft.emails if each.value not in chosen]
        draft.emails = kept + told
