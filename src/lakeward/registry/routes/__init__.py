"""The HTTP surface of the registry: each dialect in a module of its own."""

from lakeward.registry.routes import classic, native, ours, platform, prompt_links, prompts, reviews, unity

routes = [
    *classic.models,
    *classic.versions,
    *platform.models,
    *platform.versions,
    *reviews.comments,
    *reviews.requests,
    *unity.models,
    *unity.versions,
    *unity.choice,
    *native.routes,
    *prompts.routes,
    *prompt_links.routes,
    *ours.routes,
]

__all__ = ["routes"]
