"""Users, groups, service principals and workspace assignments through the unmodified `databricks-sdk`."""

import uuid

import pytest
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, ResourceConflict
from databricks.sdk.service import iam

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]


@pytest.fixture
def api(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


@pytest.fixture
def account(side):
    return AccountClient(host=side.server.url, token=side.server.token, account_id="lakeward")


def name(stem="user"):
    return f"{stem}-{uuid.uuid4().hex[:12]}@example.org"


def replaced(path, value):
    return iam.Patch(op=iam.PatchOp.REPLACE, path=path, value=value)


def added(*ids):
    return iam.Patch(op=iam.PatchOp.ADD, value={"members": [{"value": each} for each in ids]})


def removed(member):
    return iam.Patch(op=iam.PatchOp.REMOVE, path=f'members[value eq "{member}"]')


def values(entries):
    return {each.value for each in entries or []}


class TestUsers:
    def test_life(self, api):
        own = name("ada")
        made = api.users.create(
            user_name=own,
            display_name="Ada",
            name=iam.Name(given_name="Ada", family_name="L."),
            emails=[iam.ComplexValue(value=own, type="work", primary=True)],
            entitlements=[iam.ComplexValue(value="workspace-access")],
        )
        found = api.users.get(made.id)
        assert (found.user_name, found.display_name, found.active) == (own, "Ada", True)
        assert (found.name.family_name, found.emails[0].value, found.emails[0].primary) == ("L.", own, True)
        assert values(found.entitlements) == {"workspace-access"}
        assert {each.display for each in found.groups} == {"users"}
        api.users.patch(made.id, operations=[replaced("displayName", "Ada Lovelace")])
        assert api.users.get(made.id).display_name == "Ada Lovelace"
        api.users.update(made.id, user_name="ignored", display_name="A.", active=False)
        found = api.users.get(made.id)
        assert (found.user_name, found.display_name, found.active) == (own, "A.", False)
        assert not found.entitlements
        api.users.delete(made.id)
        with pytest.raises(NotFound, match="no user"):
            api.users.get(made.id)

    def test_a_name_is_taken_once(self, api):
        own = name()
        api.users.create(user_name=own)
        for again in (own, own.upper()):
            with pytest.raises(ResourceConflict, match="already"):
                api.users.create(user_name=again)

    def test_filters(self, api):
        family = uuid.uuid4().hex
        made = [api.users.create(user_name=f"{letter}-{family}", display_name=letter * 3) for letter in "abc"]
        api.users.patch(made[2].id, operations=[replaced("active", "false")])

        def found(text):
            return [each.display_name for each in api.users.list(filter=text)]

        assert found(f'userName eq "b-{family}"') == ["bbb"]
        assert found(f"userName eq 'B-{family}'") == ["bbb"]
        assert found(f'userName co "{family}"') == ["aaa", "bbb", "ccc"]
        assert found(f'userName ew "{family}" and active eq true') == ["aaa", "bbb"]
        assert found(f'userName co "{family}" and (displayName sw "a" or displayName eq "ccc")') == ["aaa", "ccc"]
        assert found(f'userName co "{family}" and not (displayName ne "bbb")') == ["bbb"]
        assert found(f'userName eq "{family}"') == []
        for wrong in ("userName", 'userName eq "x', "shoeSize eq 43", 'userName like "x"', "(userName eq x"):
            with pytest.raises(BadRequest, match="invalidFilter"):
                found(wrong)

    def test_pages_and_attributes(self, api):
        family = uuid.uuid4().hex
        for number in range(5):
            api.users.create(user_name=f"{number}-{family}", display_name="x")
        text = f'userName co "{family}"'
        listed = list(api.users.list(filter=text, count=2, attributes="id,userName"))
        assert [each.user_name[0] for each in listed] == list("01234")
        assert {each.display_name for each in listed} == {None}
        backwards = api.users.list(filter=text, sort_by="userName", sort_order=iam.ListSortOrder.DESCENDING)
        assert [each.user_name[0] for each in backwards] == list("43210")
        listed = list(api.users.list(filter=text, excluded_attributes="groups,displayName"))
        assert not any(each.groups or each.display_name for each in listed)

    def test_the_account_sees_the_same(self, api, account):
        made = account.users.create(user_name=name())
        assert api.users.get(made.id).user_name == made.user_name
        assert [each.id for each in account.users.list(filter=f'userName eq "{made.user_name}"')] == [made.id]
        account.users.patch(made.id, operations=[replaced("active", [{"value": "false"}])])
        assert account.users.get(made.id).active is False
        account.users.delete(made.id)
        assert list(api.users.list(filter=f'userName eq "{made.user_name}"')) == []
        v2 = account.users_v2.create(user_name=name(), external_id="e1")
        assert [each.external_id for each in account.users_v2.list(filter=f'userName eq "{v2.user_name}"')] == ["e1"]


class TestGroups:
    def test_life(self, api):
        people = [api.users.create(user_name=name()).id for _ in range(3)]
        title = f"team/{uuid.uuid4().hex}"
        made = api.groups.create(display_name=title, members=[iam.ComplexValue(value=people[0])])
        assert values(api.groups.get(made.id).members) == {people[0]}
        api.groups.patch(made.id, operations=[added(*people[1:])])
        api.groups.patch(made.id, operations=[removed(people[0])])
        found = api.groups.get(made.id)
        assert values(found.members) == set(people[1:])
        assert {each.ref for each in found.members} == {f"Users/{each}" for each in people[1:]}
        assert made.id in values(api.users.get(people[1]).groups)
        api.groups.patch(made.id, operations=[replaced("displayName", title + "-2")])
        assert [each.id for each in api.groups.list(filter=f'displayName eq "{title}-2"')] == [made.id]
        api.groups.update(made.id, display_name=title, members=[iam.ComplexValue(value=people[0])])
        found = api.groups.get(made.id)
        assert (found.display_name, values(found.members)) == (title, {people[0]})
        api.groups.delete(made.id)
        with pytest.raises(NotFound):
            api.groups.get(made.id)
        assert values(api.users.get(people[0]).groups) == {"2"}

    def test_groups_in_groups(self, api):
        member = api.users.create(user_name=name()).id
        inner, middle, outer = (api.groups.create(display_name=uuid.uuid4().hex).id for _ in range(3))
        api.groups.patch(inner, operations=[added(member)])
        api.groups.patch(middle, operations=[added(inner)])
        api.groups.patch(outer, operations=[added(middle)])
        kinds = {each.value: each.type for each in api.users.get(member).groups}
        assert kinds == {"2": "direct", inner: "direct", middle: "indirect", outer: "indirect"}
        for group, into in ((outer, inner), (inner, inner), (middle, inner)):
            with pytest.raises(BadRequest, match="circle"):
                api.groups.patch(into, operations=[added(group)])
        api.groups.patch(middle, operations=[removed(inner)])
        assert values(api.users.get(member).groups) == {"2", inner}
        api.groups.patch(inner, operations=[added(outer)])

    def test_what_is_built_in(self, api):
        built_in = {
            each.display_name: each.id for each in api.groups.list(filter="displayName sw u or displayName sw a")
        }
        users, admins = built_in["users"], built_in["admins"]
        member = api.users.create(user_name=name()).id
        assert member in values(api.groups.get(users).members)
        for group in (users, admins):
            with pytest.raises(BadRequest, match="built in"):
                api.groups.delete(group)
            with pytest.raises(BadRequest, match="keeps its name"):
                api.groups.patch(group, operations=[replaced("displayName", "others")])
        for change in (added(member), removed(member)):
            with pytest.raises(BadRequest, match="Everybody"):
                api.groups.patch(users, operations=[change])
        with pytest.raises(BadRequest, match="nobody to administer"):
            api.groups.patch(admins, operations=[iam.Patch(op=iam.PatchOp.REMOVE, path="members")])
        with pytest.raises(BadRequest, match="everybody in it"):
            api.groups.patch(admins, operations=[added(users)])

    def test_a_member_must_exist(self, api):
        made = api.groups.create(display_name=uuid.uuid4().hex)
        for wrong in ("987654321", "ada", "-1", ""):
            with pytest.raises(BadRequest):
                api.groups.patch(made.id, operations=[added(wrong)])
        assert not api.groups.get(made.id).members

    def test_the_account_sees_the_same(self, api, account):
        made = account.groups.create(display_name=uuid.uuid4().hex)
        assert api.groups.get(made.id).display_name == made.display_name
        assert [each.id for each in account.groups.list(filter=f'displayName co "{made.display_name}"')] == [made.id]
        account.groups.delete(made.id)


class TestServicePrincipals:
    def test_life(self, api, account):
        made = api.service_principals.create(display_name="robot", active=True)
        assert uuid.UUID(made.application_id)
        found = api.service_principals.get(made.id)
        assert (found.display_name, found.application_id, found.active) == ("robot", made.application_id, True)
        text = f'applicationId eq "{made.application_id}"'
        assert [each.id for each in api.service_principals.list(filter=text)] == [made.id]
        assert [each.id for each in account.service_principals.list(filter=text)] == [made.id]
        api.service_principals.patch(made.id, operations=[replaced("displayName", "machine")])
        assert api.service_principals.get(made.id).display_name == "machine"
        own = str(uuid.uuid4())
        assert api.service_principals.create(application_id=own).application_id == own
        api.service_principals.delete(made.id)
        with pytest.raises(NotFound):
            api.users.get(made.id)

    def test_kinds_are_not_mixed_up(self, api):
        robot = api.service_principals.create(display_name="robot").id
        with pytest.raises(NotFound):
            api.users.get(robot)
        with pytest.raises(NotFound):
            api.groups.delete(robot)


class TestAssignments:
    def test_a_principal_is_let_in_and_out(self, api, account):
        user = int(api.users.create(user_name=name(), display_name="Guest").id)
        robot = int(api.service_principals.create(display_name="robot").id)

        def listed():
            found = account.workspace_assignment.list(1)
            return {each.principal.principal_id: each.permissions[0].value for each in found}

        assert {each.permission_level.value for each in account.workspace_assignment.get(1).permissions} == {
            "USER",
            "ADMIN",
        }
        made = account.workspace_assignment.update(1, user, permissions=[iam.WorkspacePermission.USER])
        assert (made.principal.display_name, made.permissions) == ("Guest", [iam.WorkspacePermission.USER])
        account.workspace_assignment.update(1, robot, permissions=[iam.WorkspacePermission.ADMIN])
        assert listed()[user] == "USER"
        assert listed()[robot] == "ADMIN"
        account.workspace_assignment.update(1, robot, permissions=[])
        account.workspace_assignment.delete(1, user)
        assert not {user, robot} & set(listed())
        with pytest.raises(NotFound):
            account.workspace_assignment.list(987654321)
        with pytest.raises(NotFound):
            account.workspace_assignment.update(1, 987654321, permissions=[iam.WorkspacePermission.USER])


def test_workspaces_of_the_account(account, side):
    space = "space-" + name().lower().encode().hex()[:20]
    made = account.workspaces.create_and_wait(workspace_name=space)
    assert (made.workspace_name, made.workspace_status.value) == (space, "RUNNING")
    assert made.workspace_id in {each.workspace_id for each in account.workspaces.list()}
    robot = account.service_principals.create(display_name="robot")
    account.workspace_assignment.update(made.workspace_id, int(robot.id), permissions=[iam.WorkspacePermission.USER])
    account.workspaces.delete(made.workspace_id)
    with pytest.raises(NotFound):
        account.workspaces.get(made.workspace_id)
    with pytest.raises(BadRequest):
        account.workspaces.create(workspace_name="No Such Name")


def test_me(api, side):
    me = api.current_user.me()
    assert me.user_name == "client-suite"
    assert "admins" in {each.display for each in me.groups}
    answer = side.server.request(
        "GET", "/api/2.0/preview/scim/v2/Me", headers={"Authorization": f"Bearer {side.server.token}"}
    )
    assert answer.headers["x-databricks-org-id"] == "1"
