"""What administrators see of an installation, and nobody else."""

from server import Caller, Callers, Server


def test_the_facts_of_an_installation(server: Server, client: Caller, callers: Callers) -> None:
    found = client.get("/api/2.0/lakeward/system")
    assert found["database"]["version"].split(".")[0].isdigit()
    assert found["database"]["schema"][:4].isdigit()
    assert found["database"]["size"] > 1_000_000
    assert 1 <= found["database"]["connections"] < found["database"]["most_connections"]
    assert 0 < found["disk"]["free"] < found["disk"]["size"]
    assert found["parts"]["asyncpg"]
    assert callers.admin.get("/api/2.0/lakeward/system")["version"] == found["version"]
    for who in (callers.manager, callers.reader):
        assert who.refused("GET", "/api/2.0/lakeward/system").status == 403
    assert callers.nobody.refused("GET", "/api/2.0/lakeward/system").status == 401
