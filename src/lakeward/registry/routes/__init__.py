"""The HTTP surface of the registry: each dialect in a module of its own."""

from lakeward.registry.routes import classic, native, prompts, unity

routes = [
    *classic.models,
    *classic.versions,
    *unity.models,
    *unity.versions,
    *unity.choice,
    *native.routes,
    *prompts.routes,
]

__all__ = ["routes"]
