"""Resources and messages of SCIM 2.0, named as in RFC 7643 and RFC 7644 and as the platform's clients send them."""

from typing import Any, Final, Self

import msgspec

from lakeward.identity.records import Identity, Link
from lakeward.runtime.http import Int64

_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"
_MESSAGE: Final = "urn:ietf:params:scim:api:messages:2.0:"
_RESOURCES: Final = {"USER": "Users", "GROUP": "Groups", "SERVICE_PRINCIPAL": "ServicePrincipals"}


class Value(msgspec.Struct, omit_defaults=True):
    """One of the values of an attribute that has many."""

    value: str = ""
    display: str | None = None
    type: str | None = None
    primary: bool | None = None
    ref: str | None = msgspec.field(default=None, name="$ref")


class Name(msgspec.Struct, omit_defaults=True, rename="camel"):
    given_name: str | None = None
    family_name: str | None = None


class Meta(msgspec.Struct, omit_defaults=True, rename="camel"):
    resource_type: str | None = None
    location: str | None = None


def _links(links: tuple[Link, ...], *, typed: bool) -> list[Value] | None:
    """None if there are none, so that the attribute is left out."""
    made = [
        Value(str(each.id), each.name, ("direct" if each.direct else "indirect") if typed else None,
              ref=f"{_RESOURCES[each.kind]}/{each.id}")
        for each in links
    ]  # fmt: skip
    return made or None


def _words(words: tuple[str, ...]) -> list[Value] | None:
    return [Value(each) for each in words] or None


def _meta(record: Identity) -> Meta:
    kind = _RESOURCES[record.kind]
    return Meta(kind.removesuffix("s"), f"{kind}/{record.id}")


class Resource(msgspec.Struct, omit_defaults=True, rename="camel", kw_only=True):
    id: str
    schemas: list[str]
    external_id: str | None = None
    display_name: str | None = None
    groups: list[Value] | None = None
    entitlements: list[Value] | None = None
    roles: list[Value] | None = None
    meta: Meta | None = None

    def narrowed(self, attributes: str, excluded: str) -> Self:
        """With the attributes that were asked for, or without those that were not; id and schemas always stay."""
        wanted = _names(attributes)
        unwanted = _names(excluded)
        if not wanted and not unwanted:
            return self
        dropped = {
            each.name: None
            for each in msgspec.structs.fields(self)
            if not each.required
            and (each.encode_name.lower() in unwanted or (wanted and each.encode_name.lower() not in wanted))
        }
        return msgspec.structs.replace(self, **dropped)


def _names(text: str) -> set[str]:
    """`userName,name.givenName` as the attributes it touches, in lower case."""
    return {each.strip().rpartition(":")[2].partition(".")[0].lower() for each in text.split(",")} - {""}


class User(Resource, omit_defaults=True, rename="camel", kw_only=True):
    user_name: str | None = None
    active: bool | None = None
    name: Name | None = None
    emails: list[Value] | None = None

    @classmethod
    def of(cls, record: Identity) -> Self:
        profile = record.profile
        named = Name(profile.given_name or None, profile.family_name or None)
        return cls(
            id=str(record.id),
            schemas=[_CORE + "User", "urn:ietf:params:scim:schemas:extension:workspace:2.0:User"],
            user_name=record.name,
            display_name=record.display_name or record.name,
            active=record.is_active,
            external_id=record.external_id or None,
            name=named if named != Name() else None,
            emails=[Value(each.value, None, each.type or None, each.primary) for each in profile.emails] or None,
            groups=_links(record.groups, typed=True),
            entitlements=_words(profile.entitlements),
            roles=_words(profile.roles),
            meta=_meta(record),
        )


class ServicePrincipal(Resource, omit_defaults=True, rename="camel", kw_only=True):
    application_id: str | None = None
    active: bool | None = None

    @classmethod
    def of(cls, record: Identity) -> Self:
        return cls(
            id=str(record.id),
            schemas=[_CORE + "ServicePrincipal"],
            application_id=record.name,
            display_name=record.display_name or record.name,
            active=record.is_active,
            external_id=record.external_id or None,
            groups=_links(record.groups, typed=True),
            entitlements=_words(record.profile.entitlements),
            roles=_words(record.profile.roles),
            meta=_meta(record),
        )


class Group(Resource, omit_defaults=True, rename="camel", kw_only=True):
    members: list[Value] | None = None

    @classmethod
    def of(cls, record: Identity) -> Self:
        return cls(
            id=str(record.id),
            schemas=[_CORE + "Group"],
            display_name=record.name,
            external_id=record.external_id or None,
            members=_links(record.members, typed=False),
            groups=_links(record.groups, typed=True),
            entitlements=_words(record.profile.entitlements),
            roles=_words(record.profile.roles),
            meta=_meta(record),
        )


class Page(msgspec.Struct, rename="camel", kw_only=True):
    total_results: int
    start_index: int
    items_per_page: int
    schemas: list[str] = msgspec.field(default_factory=lambda: [_MESSAGE + "ListResponse"])


class ListUsersResponse(Page, rename="camel", kw_only=True):
    resources: list[User] = msgspec.field(name="Resources")


class ListServicePrincipalsResponse(Page, rename="camel", kw_only=True):
    resources: list[ServicePrincipal] = msgspec.field(name="Resources")


class ListGroupsResponse(Page, rename="camel", kw_only=True):
    resources: list[Group] = msgspec.field(name="Resources")


class ListRequest(msgspec.Struct, rename="camel", kw_only=True):
    """`account_id` stands in the paths of the account's twin of each API; a server is one account, whatever its id."""

    account_id: str = msgspec.field(name="account_id", default="")
    filter: str = ""
    attributes: str = ""
    excluded_attributes: str = ""
    start_index: Int64 = 1
    count: Int64 | None = None
    sort_by: str = ""
    sort_order: str = "ascending"


class GetMe(msgspec.Struct, rename="camel", kw_only=True):
    attributes: str = ""
    excluded_attributes: str = ""


class GetRequest(msgspec.Struct, rename="camel", kw_only=True):
    id: str
    account_id: str = msgspec.field(name="account_id", default="")
    attributes: str = ""
    excluded_attributes: str = ""


class Create(msgspec.Struct, rename="camel", kw_only=True):
    """What a resource is made of. Of the others' attributes each kind ignores those it does not have."""

    account_id: str = msgspec.field(name="account_id", default="")
    user_name: str = ""
    application_id: str = ""
    display_name: str = ""
    active: bool | None = None
    external_id: str = ""
    name: Name = msgspec.field(default_factory=Name)
    emails: list[Value] = []
    entitlements: list[Value] = []
    roles: list[Value] = []
    members: list[Value] = []


class Replace(Create, rename="camel", kw_only=True):
    id: str


class Operation(msgspec.Struct):
    op: str
    path: str = ""
    value: Any = None


class PatchRequest(msgspec.Struct, kw_only=True):
    id: str
    account_id: str = ""
    operations: list[Operation] = msgspec.field(name="Operations", default_factory=list)


class DeleteRequest(msgspec.Struct, kw_only=True):
    id: str
    account_id: str = ""


class Error(msgspec.Struct, rename="camel", kw_only=True):
    detail: str
    status: str
    scim_type: str
    schemas: list[str] = msgspec.field(default_factory=lambda: [_MESSAGE + "Error"])
