"""`unitycatalog-ai`: functions of the catalog as tools of an agent. The client runs them itself, from their bodies."""

import asyncio

import pytest
import unitycatalog.client as uc
from unitycatalog.ai.core.client import UnitycatalogFunctionClient

from clients.server import Server

pytestmark = pytest.mark.modes("http")


def shipping(weight: float, country: str = "IT") -> str:
    """What it costs to send a parcel.

    Args:
        weight: Of the parcel, in kilograms.
        country: Where it goes.
    """
    return f"{weight * 2:.1f} to {country}"


def test_a_python_function_is_registered_listed_and_run(side) -> None:
    asyncio.run(drive(side.server))


async def drive(server: Server) -> None:
    """The client's connections belong to the loop in which they are made."""
    api = uc.ApiClient(uc.Configuration(host=f"{server.url}/api/2.1/unity-catalog"))
    api.set_default_header("Authorization", f"Bearer {server.token}")
    client = UnitycatalogFunctionClient(api_client=api, execution_mode="local")
    where = {"catalog": "tools", "schema": "agent"}
    try:
        await client.uc.create_catalog_async("tools")
        await client.uc.create_schema_async("agent", "tools")
        made = await client.create_python_function_async(func=shipping, **where)
        assert (made.full_name, made.comment) == ("tools.agent.shipping", "What it costs to send a parcel.")
        assert [(each.name, each.comment) for each in made.input_params.parameters] == [
            ("weight", "Of the parcel, in kilograms."), ("country", "Where it goes."),
        ]  # fmt: skip
        assert [each.full_name for each in await client.list_functions_async(**where)] == [made.full_name]
        ran = await client.execute_function_async(made.full_name, {"weight": 1.5})
        assert (ran.error, ran.value) == (None, "3.0 to IT")
        again = await client.create_python_function_async(func=shipping, replace=True, **where)
        assert again.function_id != made.function_id
        await client.delete_function_async(made.full_name)
        assert list(await client.list_functions_async(**where)) == []
    finally:
        await client.close_async()
