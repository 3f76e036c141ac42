"""Tokens, service principals' secrets and OAuth through the unmodified `databricks-sdk`, and mlflow under them."""

import datetime as dt
import time
import uuid
from urllib.parse import parse_qsl, urlsplit

import mlflow
import pytest
import requests
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, Unauthenticated
from databricks.sdk.oauth import OAuthClient, SessionCredentials
from databricks.sdk.service import iam, settings
from google.protobuf.field_mask_pb2 import FieldMask

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]

HOUR = 3600
COMMENT = FieldMask(paths=["comment"])


@pytest.fixture
def api(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


@pytest.fixture
def account(side):
    return AccountClient(host=side.server.url, token=side.server.token, account_id="lakeward")


@pytest.fixture
def robot(api):
    """A service principal that works in the default workspace."""
    made = api.service_principals.create(display_name="robot")
    api.api_client.do(
        "PUT", f"/api/2.0/preview/permissionassignments/principals/{made.id}", body={"permissions": ["USER"]}
    )
    return made


def under(side, token):
    return WorkspaceClient(host=side.server.url, token=token)


def until_refused(client, limit=1.5):
    started = time.monotonic()
    while True:
        try:
            client.current_user.me()
        except Unauthenticated:
            return time.monotonic() - started
        assert time.monotonic() - started < limit
        time.sleep(0.02)


class TestOwnTokens:
    def test_life(self, api, side):
        before = time.time()
        made = api.tokens.create(comment="mine", lifetime_seconds=HOUR)
        info = made.token_info
        assert made.token_value.startswith("lkw_")
        assert before - 1 < info.creation_time / 1000 < time.time() + 1
        assert info.expiry_time - info.creation_time == pytest.approx(HOUR * 1000, abs=2000)
        assert under(side, made.token_value).current_user.me().user_name == "client-suite"
        api.tokens.update(info.token_id, settings.PublicTokenInfo(comment="ours"), COMMENT)
        listed = {each.token_id: each.comment for each in api.tokens.list()}
        assert listed[info.token_id] == "ours"
        client = under(side, made.token_value)
        client.current_user.me()
        api.tokens.delete(info.token_id)
        assert until_refused(client) < 1.2
        assert info.token_id not in {each.token_id for each in api.tokens.list()}
        with pytest.raises(NotFound):
            api.tokens.delete(info.token_id)

    def test_scopes(self, api, side):
        made = api.tokens.create(scopes=["mlflow"])
        assert made.token_info.scopes == ["mlflow"]
        client = under(side, made.token_value)
        list(client.experiments.list_experiments(max_results=1))
        with pytest.raises(PermissionDenied):
            list(client.catalogs.list())

    def test_without_a_lifetime_it_lasts_two_years(self, api):
        info = api.tokens.create().token_info
        assert info.expiry_time - info.creation_time == pytest.approx(730 * 24 * HOUR * 1000, abs=2000)

    def test_what_is_refused(self, api):
        info = api.tokens.create().token_info
        for call in (
            lambda: api.tokens.create(lifetime_seconds=0),
            lambda: api.tokens.create(lifetime_seconds=-5),
            lambda: api.tokens.create(scopes=["clusters"]),
            lambda: api.tokens.update(info.token_id, settings.PublicTokenInfo(), FieldMask(paths=["scopes"])),
        ):
            with pytest.raises(BadRequest):
                call()

    def test_nobody_reaches_the_tokens_of_others(self, api, side, robot):
        mine = api.tokens.create().token_info.token_id
        other = under(side, api.token_management.create_obo_token(robot.application_id).token_value)
        assert mine not in {each.token_id for each in other.tokens.list()}
        for call in (
            lambda: other.tokens.delete(mine),
            lambda: other.tokens.update(mine, settings.PublicTokenInfo(comment="x"), COMMENT),
        ):
            with pytest.raises(NotFound):
                call()
        assert mine in {each.token_id for each in api.tokens.list()}


class TestTokenManagement:
    def test_on_behalf_of_a_service_principal(self, api, side, robot):
        made = api.token_management.create_obo_token(robot.application_id, comment="ci", lifetime_seconds=HOUR)
        me = under(side, made.token_value).current_user.me()
        assert (me.user_name, me.id) == (robot.application_id, robot.id)
        info = api.token_management.get(made.token_info.token_id).token_info
        assert (info.comment, str(info.owner_id), info.created_by_username) == ("ci", robot.id, "client-suite")
        changed = api.token_management.update_token_management(info.token_id, settings.TokenInfo(comment="cd"), COMMENT)
        assert changed.comment == "cd"
        assert info.token_id in {
            each.token_id for each in api.token_management.list(created_by_username="client-suite")
        }
        assert info.token_id not in {each.token_id for each in api.token_management.list(created_by_id=int(robot.id))}
        client = under(side, made.token_value)
        client.current_user.me()
        api.token_management.delete(info.token_id)
        assert until_refused(client) < 1.2
        with pytest.raises(NotFound):
            api.token_management.get(info.token_id)
        with pytest.raises(NotFound):
            api.token_management.create_obo_token(str(uuid.uuid4()))

    def test_who_may_use_tokens_and_passwords(self, api, robot):
        name = robot.application_id
        tokens = api.token_management.update_permissions(
            access_control_list=[
                settings.TokenAccessControlRequest(
                    service_principal_name=name, permission_level=settings.TokenPermissionLevel.CAN_USE
                )
            ]
        )
        for found in (tokens, api.token_management.get_permissions()):
            given = {each.service_principal_name or each.group_name for each in found.access_control_list}
            assert given == {name, "users", "admins"}
        [level] = api.token_management.get_permission_levels().permission_levels
        assert level.permission_level is settings.TokenPermissionLevel.CAN_USE
        passwords = api.users.get_permissions().access_control_list
        assert {each.group_name for each in passwords} == {"users", "admins"}
        [level] = api.users.get_permission_levels().permission_levels
        assert level.permission_level is iam.PasswordPermissionLevel.CAN_USE

    def test_last_use_is_seen(self, api, side):
        made = api.tokens.create()
        assert api.token_management.get(made.token_info.token_id).token_info.last_used_day is None
        under(side, made.token_value).current_user.me()
        deadline = time.monotonic() + 5
        while (used := api.token_management.get(made.token_info.token_id).token_info.last_used_day) is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert abs(used / 1000 - time.time()) < 10


def m2m(side, robot, secret, **more):
    config = Config(
        host=side.server.url, client_id=robot.application_id, client_secret=secret, auth_type="oauth-m2m", **more
    )
    return WorkspaceClient(config=config)


class TestMachines:
    """OAuth from machine to machine: an application id and a secret."""

    def test_secrets(self, api, account, robot):
        made = account.service_principal_secrets.create(robot.id, lifetime="3600s")
        assert made.secret.startswith("lks_")
        assert made.status == "ACTIVE"
        expires = dt.datetime.fromisoformat(made.expire_time)
        assert expires - dt.datetime.fromisoformat(made.create_time) == dt.timedelta(hours=1)
        second = api.service_principal_secrets_proxy.create(robot.id)
        for listing in (account.service_principal_secrets, api.service_principal_secrets_proxy):
            listed = list(listing.list(robot.id))
            assert [each.id for each in listed] == [made.id, second.id]
            assert made.secret not in str(listed)
        account.service_principal_secrets.delete(robot.id, second.id)
        with pytest.raises(NotFound):
            api.service_principal_secrets_proxy.delete(robot.id, second.id)
        for wrong in ("0s", "1h", "-1s", "99999999999s"):
            with pytest.raises(BadRequest):
                account.service_principal_secrets.create(robot.id, lifetime=wrong)
        for _ in range(4):
            account.service_principal_secrets.create(robot.id)
        with pytest.raises(BadRequest, match="delete one"):
            account.service_principal_secrets.create(robot.id)

    def test_the_sdk_signs_in(self, side, account, robot):
        made = account.service_principal_secrets.create(robot.id)
        client = m2m(side, robot, made.secret)
        assert client.config.auth_type == "oauth-m2m"
        assert client.current_user.me().user_name == robot.application_id
        token = client.config.oauth_token()
        left = token.expiry - dt.datetime.now()
        assert dt.timedelta(minutes=54) < left <= dt.timedelta(hours=1)
        assert m2m(side, robot, made.secret).config.oauth_token().access_token == token.access_token
        account.service_principal_secrets.delete(robot.id, made.id)
        assert until_refused(client) < 1.2
        with pytest.raises(ValueError, match="invalid_client"):
            m2m(side, robot, made.secret).current_user.me()

    def test_wrong_secrets(self, side, account, robot):
        other = account.service_principals.create(display_name="other")
        made = account.service_principal_secrets.create(robot.id)
        for principal, secret in ((robot, "wrong"), (other, made.secret), (robot, side.server.token)):
            with pytest.raises(ValueError, match="invalid_client"):
                m2m(side, principal, secret).current_user.me()
        with pytest.raises(ValueError, match="invalid_scope"):
            m2m(side, robot, made.secret, scopes=["sql"]).current_user.me()

    def test_a_deactivated_service_principal(self, side, api, account, robot):
        made = account.service_principal_secrets.create(robot.id)
        client = m2m(side, robot, made.secret)
        client.current_user.me()
        off = iam.Patch(op=iam.PatchOp.REPLACE, path="active", value="false")
        api.service_principals.patch(robot.id, operations=[off])
        assert until_refused(client) < 1.2
        with pytest.raises(ValueError, match="invalid_client"):
            m2m(side, robot, made.secret).current_user.me()

    def test_a_revoked_token_does_not_come_back(self, side, account, robot):
        """Though the same secret gives the same token for a while."""
        made = account.service_principal_secrets.create(robot.id)
        client = m2m(side, robot, made.secret)
        client.current_user.me()
        token = client.config.oauth_token().access_token
        assert side.server.request("POST", "/oidc/v1/revoke", data={"token": token}).status_code == 200
        assert until_refused(client) < 1.2
        again = m2m(side, robot, made.secret)
        assert again.config.oauth_token().access_token != token
        assert again.current_user.me().user_name == robot.application_id
        assert side.server.request("POST", "/oidc/v1/revoke", data={"token": "unknown"}).status_code == 200

    def test_mlflow_works_as_a_service_principal(self, side, account, robot, tmp_path, monkeypatch):
        made = account.service_principal_secrets.create(robot.id)
        monkeypatch.delenv("DATABRICKS_TOKEN")
        monkeypatch.setenv("DATABRICKS_CLIENT_ID", robot.application_id)
        monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", made.secret)
        mlflow.set_tracking_uri("databricks")
        mlflow.set_experiment(side.name("m2m"))
        (tmp_path / "f.txt").write_text("x")
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1.5)
            mlflow.log_artifact(str(tmp_path / "f.txt"))
        client = mlflow.MlflowClient()
        assert client.get_run(run.info.run_id).data.metrics == {"m": 1.5}
        assert [each.path for each in client.list_artifacts(run.info.run_id)] == ["f.txt"]

    @pytest.mark.modes("http")
    def test_mlflow_over_http_with_an_access_token(self, side, monkeypatch):
        api = WorkspaceClient(host=side.server.url, token=side.server.token)
        robot = api.service_principals.create(display_name="robot")
        path = f"/api/2.0/preview/permissionassignments/principals/{robot.id}"
        api.api_client.do("PUT", path, body={"permissions": ["USER"]})
        secret = api.service_principal_secrets_proxy.create(robot.id).secret
        asked = {"grant_type": "client_credentials", "scope": "all-apis"}
        answer = requests.post(
            f"{side.server.url}/oidc/v1/token", asked, auth=(robot.application_id, secret), timeout=20
        )
        assert answer.headers["cache-control"] == "no-store"
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", answer.json()["access_token"])
        assert side.client.get_run(side.run()).info.status == "RUNNING"


