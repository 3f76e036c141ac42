"""Cost: tokens times the price of the model, where a span does not say itself what it cost."""

import json
import time

import pytest
from spans import got, ids, info, searched, sent, span, values

from lakeward.tracing import book as prices
from server import Caller, Callers

API = "/api/2.0/lakeward/prices"
COST = "mlflow.trace.cost"
NOW = time.time_ns()


def listed(model: str, provider: str = "openai") -> prices.Price:
    return prices.shipped()[provider, model]


def llm(trace: str, model: str, *usage: int, root: str | None = None, parent: str = "", **more: object) -> dict:
    """A call of a model that happens now; `usage`: tokens in, out, read from and written to the cache."""
    keys = ("input_tokens", "output_tokens", "cache_read.input_tokens", "cache_creation.input_tokens")
    attributes = {"gen_ai.request.model": model} | {
        f"gen_ai.usage.{key}": count for key, count in zip(keys, usage, strict=False)
    }
    begin = {"startTimeUnixNano": str(time.time_ns()), "endTimeUnixNano": str(time.time_ns() + 1000)}
    return span(trace, root, parent, name=model, attributes=attributes | more, **begin)


def cost_of(client: Caller, trace: str) -> dict | None:
    told = info(client, trace)["trace_metadata"].get(COST)
    return None if told is None else json.loads(told)


def test_the_list_says_where_its_figures_are_from(client: Caller) -> None:
    found = client.get(API)["prices"]
    assert len(found) > 100
    assert {each["provider"] for each in found} >= {"openai", "anthropic", "gemini", "mistral", "groq", "bedrock"}
    assert all(each["source"].startswith("https://") and each["as_of"] >= "2025" for each in found)
    assert client.get(API, model="GPT-4o-mini-2024-07-18")["prices"][0]["model"] == "gpt-4o-mini"
    assert client.get(API, model="nobody-knows-it")["prices"] == []


def test_a_trace_costs_what_its_spans_cost(client: Caller, experiment: str) -> None:
    trace, root = ids()
    sent(client, experiment, llm(trace, "gpt-4o", 1000, 500, root=root), llm(trace, "gpt-4o-mini", 2000, 0))
    large, small = listed("gpt-4o"), listed("gpt-4o-mini")
    expected = {
        "input_cost": pytest.approx((1000 * large.input + 2000 * small.input) / 1e6),
        "output_cost": pytest.approx(500 * large.output / 1e6),
        "total_cost": pytest.approx((1000 * large.input + 2000 * small.input + 500 * large.output) / 1e6),
    }
    assert cost_of(client, trace) == expected
    of_spans = [values(each)["mlflow.llm.cost"] for each in got(client, trace)["spans"]]
    assert sum(each["total_cost"] for each in of_spans) == expected["total_cost"]
    cheap, _ = ids()
    sent(client, experiment, llm(cheap, "gpt-4o-mini", 1, 1))
    assert searched(client, experiment, f"attributes.total_cost > {large.input / 1e3:.9f}") == [trace]
    assert searched(client, experiment, "total_tokens < 100 AND input_cost > 0") == [cheap]
    assert searched(client, experiment, order_by=["total_cost DESC"], max_results=1) == [trace, cheap]
    asked = {"view_type": "SPANS", "metric_name": "total_cost", "aggregations": [{"aggregation_type": "SUM"}]}
    for view in ("SPANS", "TRACES"):
        answer = client.post(
            "/api/3.0/mlflow/traces/metrics", **asked | {"view_type": view, "experiment_ids": [experiment]}
        )
        [point] = answer["data_points"]
        assert point["values"]["SUM"] == pytest.approx(
            sum(cost_of(client, each)["total_cost"] for each in (trace, cheap))
        )


def test_tokens_of_a_cache_have_prices_of_their_own(client: Caller, experiment: str) -> None:
    trace, _ = ids()
    sent(client, experiment, llm(trace, "claude-sonnet-4-5", 10_000, 100, 7_000, 2_000))
    price = listed("claude-sonnet-4-5", "anthropic")
    assert price.cache_read < price.input < price.cache_write
    paid = (1_000 * price.input + 7_000 * price.cache_read + 2_000 * price.cache_write) / 1e6
    assert cost_of(client, trace)["input_cost"] == pytest.approx(paid)


