"""Gaps of authorisation: what hangs on an object is guarded like the object.

CVE-2024-4263 (deleting artifacts without the right to), PYSEC-2026-93, 94. The whole table of routes and callers is in
tests/features/identity/test_isolation.py.
"""

import pytest

from server import Callers, Server


@pytest.fixture(scope="module")
def place(server: Server) -> tuple[str, str]:
    experiment = server.local.experiment()
    run = server.local.run(experiment)
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/kept.txt"
    assert server.local.request("PUT", path, content=b"kept").status_code == 200
    return run, path


@pytest.mark.parametrize("who", ["reader", "memberless", "stranger", "nobody"])
def test_artifacts_are_deleted_by_who_may(server: Server, callers: Callers, place: tuple[str, str], who: str) -> None:
    run, path = place
    caller = getattr(callers, who)
    files = path.partition("/artifacts/")[2].replace(f"/{run}/", f"/Runs/{run}/")
    for method, target in (
        ("DELETE", path),
        ("DELETE", path.rpartition("/")[0]),
        ("DELETE", f"/api/2.0/fs/files/WorkspaceInternal/Mlflow/Artifacts/{files}"),
        ("PUT", path),
        ("POST", f"/api/2.0/mlflow-artifacts/mpu/create/{path.partition('/artifacts/')[2]}"),
    ):
        body = {"content": b"other"} if method == "PUT" else {"json": {"path": "kept.txt", "num_parts": 1}}
        if method == "DELETE":
            body = {}
        assert caller.request(method, target, **body).status_code in (401, 403, 404)
    assert server.local.request("GET", path).content == b"kept"


@pytest.mark.parametrize("who", ["reader", "editor", "manager", "stranger"])
def test_nobody_but_administrators_rules_the_server(callers: Callers, who: str) -> None:
    caller = getattr(callers, who)
    assert caller.refused("POST", "/api/3.0/mlflow/workspaces", {"name": "mine"}).status == 403
    assert caller.refused("DELETE", "/api/3.0/mlflow/workspaces/default").status == 403
    assert caller.refused("GET", "/api/2.0/lakeward/audit").status == 403
    assert caller.refused("GET", "/metrics").status == 403