class TestPeople:
    """OAuth from a person's program: the SDK's own flow, with an HTTP client for a browser."""

    @pytest.fixture
    def browser(self, side):
        """A signed-in person's."""
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {side.server.token}"
        return session

    @pytest.fixture
    def flow(self, side):
        return OAuthClient.from_host(side.server.url, "databricks-cli", "http://localhost:8020")

    def returned(self, browser, consent, **changed):
        """The query with which the browser is sent back."""
        address, _, query = consent.authorization_url.partition("?")
        asked = dict(parse_qsl(query)) | changed
        answer = browser.get(address, params=asked, allow_redirects=False, timeout=20)
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith("http://localhost:8020?")
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def test_sign_in_and_refresh(self, side, flow, browser):
        consent = flow.initiate_consent()
        credentials = consent.exchange_callback_parameters(self.returned(browser, consent))
        token = credentials.token()
        assert token.refresh_token
        client = WorkspaceClient(config=Config(host=side.server.url, credentials_strategy=credentials))
        assert client.current_user.me().user_name == "client-suite"
        fresh = credentials.refresh()
        assert fresh.access_token != token.access_token
        assert fresh.refresh_token
        assert under(side, fresh.access_token).current_user.me().user_name == "client-suite"
        # as the SDK does in the next process, which has the first refresh token on disk
        kept = SessionCredentials.from_dict(
            credentials.as_dict(), token_endpoint=f"{side.server.url}/oidc/v1/token", client_id="databricks-cli"
        )
        assert kept.refresh().access_token
        assert side.server.request("POST", "/oidc/v1/revoke", data={"token": token.refresh_token}).status_code == 200
        assert until_refused(under(side, token.access_token)) < 1.2
        with pytest.raises(ValueError, match="invalid_grant"):
            kept.refresh()

    def test_a_code_is_good_once(self, side, flow, browser):
        """And whoever presents it again ends what the first one got."""
        consent = flow.initiate_consent()
        query = self.returned(browser, consent)
        token = consent.exchange_callback_parameters(query).token().access_token
        with pytest.raises(ValueError, match="invalid_grant"):
            consent.exchange_callback_parameters(query)
        assert until_refused(under(side, token)) < 1.2

    def test_a_stolen_code_is_worth_nothing(self, flow, browser):
        consent, thief = flow.initiate_consent(), flow.initiate_consent()
        code = self.returned(browser, consent)["code"]
        with pytest.raises(ValueError, match="invalid_grant"):
            thief.exchange(code, thief.as_dict()["state"])

    def test_what_is_wrong_is_told_to_the_program(self, flow, browser):
        for changed, code in (
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"scope": "all-apis root"}, "invalid_scope"),
        ):
            consent = flow.initiate_consent()
            query = self.returned(browser, consent, **changed)
            assert (query["error"], query["state"]) == (code, consent.as_dict()["state"])
            with pytest.raises(ValueError, match=code):
                consent.exchange_callback_parameters(query)

    @pytest.mark.parametrize(
        "changed",
        [
            {"redirect_uri": "http://evil.example"},
            {"redirect_uri": "https://localhost:8020"},
            {"redirect_uri": "http://localhost.evil.example:8020"},
            {"redirect_uri": "http://localhost:8020@evil.example"},
            {"redirect_uri": "http://evil.example\\@localhost:8020"},
            {"redirect_uri": "http://localhost:99999"},
            {"redirect_uri": "http://localhost:8020\r\nx: y"},
            {"redirect_uri": "javascript:alert(1)"},
            {"client_id": "somebody"},
        ],
    )
    def test_the_browser_is_sent_nowhere_else(self, flow, browser, changed):
        address, _, query = flow.initiate_consent().authorization_url.partition("?")
        answer = browser.get(address, params=dict(parse_qsl(query)) | changed, allow_redirects=False, timeout=20)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert answer.json()["error"] in ("invalid_request", "unauthorized_client")

    def test_who_is_not_signed_in_is_asked_to(self, side, flow):
        for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"Authorization": "Bearer wrong"}):
            answer = requests.get(
                flow.initiate_consent().authorization_url, headers=headers, allow_redirects=False, timeout=20
            )
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")


def test_discovery(side):
    found = [
        side.server.get(f"/oidc{path}").json()
        for path in (
            "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
            "/accounts/lakeward/.well-known/oauth-authorization-server",
        )
    ]  # fmt: skip
    assert found[0]["token_endpoint"] == f"{side.server.url}/oidc/v1/token"
    assert found[0]["issuer"] == f"{side.server.url}/oidc"
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_client"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ("grant_type=refresh_token&grant_type=password", "invalid_request"),
        (b"\xff=1", "invalid_request"),
        ("a=%ff", "invalid_request"),
    ],
)
def test_wrong_token_requests(side, form, code):
    answer = side.server.request("POST", "/oidc/v1/token", data=form)
    assert answer.status_code == (401 if code == "invalid_client" else 400)
    assert answer.json()["error"] == code
    assert answer.json()["error_description"]
