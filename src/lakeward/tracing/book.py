"""What models cost: the list that comes with the server, what administrators say over it, and the cost of a span.

A price is that of a million tokens in US dollars. What a span says of its own cost stands; only where it says nothing
is its cost made of its tokens and the price of its model at its start. The cost of a trace is made when its spans come
and stays, so that an old bill does not change; the cost of a single span is made whenever it is read.
"""

import csv
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Final

from lakeward.tracing import meaning
from lakeward.tracing.records import Cost, Price, Usage

MAX_PRICES: Final = 10_000  # said by administrators
_MAX_KNOWN: Final = 10_000
# Where the figures of the list stand today; each line of it says when its figures were taken.
PAGES: Final[Mapping[str, str]] = {
    "openai": "https://openai.com/api/pricing/",
    "anthropic": "https://claude.com/pricing",
    "gemini": "https://ai.google.dev/gemini-api/docs/pricing",
    "mistral": "https://mistral.ai/pricing",
    "groq": "https://groq.com/pricing",
    "bedrock": "https://aws.amazon.com/bedrock/pricing/",
    "deepseek": "https://api-docs.deepseek.com/quick_start/pricing",
    "xai": "https://docs.x.ai/docs/models",
    "cohere": "https://cohere.com/pricing",
    "voyage": "https://docs.voyageai.com/docs/pricing",
}
# How clients and conventions call the same providers.
_ALIASES: Final = {
    "aws.bedrock": "bedrock", "aws_bedrock": "bedrock", "bedrock_converse": "bedrock", "amazon": "bedrock",
    "amazon_bedrock": "bedrock", "gcp.gemini": "gemini", "google": "gemini", "google_genai": "gemini",
    "google-gla": "gemini", "gcp.gen_ai": "gemini", "gcp.vertex_ai": "gemini", "vertex_ai": "gemini",
    "vertexai": "gemini", "mistral_ai": "mistral", "mistralai": "mistral", "x_ai": "xai", "grok": "xai",
    "azure": "openai", "azure.ai.openai": "openai", "az.ai.openai": "openai", "azure_openai": "openai",
    "cohere_chat": "cohere", "voyageai": "voyage", "claude": "anthropic",
}  # fmt: skip
# A model of a day, and one for a region, cost what the model does.
_DATED: Final = re.compile(r"(?:[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6})|[-@:]latest)$")
_REGION: Final = re.compile(r"^(?:us-gov|us|eu|apac|ap|jp|au|ca|global)\.")


@functools.cache
def shipped() -> Mapping[tuple[str, str], Price]:
    """The list that comes with the server, by provider and model."""
    with resources.files("lakeward.tracing").joinpath("prices.csv").open("r", encoding="utf-8") as lines:
        rows = [
            Price(
                provider=row["provider"],
                model=row["model"],
                input=float(row["input"]),
                output=float(row["output"]),
                cache_read=float(row["cache_read"]) if row["cache_read"] else None,
                cache_write=float(row["cache_write"]) if row["cache_write"] else None,
                as_of=row["as_of"],
            )
            for row in csv.DictReader(lines)
        ]
    return {(each.provider, each.model): each for each in rows}


class Book:
    """All prices as they are now."""

    def __init__(self, said: Sequence[Price] = ()) -> None:
        self.said = list(said)
        self._known: dict[tuple[str, str], list[Price]] = {}

    def find(self, model: str, provider: str | None, start_ms: int) -> Price | None:
        """The price of a model for a span that began then."""
        key = (provider_of(provider), model.lower())
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[key] = known = list(self._preferred(*key))
        return next((each for each in known if each.valid_from <= start_ms), None)

    def _preferred(self, provider: str, model: str) -> Iterator[Price]:
        """What an administrator says first, the most exact pattern and then the latest; the list comes last."""
        names = list(_names(model))
        fitting = [
            each
            for each in self.said
            if (not each.provider or not provider or provider_of(each.provider) == provider)
            and any(_pattern(each.model).fullmatch(name) for name in names)
        ]
        yield from sorted(
            fitting,
            key=lambda each: (len(each.model.replace("*", "")), bool(each.provider), each.valid_from),
            reverse=True,
        )
        listed = shipped()
        providers = [provider, *PAGES] if provider else list(PAGES)
        for name in names:
            for place in providers:
                if found := listed.get((place, name)):
                    yield found
                    return

    def cost(self, facts: meaning.Facts, start_ns: int) -> Cost | None:
        """What a span cost: what it says itself, or what its tokens come to."""
        if not meaning.has_numbers(facts):
            return None
        model, provider = meaning.text_of(facts, "model"), meaning.text_of(facts, "provider")
        return self.charge(facts, meaning.usage_of(facts), model, provider, start_ns)

    def charge(
        self, facts: meaning.Facts, usage: Usage | None, model: str | None, provider: str | None, start_ns: int
    ) -> Cost | None:
        """The same, of a span whose tokens and model are known already."""
        if meaning.says_cost(facts):
            return meaning.cost_of(facts)
        if model is None or usage is None:
            return None
        price = self.find(model, provider, start_ns // 1_000_000)
        return None if price is None else charged(price, usage)


def charged(price: Price, usage: Usage) -> Cost | None:
    """Tokens times prices. Tokens read from or written to a cache are among those of the input."""
    given, made = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
    if not given and not made:
        return None
    read, written = usage.get("cache_read_input_tokens", 0), usage.get("cache_creation_input_tokens", 0)
    plain = max(given - read - written, 0)
    paid = (
        plain * price.input
        + read * (price.input if price.cache_read is None else price.cache_read)
        + written * (price.input if price.cache_write is None else price.cache_write)
    ) / 1e6
    answered = made * price.output / 1e6
    return {"input_cost": paid, "output_cost": answered, "total_cost": paid + answered}


def provider_of(given: str | None) -> str:
    name = (given or "").lower()
    return _ALIASES.get(name, name)


@functools.lru_cache(maxsize=MAX_PRICES)
def _pattern(model: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(piece) for piece in model.split("*")), re.DOTALL)


def _names(model: str) -> Iterator[str]:
    """What a model may be listed as: its name, less a path, a region, and a date."""
    seen = set()
    places = [model, *(model.split("/", count)[-1] for count in range(1, model.count("/") + 1))]
    for place in places:
        bare = _REGION.sub("", place)
        for name in (place, bare, _DATED.sub("", bare)):
            if name and name not in seen:
                seen.add(name)
                yield name
