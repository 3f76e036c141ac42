"""What is taken away is gone within a second on every process of a real server, whoever of them was told."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.service import iam

import lakeward_up

PROCESSES = 3
SECOND = 1.2  # with the noise of a busy machine
ASK = "/api/2.0/mlflow/experiments/get-by-name"


class Door:
    """A connection that stays with the process it reached."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=20)
        self.process = self._process(self.http.get("/version"))

    def close(self) -> None:
        self.http.close()

    @staticmethod
    def _process(answer: httpx.Response) -> str:
        return answer.headers["x-request-id"].partition("-")[0]

    def status(self, token: str, name: str) -> int:
        answer = self.http.get(ASK, params={"experiment_name": name}, headers={"authorization": f"Bearer {token}"})
        assert self._process(answer) == self.process
        return answer.status_code


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lakeward_up.Up]:
    words = ("--port", "0", "--workers", str(PROCESSES))
    with lakeward_up.running(tmp_path_factory.mktemp("up") / "data", *words) as started:
        yield started


@pytest.fixture(scope="module")
def doors(up: lakeward_up.Up) -> Iterator[list[Door]]:
    """One to each process."""
    with ExitStack() as open_ones:
        found: dict[str, Door] = {}
        for _ in range(200):
            door = Door(up.url)
            open_ones.callback(door.close)
            found.setdefault(door.process, door)
            if len(found) == PROCESSES:
                break
        assert len(found) == PROCESSES
        yield list(found.values())


@pytest.fixture(scope="module")
def world(up: lakeward_up.Up) -> SimpleNamespace:
    """Made by the owner, on this machine."""
    token = up.http.post(f"{up.url}/api/2.0/token/create", json={}).json()["token_value"]
    api = WorkspaceClient(host=up.url, token=token)
    account = AccountClient(host=up.url, token=token, account_id="lakeward")
    experiment = api.experiments.create_experiment("/asked").experiment_id
    team = api.groups.create(display_name="team")
    account.workspace_assignment.update(1, int(team.id), permissions=[iam.WorkspacePermission.USER])
    return SimpleNamespace(api=api, account=account, experiment=experiment, team=team)


def member(world: SimpleNamespace, name: str) -> SimpleNamespace:
    """Somebody who may work in the workspace through the group alone, with a token."""
    robot = world.api.service_principals.create(display_name=name)
    joined = iam.Patch(op=iam.PatchOp.ADD, value={"members": [{"value": robot.id}]})
    world.api.groups.patch(world.team.id, operations=[joined])
    made = world.api.token_management.create_obo_token(application_id=robot.application_id, lifetime_seconds=3600)
    return SimpleNamespace(robot=robot, token=made.token_value, token_id=made.token_info.token_id)


def left(world: SimpleNamespace, who: SimpleNamespace) -> None:
    gone = iam.Patch(op=iam.PatchOp.REMOVE, path=f'members[value eq "{who.robot.id}"]')
    world.api.groups.patch(world.team.id, operations=[gone])


def deactivated(world: SimpleNamespace, who: SimpleNamespace) -> None:
    world.api.service_principals.update(
        who.robot.id, application_id=who.robot.application_id, display_name="x", active=False
    )


TAKEN: dict[str, tuple[Callable[[Any, Any], None], int]] = {
    "a token is revoked": (lambda world, who: world.api.token_management.delete(who.token_id), 401),
    "a member leaves the group": (left, 403),
    "the group loses its role": (
        lambda world, _: world.account.workspace_assignment.delete(1, int(world.team.id)), 403,
    ),
    "somebody is deactivated": (deactivated, 401),
    "somebody is deleted": (lambda world, who: world.api.service_principals.delete(who.robot.id), 401),
}  # fmt: skip


@pytest.mark.parametrize("taken", TAKEN)
def test_it_is_gone_within_a_second(doors: list[Door], world: SimpleNamespace, taken: str) -> None:
    who = member(world, taken)
    take, refused = TAKEN[taken]
    world.account.workspace_assignment.update(1, int(world.team.id), permissions=[iam.WorkspacePermission.USER])
    deadline = time.monotonic() + 5
    while any(door.status(who.token, "/asked") != 200 for door in doors):  # what is given counts as soon
        assert time.monotonic() < deadline
    take(world, who)
    done = time.monotonic()
    waiting = list(doors)
    while waiting:
        asked = time.monotonic()
        waiting = [door for door in waiting if door.status(who.token, "/asked") != refused]
        assert not waiting or asked - done < SECOND, f"{len(waiting)} of {PROCESSES} processes go on"
        time.sleep(0.01)
