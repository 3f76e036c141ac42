"""IP access lists through the unmodified `databricks-sdk`. What they do is in tests/features/identity."""

import pytest
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.settings import ListType

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]


@pytest.fixture
def api(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


def test_life(api):
    lists = api.ip_access_lists
    made = lists.create("office", ListType.ALLOW, ip_addresses=["192.0.2.0/24", "2001:db8::1"]).ip_access_list
    assert (made.label, made.list_type, made.enabled, made.address_count) == ("office", ListType.ALLOW, True, 2)
    lists.replace(made.list_id, "office", ListType.BLOCK, enabled=False, ip_addresses=["192.0.2.7"])
    found = lists.get(made.list_id).ip_access_list
    assert (found.list_type, found.enabled, found.ip_addresses) == (ListType.BLOCK, False, ["192.0.2.7"])
    lists.update(made.list_id, label="guests")
    assert "guests" in {each.label for each in lists.list()}
    with pytest.raises(BadRequest):
        lists.create("office", ListType.ALLOW, ip_addresses=["nonsense"])
    lists.delete(made.list_id)
    with pytest.raises(NotFound):
        lists.get(made.list_id)


def test_the_account_has_the_same_lists(api, side):
    account = AccountClient(host=side.server.url, token=side.server.token, account_id="lakeward").ip_access_lists
    made = account.create("abroad", ListType.BLOCK, ip_addresses=["192.0.2.9"]).ip_access_list
    assert api.ip_access_lists.get(made.list_id).ip_access_list.label == "abroad"
    account.update(made.list_id, enabled=False)
    account.replace(made.list_id, "away", ListType.BLOCK, enabled=False, ip_addresses=[])
    assert account.get(made.list_id).ip_access_list.label == "away"
    assert made.list_id in {each.list_id for each in account.list()}
    account.delete(made.list_id)
    assert made.list_id not in {each.list_id for each in api.ip_access_lists.list()}


def test_the_switch(api):
    assert api.workspace_conf.get_status("enableIpAccessLists") == {"enableIpAccessLists": "false"}
    api.workspace_conf.set_status({"enableIpAccessLists": "true"})
    assert api.workspace_conf.get_status("enableIpAccessLists") == {"enableIpAccessLists": "true"}
    api.workspace_conf.set_status({"enableIpAccessLists": "false"})