OWN = {
    "MLflow's": ({"mlflow.llm.cost": '{"input_cost": 1.0, "output_cost": 2.0, "total_cost": 3.0}'}, 3.0),
    "OpenInference's": ({"llm.cost.total": 4.0}, 4.0),
    "none, as it says": ({"mlflow.llm.cost": "null"}, None),
}


@pytest.mark.parametrize("name", OWN)
def test_what_a_span_says_itself_stands(client: Caller, experiment: str, name: str) -> None:
    trace, _ = ids()
    said, total = OWN[name]
    sent(client, experiment, llm(trace, "gpt-4o", 1000, 500, **said))
    assert (cost_of(client, trace) or {}).get("total_cost") == total


SAME = {
    "openai/gpt-4o": ("", "gpt-4o", "openai"),
    "gpt-4o-mini-2024-07-18": ("openai", "gpt-4o-mini", "openai"),
    "models/gemini-2.5-flash": ("gcp.gemini", "gemini-2.5-flash", "gemini"),
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": (
        "aws.bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock",
    ),
    "arn:aws:bedrock:us-east-1:1:inference-profile/eu.amazon.nova-lite-v1:0": (
        "bedrock", "amazon.nova-lite-v1:0", "bedrock",
    ),
    "mistral-large-latest": ("mistral_ai", "mistral-large-latest", "mistral"),
}  # fmt: skip


@pytest.mark.parametrize("model", SAME)
def test_names_of_models(model: str) -> None:
    provider, name, place = SAME[model]
    found = prices.Book().find(model, provider, 0)
    assert found == listed(name, place)


def test_prices_of_administrators(client: Caller, callers: Callers, experiment: str) -> None:
    """From the moment they are said, over the list, and the old ones come back when they are deleted."""

    def charged(model: str) -> float:
        trace, _ = ids()
        sent(client, experiment, llm(trace, model, 1_000_000, 0))
        return (cost_of(client, trace) or {}).get("total_cost")

    before, _ = ids()
    sent(client, experiment, llm(before, "gpt-4.1", 1_000_000, 0))
    price = {"model": "gpt-4.1*", "provider": "openai", "input": 7.0, "output": 9.0, "note": "by contract"}
    assert callers.manager.refused("PUT", API, price).status == 403
    assert callers.reader.get(API, model="gpt-4.1")["prices"][0]["input"] == listed("gpt-4.1").input
    made = callers.admin.call("PUT", API, json=price)["price"]
    assert (made["set_by"], made["note"], made["input"]) == ("admin", "by contract", 7.0)
    assert callers.reader.get(API, model="gpt-4.1")["prices"] == [made]
    time.sleep(1.1)  # a process looks once in a second
    assert charged("gpt-4.1-nano") == 7.0
    assert charged("gpt-4o") == pytest.approx(listed("gpt-4o").input)
    assert cost_of(client, before)["total_cost"] == pytest.approx(listed("gpt-4.1").input)
    [read] = got(client, before)["spans"]
    assert values(read)["mlflow.llm.cost"]["total_cost"] == pytest.approx(listed("gpt-4.1").input)
    callers.admin.call("PUT", API, json={"model": "our-own-model", "input": 1.5, "output": 0})
    more = callers.admin.call("PUT", API, json={"model": "gpt-4.1-nano", "input": 2.0, "output": 0})["price"]
    time.sleep(1.1)
    assert charged("gpt-4.1-nano") == 2.0, "the more exact one"
    assert charged("our-own-model") == 1.5
    for each in (made, more):
        assert callers.manager.refused("DELETE", f"{API}/{each['price_id']}").status == 403
        callers.admin.call("DELETE", f"{API}/{each['price_id']}")
    time.sleep(1.1)
    assert charged("gpt-4.1-nano") == pytest.approx(listed("gpt-4.1-nano").input)
    assert callers.admin.refused("DELETE", f"{API}/{made['price_id']}").status == 404


WRONG = [{"input": -1.0}, {"output": 1e12}, {"model": ""}, {"model": "x" * 251}, {"valid_from_ms": -5}]


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_what_is_no_price(callers: Callers, change: dict) -> None:
    body = {"model": "m", "input": 1.0, "output": 1.0} | change
    assert callers.admin.refused("PUT", API, body).code == "INVALID_PARAMETER_VALUE"
